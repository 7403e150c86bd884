"""Diagnosis rules: codes that do not go together, or that another code already says."""

import re
from collections.abc import Iterator
from itertools import combinations

from knowledge.records import Source
from knowledge.vocabulary import in_range
from tools.checks.codes_validity import icd_source
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.checks.tables import EDITION, PairRow, dx_pairs, within

_INJURY_PHASES = "ADGKPS"
UNRELATED = {
    prefix: re.compile(
        rf"\b(?:not|un)[ -]?(?:due|related|secondary|caused|attribut\w+)\b (?:to |by )?(?:\w+ ){{0,2}}?(?:{name})",
        re.IGNORECASE,
    )
    for prefix, name in (("I10", "hypertens|htn|high blood pressure"), ("E10|E11", "diabet|t[12]dm"))
}
"""What undoes the presumption of I.A.15 and I.C.9.a: the provider says that the two are unrelated."""


@rule(
    "dx.excludes1",
    "error",
    "An Excludes1 note keeps two codes apart.",
    "guideline I.A.12.a",
    overridable=True,
)
def excludes1(request: CheckRequest) -> Iterator[Doubt]:
    """Two conditions that can not occur together are not coded together, notes of ancestors included."""
    for a, b in combinations(dict.fromkeys(request.codes), 2):
        row = request.bookshelf.icd.excludes1_conflict(a, b, request.on)
        if row is not None:
            yield Doubt(
                message=f"{row.code} and {row.excluded} exclude each other: Excludes1 at {row.origin}: {row.text}.",
                codes=(a, b),
                source=Source(table="icd10cm", edition=row.edition, row=f"{row.origin} excludes1 {row.text}"),
                hint="Keep the code the record supports, unless the two are clearly unrelated.",
            )


@rule(
    "dx.symptom_with_definitive",
    "error",
    "A symptom is coded beside the diagnosis that explains it.",
    "guidelines I.B.5 and IV.D",
    overridable=True,
)
def symptom_with_definitive(request: CheckRequest) -> Iterator[Doubt]:
    """Symptoms routinely part of a disease are not coded with it."""
    symptoms = [c for c in request.codes if _symptomatic(c)]
    for symptom in symptoms:
        for disease in request.codes:
            row = request.bookshelf.vocabulary.is_integral(symptom, disease) if disease != symptom else None
            if row is not None:
                yield Doubt(
                    message=f"{symptom} is a routine part of {disease} and is not coded beside it.",
                    codes=(symptom, disease),
                    source=Source(
                        table="vocabulary/integral", edition=EDITION, row=f"{row.disease} {row.symptom}"
                    ),
                    hint=f"Leave {symptom} out, unless the record separates it.",
                )
                break


@rule(
    "dx.contradiction",
    "error",
    "Two codes contradict each other.",
    "checks/dx_pairs, guideline named in the row",
    overridable=True,
)
def contradiction(request: CheckRequest) -> Iterator[Doubt]:
    """Type 1 and type 2, with and without complication, with and without abnormal findings."""
    yield from _pairs(request, "contradiction")


@rule(
    "dx.combination_code",
    "error",
    "One combination code says what two codes were used for.",
    "guidelines I.B.9, I.C.4.a, I.C.9.a",
    overridable=True,
)
def combination_code(request: CheckRequest) -> Iterator[Doubt]:
    """Where the classification links two conditions, the combination code is used, unless the record says they are unrelated."""
    texts = [d.text for d in request.documents]
    apart = [p for p, denied in UNRELATED.items() if any(denied.search(text) for text in texts)]
    prefixes = tuple(code for p in apart for code in p.split("|"))
    yield from (d for d in _pairs(request, "combination") if not any(c.startswith(prefixes) for c in d.codes))


@rule(
    "dx.laterality_contradiction",
    "warning",
    "The same condition is coded left or right and unspecified.",
    "guideline I.B.13",
)
def laterality_contradiction(request: CheckRequest) -> Iterator[Doubt]:
    """A side once known is not unspecified on the same claim; two sides may have a bilateral code."""
    rows = [row for row in request.icd.values() if row is not None]
    for a, b in combinations(rows, 2):
        if a.code[:5] == b.code[:5] and _sideless(a.display) == _sideless(b.display) and a.code != b.code:
            vague = next((r for r in (a, b) if "unspecified" in r.display.lower()), None)
            sides = {_side(a.display), _side(b.display)}
            if vague is not None and sides & {"left", "right"}:
                yield Doubt(
                    message=f"{a.code} and {b.code} name the same condition with and without its side.",
                    codes=(a.code, b.code),
                    source=icd_source(vague),
                )


@rule(
    "dx.episode_mixed",
    "error",
    "One injury has two episodes of care.",
    "guideline I.C.19.a",
    overridable=True,
)
def episode_mixed(request: CheckRequest) -> Iterator[Doubt]:
    """The same injury is not in active treatment and healing at once."""
    injuries = [
        c for c in dict.fromkeys(request.codes) if len(c) == 8 and c[0] in "ST" and c[-1] in _INJURY_PHASES
    ]
    for a, b in combinations(injuries, 2):
        if a[:-1] == b[:-1]:
            yield Doubt(message=f"{a} and {b} are the same injury in two episodes of care.", codes=(a, b))


@rule(
    "dx.redundant",
    "warning",
    "An unspecified code stands beside a specific one of its category.",
    "guideline I.B.2",
    overridable=True,
)
def redundant(request: CheckRequest) -> Iterator[Doubt]:
    """The specific code makes the unspecified one of the same category superfluous."""
    for vague in request.codes:
        row = request.icd.get(vague)
        if row is None or not row.display.lower().endswith("unspecified") or not vague.endswith("9"):
            continue
        others = [c for c in request.codes if c[:3] == vague[:3] and c != vague]
        if others and vague[0] not in "SVWXY":
            yield Doubt(
                message=f"{vague} is unspecified while {others[0]} says more of the same category.",
                codes=(vague, others[0]),
                source=icd_source(row),
            )


def _pairs(request: CheckRequest, kind: str) -> Iterator[Doubt]:
    codes = tuple(dict.fromkeys(request.codes))
    for row in dx_pairs():
        if row.kind != kind:
            continue
        found = _matching(row, codes)
        if found is not None:
            yield Doubt(
                message=f"{found[0]} and {found[1]}: {row.why}.",
                codes=found,
                source=Source(table="checks/dx_pairs", edition=EDITION, row=f"{row.first} {row.second}"),
                hint=row.instead or None,
            )


def _matching(row: PairRow, codes: tuple[str, ...]) -> tuple[str, str] | None:
    first = next((c for c in codes if within(c, row.first)), None)
    second = next((c for c in codes if c != first and within(c, row.second)), None)
    if first is None or second is None or any(within(c, row.unless) for c in codes):
        return None
    return first, second


def _symptomatic(code: str) -> bool:
    return code[0] == "R" or in_range(code, "M25.5") or in_range(code, "M54") or code[0] in "GHKLMN"


def _side(display: str) -> str:
    words = display.lower().replace(",", " ").split()
    return next((s for s in ("bilateral", "left", "right") if s in words), "")


def _sideless(display: str) -> str:
    words = display.lower().replace(",", " ").split()
    return " ".join(w for w in words if w not in {"left", "right", "bilateral", "unspecified", "side"})
