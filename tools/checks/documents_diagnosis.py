"""Diagnosis rules that read the documents: established, certain, the patient's own, present."""

from collections.abc import Iterator

from knowledge.records import FhirEvidence
from tools.checks.codes_validity import icd_source
from tools.checks.establish import Establisher
from tools.checks.reading import Status, read
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.checks.tables import within
from tools.claim.model import ClaimDiagnosis
from tools.encounter import HistoryItem

_ACUTE = (
    "C00-C96",
    "I21",
    "I26",
    "I60-I63",
    "I82.4",
    "J18",
    "S00-S99",
    "T20-T32",
    "J02-J06",
    "N10",
    "K35-K38",
    "A00-A09",
    "B01-B09",
    "B15-B17",
    "B85-B89",
    "G00-G04",
    "O",
)
_DENIAL_COUNTS = ("Z28", "Z53", "Z91", "Z71")
_ANY_STATUS = (
    "Z11-Z13",
    "Z20-Z23",
    "Z28",
    "Z53",
    "Z91",
    "Z71",
    "Z30",
    "Z40",
    "Z01-Z02",
    "Z00",
    "Z15",
    "Z77",
    "Z55-Z65",
)
_FAMILY = ("Z80-Z84",)
_ENDED = frozenset({"resolved", "inactive", "remission", "entered-in-error"})


def judged(request: CheckRequest) -> Iterator[tuple[ClaimDiagnosis, Status]]:
    """Yield every known diagnosis with what the documents say of it, record evidence counted."""
    if not request.documents:
        return
    for diagnosis in request.claim.diagnoses:
        if request.icd.get(diagnosis.code) is not None:
            yield diagnosis, status_of(request, diagnosis)


def status_of(request: CheckRequest, diagnosis: ClaimDiagnosis) -> Status:
    """The best that documents, or record elements the claim cites, say of a diagnosis."""
    found = request.establisher.verdict(diagnosis.code).status
    if found < Status.HISTORICAL and _on_record(request, diagnosis):
        return Status.PRESENT
    if found is Status.NEGATED and not within(diagnosis.code, _DENIAL_COUNTS):
        return found
    if found is not Status.ABSENT and within(diagnosis.code, _ANY_STATUS):
        return Status.PRESENT
    if found is Status.FAMILY and within(diagnosis.code, _FAMILY):
        return Status.PRESENT
    return found


def _on_record(request: CheckRequest, diagnosis: ClaimDiagnosis) -> bool:
    """Whether the claim cites an element of the record gathered here that says the same as the code."""
    wanted = {e.reference for e in diagnosis.evidence if isinstance(e, FhirEvidence)}
    found = (x for x in (request.facts.history if request.facts else ()) if x.reference in wanted)
    return any(item.status not in _ENDED and _says_so(request, item, diagnosis.code) for item in found)


def _says_so(request: CheckRequest, item: HistoryItem, code: str) -> bool:
    """A condition of the code's category or in its words; for status codes any kind of element."""
    if item.kind != "condition":
        return code.startswith("Z")
    if item.code is not None and item.code[:3] == code[:3]:
        return True
    alone = Establisher.over(request.bookshelf, read({item.reference: item.display}), request.on)
    return alone.verdict(code).status >= Status.HISTORICAL


@rule(
    "dx.not_established",
    "error",
    "The documents do not establish the diagnosis.",
    "guidelines IV.J and III.B; architecture law 2",
    overridable=True,
)
def not_established(request: CheckRequest) -> Iterator[Doubt]:
    """No document names the condition, in any words the tables know for it."""
    for diagnosis, status in judged(request):
        if status is Status.ABSENT:
            row = request.icd[diagnosis.code]
            yield Doubt(
                message=f"The documents do not establish {diagnosis.code} ({row.display if row else ''}).",
                codes=(diagnosis.code,),
                source=icd_source(row) if row else None,
                hint="Cite the provider's words for it, code what is documented instead, or query the provider.",
            )


@rule(
    "dx.uncertain_evidence", "error", "The diagnosis is only suspected.", "guideline IV.H", overridable=True
)
def uncertain(request: CheckRequest) -> Iterator[Doubt]:
    """Outpatient: probable, suspected, rule-out and the like are not coded; the symptom is."""
    yield from _said_as(
        request, Status.UNCERTAIN, "is only suspected", "Code the symptom that led to the suspicion."
    )


@rule(
    "dx.hypothetical_evidence",
    "error",
    "The diagnosis is only a possibility or a risk.",
    "guidelines IV.H and IV.J",
    overridable=True,
)
def hypothetical(request: CheckRequest) -> Iterator[Doubt]:
    """What might happen, or what is tested for or prevented, is no diagnosis."""
    yield from _said_as(
        request,
        Status.HYPOTHETICAL,
        "is only named as a risk, a test or a possibility",
        "Code what the patient has.",
    )


@rule("dx.negated_evidence", "error", "The documents deny the diagnosis.", "guideline IV.J", overridable=True)
def negated(request: CheckRequest) -> Iterator[Doubt]:
    """Every mention of the condition is a denial."""
    yield from _said_as(request, Status.NEGATED, "is only denied", "Leave the code out.")


@rule(
    "dx.family_evidence",
    "error",
    "The diagnosis is a relative's.",
    "guidelines IV.J and I.C.21.c.4",
    overridable=True,
)
def family(request: CheckRequest) -> Iterator[Doubt]:
    """The condition is only said of a relative."""
    yield from _said_as(
        request, Status.FAMILY, "is only said of a relative", "A family-history code may apply (Z80 to Z84)."
    )


@rule(
    "dx.historical_evidence",
    "error",
    "The condition is past.",
    "guideline IV.J; I.C.21.c.4",
    overridable=True,
)
def historical(request: CheckRequest) -> Iterator[Doubt]:
    """A condition that no longer exists, of a kind that ends, is reported by a history code."""
    for diagnosis, status in judged(request):
        if (
            status is Status.HISTORICAL
            and within(diagnosis.code, _ACUTE)
            and not diagnosis.code.endswith(("D", "S", "G", "K", "P"))
        ):
            yield Doubt(
                message=f"{diagnosis.code} is documented only as past.",
                codes=(diagnosis.code,),
                hint="A history code may apply (Z85 to Z87), or the sequela.",
            )


def _said_as(request: CheckRequest, wanted: Status, how: str, hint: str) -> Iterator[Doubt]:
    for diagnosis, status in judged(request):
        if status is wanted:
            row = request.icd[diagnosis.code]
            title = row.display if row else ""
            yield Doubt(
                message=f"{diagnosis.code} ({title}) {how}: {_quote(request, diagnosis.code, wanted)}",
                codes=(diagnosis.code,),
                source=icd_source(row) if row else None,
                hint=hint,
            )


def _quote(request: CheckRequest, code: str, status: Status) -> str:
    place = next((p for p in request.establisher.verdict(code).places if p.status is status), None)
    return f"{place.document}, characters {place.start} to {place.end}." if place else "see the documents."


@rule(
    "dx.cited_in_denial",
    "error",
    "The cited words deny the diagnosis or speak of a relative.",
    "guideline IV.J; architecture law 2",
    overridable=True,
)
def cited_in_denial(request: CheckRequest) -> Iterator[Doubt]:
    """All spans a diagnosis cites stand in a denial, in family history or in a mere possibility."""
    for diagnosis in request.claim.diagnoses:
        spans = request.spans(diagnosis)
        if (
            not spans
            or within(diagnosis.code, (*_ANY_STATUS, *_FAMILY))
            or len(spans) < len(diagnosis.evidence)
        ):
            continue
        found = [request.reading.status_at(e.document, e.start, e.end) for e in spans]
        if all(s is not None and s in {Status.NEGATED, Status.FAMILY} for s in found):
            what = "denied" if Status.NEGATED in found else "said of a relative"
            yield Doubt(
                message=f"{diagnosis.code}: every cited passage is {what}.",
                codes=(diagnosis.code,),
                hint="Cite where the provider affirms it, or leave the code out.",
            )
