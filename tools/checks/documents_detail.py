"""Diagnosis rules that read the documents for detail: side, body mass index, specific form, episode of care."""

import re
from collections.abc import Iterator
from functools import lru_cache

from knowledge.bookshelf import Bookshelf
from knowledge.records import Source
from tools.checks.codes_validity import icd_source
from tools.checks.reading import Status, stems_of
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.checks.tables import EDITION
from tools.claim.model import ClaimDiagnosis


@rule("dx.laterality", "error", "The note gives the other side.", "guideline I.B.13", overridable=True)
def laterality(request: CheckRequest) -> Iterator[Doubt]:
    """The side in the code is the side in the note."""
    for diagnosis, side, said in _sides(request):
        if side in {"left", "right"} and said and side not in said and "bilateral" not in said:
            yield Doubt(
                message=f"{diagnosis.code} says {side}; the note says {' and '.join(sorted(said))}.",
                codes=(diagnosis.code,),
                hint="Code the documented side.",
            )


@rule(
    "dx.laterality_unspecified",
    "warning",
    "The note gives the side the code leaves open.",
    "guidelines I.B.2 and I.B.13",
    overridable=True,
)
def laterality_unspecified(request: CheckRequest) -> Iterator[Doubt]:
    """A code with an unspecified side although the documents name it."""
    for diagnosis, side, said in _sides(request):
        if side == "unspecified" and len(said) == 1:
            yield Doubt(
                message=f"{diagnosis.code} leaves the side open; the note says {next(iter(said))}.",
                codes=(diagnosis.code,),
            )


def _sides(request: CheckRequest) -> Iterator[tuple[ClaimDiagnosis, str, frozenset[str]]]:
    for diagnosis in request.claim.diagnoses if request.documents else ():
        row = request.icd.get(diagnosis.code)
        side = side_of(row.display) if row is not None else ""
        if side:
            places = request.establisher.verdict(diagnosis.code).places
            texts = [request.reading.around(p) for p in places if p.status >= Status.HISTORICAL]
            texts += [request.reading.sentence(e.document, e.start).lower() for e in request.spans(diagnosis)]
            yield diagnosis, side, frozenset(s for text in texts for s in spoken_sides(text))


def side_of(display: str) -> str:
    """The side a code title names: left, right, bilateral, "unspecified" for an open side, else ""."""
    words = re.sub(r"[,()]", " ", display.lower())
    found = re.search(r"\b(left|right|bilateral)\b", words)
    if found:
        return found[1]
    return (
        "unspecified"
        if re.search(
            r"unspecified (?:knee|hip|shoulder|ankle|elbow|wrist|hand|foot|ear|eye|side|arm|leg|limb|finger|toe|breast)",
            words,
        )
        else ""
    )


def spoken_sides(text: str) -> frozenset[str]:
    """The sides a lower-cased passage names."""
    sides = {s for s in ("left", "right") if re.search(rf"\b{s}\b", text)}
    if re.search(r"\bbilateral|\bboth\b|\bleft and right\b|\bright and left\b", text):
        sides.add("bilateral")
    return frozenset(sides)


_BMI = re.compile(r"\bbmi\b[^0-9|]{0,25}(\d{2}(?:\.\d+)?)(?![\d/])")
"""A value beside its name; the head of a table's column has none beside it."""


@rule(
    "dx.bmi_value",
    "error",
    "The body mass index code does not match the measured value.",
    "ICD-10-CM Z68 categories",
)
def bmi_value(request: CheckRequest) -> Iterator[Doubt]:
    """Z68 codes carry the documented value."""
    values = [float(v) for v in _BMI.findall(request.reading.text)]
    for code in request.codes:
        low, high = _bmi_range(code)
        if values and low is not None and not any(low <= v < high for v in values):
            yield Doubt(
                message=f"{code} is for an index of {low:g} to below {high:g}; the note gives {values[0]:g}.",
                codes=(code,),
                source=Source(table="icd10cm", edition=EDITION, row="Z68"),
            )


def _bmi_range(code: str) -> tuple[float | None, float]:
    bare = code.replace(".", "")
    special = {
        "Z681": (0.0, 20.0),
        "Z6841": (40.0, 45.0),
        "Z6842": (45.0, 50.0),
        "Z6843": (50.0, 60.0),
        "Z6844": (60.0, 70.0),
        "Z6845": (70.0, 999.0),
    }
    if bare in special:
        return special[bare]
    if re.fullmatch(r"Z68[23]\d", bare):
        return float(bare[3:]), float(bare[3:]) + 1
    return None, 0.0


@rule(
    "dx.specificity",
    "warning",
    "The documents name a more specific form.",
    "guideline I.B.2",
    overridable=True,
)
def specificity(request: CheckRequest) -> Iterator[Doubt]:
    """An unspecified code although a more specific sibling is documented in its own words."""
    if not request.documents:
        return
    for code in request.codes:
        row = request.icd.get(code)
        if row is None or not row.display.lower().endswith("unspecified") or code[0] in "STVWXYZ":
            continue
        better = _said_form(request, code)
        if better is not None:
            yield Doubt(
                message=f"{code} is unspecified; the note says {better[1]!r}, which is {better[0]}.",
                codes=(code, better[0]),
                source=icd_source(row),
                hint=f"Look up {better[0]}.",
            )


@lru_cache(maxsize=4)
def _named_forms(
    bookshelf: Bookshelf, edition: str
) -> dict[str, tuple[tuple[str, str, frozenset[str]], ...]]:
    """Terms of several words that name a billable, specified disorder, by the category of their code."""
    found: dict[str, list[tuple[str, str, frozenset[str]]]] = {}
    for term in bookshelf.vocabulary.problems:
        if term.kind in {"disorder", "injury"} and " " in term.term:
            row = bookshelf.icd.in_edition(edition, term.code)
            if row is not None and row.billable and "unspecified" not in row.display.lower():
                form = (term.code, term.term, frozenset(stems_of(term.term)))
                found.setdefault(term.code[:3], []).append(form)
    return {category: tuple(terms) for category, terms in found.items()}


def _said_form(request: CheckRequest, code: str) -> tuple[str, str] | None:
    """A more specific form of a code's category that the documents name, with its code."""
    edition = request.bookshelf.icd.edition(request.on)
    for better, term, stems in _named_forms(request.bookshelf, edition).get(code[:3], ()):
        places = () if better in request.codes else request.reading.find(stems, 1)
        if any(place.status is Status.PRESENT for place in places):
            return better, term
    return None


@rule(
    "dx.encounter_phase",
    "warning",
    "Active treatment is coded for a follow-up.",
    "guideline I.C.19.a",
    overridable=True,
)
def encounter_phase(request: CheckRequest) -> Iterator[Doubt]:
    """The 7th character A is for active treatment; routine healing is D."""
    healing = re.search(
        r"routine healing|cast removal|healing well|healed fracture|suture removal|follow[- ]up (?:of|for) (?:the |her |his )?(?:fracture|sprain|injury)",
        request.reading.text,
    )
    for code in request.codes:
        if (
            healing
            and re.fullmatch(r"[ST]\d\d\.[0-9A-Z]{3}[AB]", code)
            and not code.startswith(("T36", "T50"))
        ):
            yield Doubt(
                message=f"{code} reports active treatment; the note speaks of healing or aftercare.",
                codes=(code,),
                hint="Consider the 7th character for subsequent care.",
            )
