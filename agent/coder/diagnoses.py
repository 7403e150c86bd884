"""From candidates and search answers to diagnoses: choose, combine, drop what is integral or excluded, put in order."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.coder.candidates import Candidate
from agent.coder.combinations import ORDER, Combination, covers
from agent.coder.conversation import Json

MINIMUM_SCORE = 0.35
EXAMINATION = ("Z01.81", "Z01.89")
NEARLY = 0.9
BOTH = re.compile(r"\bbilateral\b|\bboth\b", re.IGNORECASE)
OTHER_SEX = {
    "female": re.compile(r"\bmale breast\b", re.IGNORECASE),
    "male": re.compile(r"\bfemale breast\b", re.IGNORECASE),
}
DRUG_EFFECT = re.compile(r"T(?:3[6-9]|4\d|50)\.[0-9A-Z]{2}[56]")
"""Adverse effect and underdosing: the condition is listed before the drug (I.C.19.e.5)."""
POISONING = re.compile(r"T(?:3[6-9]|4\d|50)\.(?:[0-9A-Z]{2}[1-4]|[0-9][1-4]X)A|T(?:5[1-9]|6[0-5])\.")
"""Poisoning and toxic effect: listed before what they do (I.C.19.e.5.b and d)."""
BRACKETS = re.compile(r"\(([A-Z]\d[0-9A-Z.]*[^()]*)\)")
PLACELESS = ("T14", "T30.0")
"""Injury and burn of an unspecified place (I.C.19.b, I.C.19.d.5): not beside what says more."""
ENDED = "C|I21-I22|I26|I60-I63|G45|J12-J18|K35|K81.0|M48.5|M80|M84|O|S|T0-T3|N17|U07"
"""Diseases and injuries that "history of" tells as over (I.C.21.c.4); a long-standing one may still be there."""
UNRELATED = tuple(
    (
        span,
        re.compile(
            rf"\b(?:not|un)[ -]?(?:due|related|secondary|caused|attribut\w+|from)\b (?:to |by )?(?:\w+ ){{0,2}}?(?:{name})",
            re.IGNORECASE,
        ),
    )
    for span, name in (("I10", "hypertens|htn|high blood pressure"), ("E08-E13", "diabet|dm\\b|t2dm"))
)
PERSONAL_HISTORY = ("Z85", "Z86", "Z87")
HISTORY = re.compile(
    r"\b(?:history|h/o|hx|status post|s/p|resolved|remission|former|previous|prior|past|old|healed|survivor)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """A chosen code with the candidates that stand behind it."""

    code: str
    display: str
    candidates: tuple[Candidate, ...]
    rationale: str
    guideline: str

    @property
    def citations(self) -> list[Json]:
        """Where the record says so."""
        return [c.seen.citation for c in self.candidates]


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """A code that was chosen and then left out, with the reason."""

    code: str
    reason: str
    rule: str
    citations: list[Json]


def choose(
    candidates: Sequence[Candidate], found: Sequence[Sequence[Json]], sex: str = ""
) -> list[Diagnosis]:
    """The best billable hit of each result of each candidate; what has none is not guessed.

    A code for the other sex is none of this patient's.
    """
    chosen: dict[str, Diagnosis] = {}
    for candidate, results in zip(candidates, found, strict=False):
        for result in results:
            hit = _hit(_within(candidate, result), past=_past(candidate), sex=sex)
            if hit is None:
                continue
            known = chosen.get(hit["code"])
            behind = (*known.candidates, candidate) if known else (candidate,)
            chosen[hit["code"]] = Diagnosis(
                code=hit["code"],
                display=hit["display"],
                candidates=behind,
                rationale=behind[0].rationale,
                guideline=behind[0].guideline,
            )
    return list(chosen.values())


def _within(candidate: Candidate, result: Json) -> Json:
    """The answer without the codes outside the span that a candidate asks for."""
    if not candidate.within:
        return result
    return {**result, "hits": [h for h in result["hits"] if covers(candidate.within, h["code"])]}


def _past(candidate: Candidate) -> bool:
    """Whether the record tells the condition as past: only then is a personal history code meant (I.C.21.c.4)."""
    seen = candidate.seen
    words = " ".join([*candidate.queries, str(seen.text)])
    return seen.temporality == "historical" or seen.trend == "resolved" or bool(HISTORY.search(words))


def _is_history(query: str) -> bool:
    return bool(re.match(r"\W*(?:personal )?(?:history of|h/o|hx of)\b", query, re.IGNORECASE))


def _hit(result: Json, *, past: bool, sex: str) -> Json | None:
    """The best billable hit; under a category that was found first, one of its own codes; both sides where both are meant."""
    good = [h for h in result["hits"] if h["billable"] and h["score"] >= MINIMUM_SCORE]
    good = [h for h in good if past or not h["code"].startswith(PERSONAL_HISTORY)]
    if _is_history(str(result.get("query"))):
        good = [h for h in good if not covers(ENDED, h["code"])]
    other = OTHER_SEX.get(sex)
    good = [h for h in good if not (other and other.search(h["display"]))]
    own = [h for h in good if h["code"].startswith(result["hits"][0]["code"])]
    both = [
        h for h in good if "bilateral" in h["display"].lower() and h["score"] >= NEARLY * good[0]["score"]
    ]
    twin = [h for h in both if BOTH.search(str(result.get("query"))) and h["code"][:3] == good[0]["code"][:3]]
    return next(iter([*twin, *own, *good]), None)


def combine(
    diagnoses: list[Diagnosis], table: Sequence[Combination]
) -> tuple[list[Diagnosis], list[Dropped]]:
    """Apply combination codes ("with" convention I.A.15 and chapter rules): the first row that fits is applied, then again."""
    dropped: list[Dropped] = []
    for row in table:
        parts = [next((d for d in diagnoses if covers(p, d.code)), None) for p in row.parts]
        if any(p is None for p in parts):
            continue
        found = [p for p in parts if p is not None]
        if row.presumed and _apart(found):
            continue
        gone = [found[ORDER[d]] for d in row.drops]
        places = [diagnoses.index(d) for d in found]
        diagnoses = [d for d in diagnoses if d not in gone and d.code != row.code]
        if row.code:
            combined = Diagnosis(
                code=row.code,
                display=row.why,
                candidates=tuple(c for d in found for c in d.candidates),
                rationale=row.why,
                guideline=row.guideline,
            )
            place = min(places) if "first" in row.drops else places[0] + 1
            diagnoses.insert(min(place, len(diagnoses)), combined)
        why = f"{row.code} combines it: {row.why}" if row.code else row.why
        dropped += [_drop(d, why, row.guideline) for d in gone]
    return diagnoses, dropped


def _apart(parts: Sequence[Diagnosis]) -> bool:
    """Whether the provider says that one part is not due to the other: then nothing is presumed (I.A.15)."""
    told = [c.told for d in parts for c in d.candidates]
    return any(
        covers(span, d.code) and any(denied.search(text) for text in told)
        for span, denied in UNRELATED
        for d in parts
    )


def settle(diagnoses: list[Diagnosis], lookups: dict[str, Json]) -> tuple[list[Diagnosis], list[Dropped]]:
    """Leave out symptoms integral to a coded disease (I.B.5), Excludes1 losers (I.A.12.a) and unspecified twins."""
    dropped: list[Dropped] = []
    kept: list[Diagnosis] = []
    for d in diagnoses:
        reason = _integral(d, diagnoses, lookups) or _less_specific(d, diagnoses)
        if reason:
            dropped.append(_drop(d, reason, "I.B.5"))
        else:
            kept.append(d)
    return kept, dropped


def _integral(d: Diagnosis, others: list[Diagnosis], lookups: dict[str, Json]) -> str | None:
    for other in others:
        spans = lookups.get(other.code, {}).get("integral", ())
        if other.code != d.code and any(covers(span, d.code) for span in spans):
            return f"a symptom that belongs to {other.code}"
    return None


def _less_specific(d: Diagnosis, others: list[Diagnosis]) -> str | None:
    if d.code.startswith(PLACELESS):
        other = next(
            (o for o in others if not o.code.startswith((*PLACELESS, "Z", "V", "W", "X", "Y"))), None
        )
        return f"an injury of no named place beside {other.code}" if other else None
    if not d.code.endswith("9"):
        return None
    twin = next((o for o in others if o.code != d.code and o.code.startswith(d.code[:-1].rstrip("."))), None)
    return f"{twin.code} says the same more specifically" if twin and len(d.code) > 3 else None


def first_listed(
    diagnoses: list[Diagnosis], answers: Mapping[str, int], lookups: dict[str, Json]
) -> list[Diagnosis]:
    """The condition chiefly responsible for the visit first (IV.G): the one that answers the reason for it.

    ``answers`` says for each code which of the reasons it answers, the smallest number for the chief complaint. Where none does,
    an injury comes first and the others in the assessment's order, an examination code after the conditions examined (IV.M), and a status
    or external-cause code is never first when another is there.
    """

    def rank(d: Diagnosis) -> tuple[int, int, int, int]:
        status = d.code.startswith(("Z7", "Z8", "Z9", "V", "W", "X", "Y")) or bool(DRUG_EFFECT.match(d.code))
        injured = d.code.startswith(("S", "T"))
        poisoned = bool(POISONING.match(d.code))
        examined = d.code.startswith(EXAMINATION)
        return (
            int(status) - int(poisoned),
            answers[d.code],
            int(not injured) + 2 * int(examined),
            diagnoses.index(d),
        )

    return _causes_first(sorted(diagnoses, key=rank), lookups)


def _causes_first(diagnoses: list[Diagnosis], lookups: dict[str, Json]) -> list[Diagnosis]:
    """A code under a "code first" note stands behind the disease that the note names (I.A.13)."""
    ordered = list(diagnoses)
    for d in diagnoses:
        notes = lookups.get(d.code, {}).get("notes", {}).get("code_first", ())
        spans = [span for note in notes for span in _spans(note)]
        causes = [
            n for n, o in enumerate(ordered) if o is not d and any(covers(span, o.code) for span in spans)
        ]
        last = max(causes, default=-1)
        if last > ordered.index(d):
            ordered.remove(d)
            ordered.insert(last, d)
    return ordered


def _spans(note: Json) -> list[str]:
    """Codes and ranges that a note of the tabular list names in brackets."""
    text = str(note.get("text", note) if isinstance(note, dict) else note)
    return [s for b in BRACKETS.findall(text) for s in re.split(r"\s*,\s*", b.rstrip("-").replace("-,", ","))]


def _drop(d: Diagnosis, reason: str, rule: str) -> Dropped:
    return Dropped(code=d.code, reason=reason, rule=rule, citations=d.citations)
