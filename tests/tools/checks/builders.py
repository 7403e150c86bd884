"""A clean claim with its note, and one-change variations of it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from knowledge.bookshelf import Bookshelf
from knowledge.records import CodeSystem, FhirEvidence, NoteEvidence
from tools.checks import CheckPolicy, CheckRequest
from tools.claim.model import Claim, ClaimDiagnosis, ClaimLine, Drug
from tools.encounter import (
    Address,
    ClinicalDocument,
    CoverageFacts,
    EncounterFacts,
    HistoryItem,
    Name,
    Person,
    Provider,
)

DAY = date(2026, 8, 12)
NOTE = """CHIEF COMPLAINT
Follow-up of blood pressure and cholesterol.

HISTORY OF PRESENT ILLNESS
Ms. Alder is a 52-year-old woman with hypertension and hyperlipidemia. She takes lisinopril 20 mg and atorvastatin
40 mg daily. She denies chest pain, dyspnea, and dizziness. Mother had breast cancer.

PHYSICAL EXAMINATION
BP 128/78. Heart regular, lungs clear.

ASSESSMENT AND PLAN
1. Hypertension, at goal. Continue lisinopril 20 mg daily.
2. Hyperlipidemia, stable. Continue atorvastatin 40 mg daily.
Return in six months.
"""
STREET = Address(line1="12 Elm Street", city="Columbus", state="OH", postal_code="432151234")


def npi(nine: str) -> str:
    from tools.claim.npi import with_check_digit

    return with_check_digit(nine)


def person(**changes: Any) -> Person:
    base = Person(
        id="pat-1",
        name=Name(last="Alder", first="June"),
        birth_date=date(1974, 3, 2),
        sex="female",
        address=Address(line1="4 Oak Road", city="Columbus", state="OH", postal_code="43215"),
    )
    return base.model_copy(update=changes)


def provider(kind: str, **changes: Any) -> Provider:
    base = Provider(
        reference=f"{'Organization' if kind == 'billing' else 'Practitioner'}/{kind}",
        name=Name(
            last="Elm Family Practice" if kind == "billing" else "Rowan",
            first=None if kind == "billing" else "Ana",
        ),
        is_person=kind != "billing",
        npi=npi("123456789") if kind == "billing" else npi("198765432"),
        taxonomy="207Q00000X",
        tax_id="123456789" if kind == "billing" else None,
        address=STREET if kind == "billing" else None,
    )
    return base.model_copy(update=changes)


def coverage(kind: str = "commercial", **changes: Any) -> CoverageFacts:
    filing = {"medicare": "MB", "medicaid": "MC", "commercial": "CI", "workers_comp": "WC", "auto": "AM"}
    base = CoverageFacts(
        reference="Coverage/1",
        order=1,
        payer_kind=kind,
        payer_name="Plain Health",
        payer_id="12345",
        filing_code=filing.get(kind),
        member_id="W12345678",
        relationship="self",
    )
    return base.model_copy(update=changes)


def document(text: str = NOTE, **changes: Any) -> ClinicalDocument:
    base = ClinicalDocument(
        id="doc-1",
        title="Progress note",
        text=text,
        sha256=sha256(text.encode()).hexdigest(),
        date=datetime(2026, 8, 12, 15, tzinfo=UTC),
        author="Practitioner/rendering",
        author_role="provider",
        status="final",
    )
    return base.model_copy(update=changes)


def span(words: str, text: str = NOTE, doc: str = "doc-1") -> NoteEvidence:
    start = text.index(words)
    return NoteEvidence(document=doc, text=words, start=start, end=start + len(words))


def fhir(reference: str = "Condition/1", digest: str = "aa", text: str = "x") -> FhirEvidence:
    return FhirEvidence(reference=reference, pointer="/code", text=text, sha256=digest)


def history(kind: str = "condition", reference: str = "Condition/1", **changes: Any) -> HistoryItem:
    base = HistoryItem(
        kind=kind, reference=reference, pointer="/code", sha256="aa", display="x", effective=date(2025, 1, 5)
    )
    return base.model_copy(update=changes)


def diagnosis(sequence: int, code: str, *evidence: Any) -> ClaimDiagnosis:
    return ClaimDiagnosis(sequence=sequence, code=code, display=code, evidence=evidence)


def line(number: int, code: str, *evidence: Any, **changes: Any) -> ClaimLine:
    base = ClaimLine(
        number=number,
        code=code,
        system=CodeSystem.CPT if code[0].isdigit() else CodeSystem.HCPCS,
        display=code,
        units=Decimal(1),
        place_of_service="11",
        date_from=DAY,
        date_to=DAY,
        charge=Decimal("100.00"),
        pointers=(1,),
        evidence=evidence,
    )
    return base.model_copy(update=changes)


def drug(ndc: str = "00409379401") -> Drug:
    return Drug(ndc=ndc, quantity=Decimal(1), unit="ML")


def claim(**changes: Any) -> Claim:
    base = Claim(
        claim_id="SB0000001",
        encounter_id="enc-1",
        patient=person(),
        coverages=(coverage(),),
        billing_provider=provider("billing"),
        rendering_provider=provider("rendering"),
        place_of_service="11",
        diagnoses=(
            diagnosis(1, "I10", span("Hypertension, at goal")),
            diagnosis(2, "E78.5", span("Hyperlipidemia, stable")),
        ),
        lines=(line(1, "99213", span("Continue lisinopril 20 mg daily"), pointers=(1, 2)),),
        total_charge=Decimal("100.00"),
        created=date(2026, 8, 14),
    )
    made = base.model_copy(update=changes)
    if "lines" in changes and "total_charge" not in changes:
        total = sum((x.charge for x in made.lines), Decimal(0))
        made = made.model_copy(update={"total_charge": total})
    return made


def facts(made: Claim, documents: tuple[ClinicalDocument, ...], **changes: Any) -> EncounterFacts:
    base = EncounterFacts(
        encounter_id="enc-1",
        encounter_reference="Encounter/enc-1",
        date_of_service=DAY,
        place_of_service="11",
        patient=made.patient,
        age_years=52,
        new_patient=False,
        documents=documents,
        coverages=made.coverages,
        billing_provider=made.billing_provider,
        rendering_provider=made.rendering_provider,
    )
    return base.model_copy(update=changes)


def request(
    shelf: Bookshelf,
    *,
    claim_: Claim | None = None,
    documents: tuple[ClinicalDocument, ...] | None = None,
    foreign: bool = False,
    known: dict[str, Any] | None = None,
    policy: CheckPolicy | None = None,
    em: Any = None,
) -> CheckRequest:
    """Build a request; ``known`` changes the facts, ``foreign`` leaves them out."""
    made = claim_ or claim()
    pages = (document(),) if documents is None else documents
    return CheckRequest(
        claim=made,
        documents=pages,
        facts=None if foreign else facts(made, pages, **(known or {})),
        bookshelf=shelf,
        policy=policy or CheckPolicy.default(),
        em=em,
    )


def bare(
    text: str, codes: list[str], lines: list[Any] | None = None, **changes: Any
) -> tuple[Claim, ClinicalDocument]:
    """A claim without evidence of its own, as another system sends it, with its note."""
    made = claim(
        diagnoses=tuple(diagnosis(i, c) for i, c in enumerate(codes, 1)),
        lines=tuple(lines)
        if lines is not None
        else (line(1, "99213", pointers=tuple(range(1, min(len(codes), 4) + 1))),),
        **changes,
    )
    return made, document(text)


def dx(*codes: str, text: str = NOTE, **changes: Any) -> dict[str, Any]:
    """Request arguments: these diagnoses, one visit that points to them, without evidence of its own."""
    made = claim(
        diagnoses=tuple(diagnosis(i, c) for i, c in enumerate(codes, 1)),
        lines=(line(1, "99213", pointers=tuple(range(1, min(len(codes), 4) + 1)) or (1,)),),
        **changes,
    )
    return {"claim_": made, "documents": (document(text),)}


def ln(
    *lines: Any, text: str | None = NOTE, codes: tuple[str, ...] = ("I10", "E78.5"), **changes: Any
) -> dict[str, Any]:
    """Request arguments: these lines (numbered here) over these diagnoses; ``text`` None leaves the note out."""
    known = changes.pop("known", None)
    made = claim(
        diagnoses=tuple(diagnosis(i, c) for i, c in enumerate(codes, 1)),
        lines=tuple(x.model_copy(update={"number": n}) for n, x in enumerate(lines, 1)),
        **changes,
    )
    return {"claim_": made, "documents": () if text is None else (document(text),), "known": known}


def L(code: str, *modifiers: str, **changes: Any) -> ClaimLine:
    """A line, its number given later."""
    return line(1, code, modifiers=modifiers, **changes)


def cl(**changes: Any) -> dict[str, Any]:
    """Request arguments: the clean claim with these changes."""
    known = changes.pop("known", None)
    return {"claim_": claim(**changes), "known": known}


def past(code: str, day: date, kind: str = "procedure", **changes: Any) -> HistoryItem:
    """An earlier service by the same practice."""
    base = {
        "code": code,
        "effective": day,
        "organization": "Organization/billing",
        "reference": f"X/{code}-{day}",
    }
    return history(kind, **{**base, **changes})
