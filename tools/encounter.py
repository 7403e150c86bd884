"""What is known of one encounter before anyone codes it: documents, people, coverage, history."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from knowledge.records import Record

PayerKind = Literal[
    "medicare", "medicare_advantage", "medicaid", "tricare", "commercial", "workers_comp", "auto", "self_pay"
]
Sex = Literal["female", "male", "other", "unknown"]


class TranscriptSegment(Record):
    """One turn of a visit's transcript: where its words stand in the transcript's text, and who spoke."""

    id: str
    start: int
    end: int
    speaker: Literal["clinician", "patient", "other"] = "other"
    section: str | None = Field(default=None, description="what part of the visit it belongs to, as given")
    begins: float | None = Field(default=None, description="seconds into the recording")
    ends: float | None = None


class NoteSource(Record):
    """A span of a drafted note and the transcript segments it was drafted from."""

    start: int
    end: int
    segments: tuple[str, ...]


class Insight(Record):
    """A clinical entity that the scribe service heard (a word with a category, never a code)."""

    id: str
    category: str
    type: str
    text: str
    segment: str
    start: int = Field(description="code points into the transcript's text")
    end: int
    attributes: tuple[str, ...] = Field(default=(), description="``type: words`` of what qualifies it")


class ClinicalDocument(Record):
    """One document of the encounter, its text untouched (offsets of all evidence point into ``text``)."""

    id: str
    title: str
    text: str
    sha256: str = Field(description="of the document's own bytes as received")
    date: datetime | None = None
    author: str | None = Field(default=None, description="author reference or name")
    author_role: Literal["provider", "staff", "patient", "unknown"] = "unknown"
    status: Literal["final", "preliminary", "amended", "entered-in-error", "unknown"] = "unknown"
    kind: Literal["note", "addendum", "transcript", "result", "discharge_summary"] = "note"
    segments: tuple[TranscriptSegment, ...] = Field(default=(), description="of a transcript")
    sources: tuple[NoteSource, ...] = Field(default=(), description="of a note drafted from a transcript")
    insights: tuple[Insight, ...] = Field(default=(), description="of a transcript")

    @property
    def signed(self) -> bool:
        """True when the document's status says that its author has signed it."""
        return self.status in {"final", "amended"}


class Address(Record):
    """A postal address; ``postal_code`` holds digits only (5 or 9)."""

    line1: str
    line2: str | None = None
    city: str
    state: str
    postal_code: str


class Name(Record):
    """A person's name, or an organisation's in ``last`` with ``first`` empty."""

    last: str
    first: str | None = None
    middle: str | None = None
    suffix: str | None = None

    @property
    def display(self) -> str:
        """First name first, as a person says it."""
        return " ".join(p for p in (self.first, self.middle, self.last, self.suffix) if p)


class Person(Record):
    """A patient or subscriber."""

    id: str
    name: Name
    birth_date: date | None
    sex: Sex
    address: Address | None = None
    phone: str | None = None
    mrn: str | None = None
    death_date: date | None = None


class Provider(Record):
    """A person or organisation in one role of the claim. ``npi`` is 10 digits with a valid check digit, or None."""

    reference: str
    name: Name
    is_person: bool
    npi: str | None = None
    taxonomy: str | None = Field(default=None, description="NUCC code, 10 characters")
    tax_id: str | None = Field(default=None, description="9 digits")
    tax_id_kind: Literal["EI", "SY"] = "EI"
    address: Address | None = None
    phone: str | None = None
    clia: str | None = None


class CoverageFacts(Record):
    """One coverage in order of benefits."""

    reference: str
    order: int = Field(description="1 primary, 2 secondary, 3 tertiary")
    payer_kind: PayerKind
    payer_name: str
    payer_id: str | None
    payer_address: Address | None = None
    filing_code: str | None = Field(default=None, description="837P SBR09")
    pack: str | None = Field(default=None, description="payer pack that holds this payer's rules")
    member_id: str | None
    group_number: str | None = None
    group_name: str | None = None
    plan_name: str | None = None
    relationship: Literal["self", "spouse", "child", "other"]
    subscriber: Person | None = Field(default=None, description="when the patient is not the subscriber")
    insurance_type: str | None = Field(default=None, description="837P SBR05, Medicare not primary only")


HistoryKind = Literal[
    "condition",
    "procedure",
    "medication",
    "observation",
    "immunization",
    "encounter",
    "allergy",
    "claim",
    "order",
]


class HistoryItem(Record):
    """One earlier (or same-day structured) fact of the patient's record, as it was known on the coding date."""

    kind: HistoryKind
    reference: str
    pointer: str = Field(description="JSON pointer of the coded element inside the resource")
    sha256: str = Field(description="of the resource's bytes")
    display: str
    system: str | None = None
    code: str | None = None
    effective: date | None = Field(default=None, description="onset, performed, effective or authored date")
    effective_end: date | None = None
    recorded: date | None = None
    status: str | None = Field(default=None, description="clinical or resource status, as given")
    category: str | None = None
    value: str | None = None
    performer: str | None = Field(default=None, description="NPI or reference of who did it")
    organization: str | None = Field(default=None, description="reference of the group it was done for")
    specialty: str | None = Field(default=None, description="NUCC taxonomy of the performer")
    encounter: str | None = None


class MissingFact(Record):
    """Something the claim needs and the record lacks; the encounter is held for it."""

    what: str
    where: str
    how: str


class EncounterFacts(Record):
    """Everything gathered for one encounter.

    ``age_years`` is the age on the date of service, None when unknown. ``new_patient`` is None when
    neither the context nor the history settles it. ``coded_at`` is the as-of date: nothing recorded
    later is in ``history``.
    """

    encounter_id: str
    encounter_reference: str
    tenant: str = "default"
    date_of_service: date
    date_of_service_end: date | None = None
    encounter_class: str = "AMB"
    place_of_service: str | None = Field(description="2-digit CMS place of service")
    patient: Person
    age_years: int | None
    new_patient: bool | None = None
    new_patient_why: str = ""
    documents: tuple[ClinicalDocument, ...]
    coverages: tuple[CoverageFacts, ...] = ()
    billing_provider: Provider | None = None
    rendering_provider: Provider | None = None
    referring_provider: Provider | None = None
    supervising_provider: Provider | None = None
    ordering_provider: Provider | None = None
    facility: Provider | None = None
    history: tuple[HistoryItem, ...] = ()
    reasons: tuple[str, ...] = Field(default=(), description="Encounter.reasonCode texts")
    prior_authorization: str | None = None
    referral_number: str | None = None
    missing: tuple[MissingFact, ...] = ()

    @property
    def primary(self) -> CoverageFacts | None:
        """The coverage billed first."""
        return min(self.coverages, key=lambda c: c.order, default=None)

    @property
    def payer_kind(self) -> PayerKind:
        """Kind of the primary payer; without coverage the patient pays."""
        return self.primary.payer_kind if self.primary else "self_pay"

    def document(self, document_id: str) -> ClinicalDocument | None:
        """The document with this id, or None."""
        return next((d for d in self.documents if d.id == document_id), None)
