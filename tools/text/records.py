"""What reading a note gives: sections, sentences and mentions, each an exact span of the untouched text."""

from typing import Literal

from pydantic import Field

from knowledge.records import Record

SectionKind = Literal[
    "chief_complaint",
    "hpi",
    "ros",
    "pmh",
    "psh",
    "family_history",
    "social_history",
    "medications",
    "allergies",
    "vitals",
    "exam",
    "results",
    "procedures",
    "assessment",
    "plan",
    "assessment_plan",
    "instructions",
    "addendum",
    "other",
]
MentionKind = Literal[
    "problem",
    "procedure",
    "test",
    "medication",
    "allergy",
    "vital",
    "social",
    "family",
    "device",
    "time",
    "value",
    "status",
]
Assertion = Literal["present", "absent", "uncertain", "conditional", "hypothetical", "planned"]
Temporality = Literal["recent", "historical"]
Experiencer = Literal["patient", "family", "other"]
Laterality = Literal["left", "right", "bilateral"]
Action = Literal["new", "continued", "changed", "stopped", "refilled"]
Event = Literal["ordered", "done", "reviewed", "planned", "considered", "refused"]
Trend = Literal["stable", "improved", "worsening", "uncontrolled", "controlled", "resolved"]
Acuity = Literal["acute", "chronic", "acute_on_chronic", "subacute", "recurrent"]


class Section(Record):
    """A part of the note under one heading; the sections of a note follow each other without gap.

    ``start`` is where the heading begins, ``body`` where its text begins, ``end`` is exclusive.
    ``name`` is the heading as written, empty for text before the first heading.
    """

    name: str
    kind: SectionKind
    start: int
    body: int
    end: int


class Sentence(Record):
    """A sentence, list item or table line; ``label`` is its item's sub-label ("medical treatment") if any."""

    start: int
    end: int
    section: int
    label: str = ""


class Cue(Record):
    """A span that decided something about a mention; ``kind`` says what (negation, family, ordered ...)."""

    text: str
    start: int
    end: int
    kind: str


class Mention(Record):
    """One clinical thing the note speaks of, with what the note says about it.

    ``text`` equals ``note[start:end]`` (Unicode code points). ``concept`` is the vocabulary's term, a generic
    drug name, or a composed one such as "pain in right knee". A condition of a relative has kind ``family``.
    Tests and procedures only ordered have the assertion ``planned``, only considered ``conditional``.
    ``sentence`` is the index of the sentence. ``problem_header`` is the index of the mention under which
    an assessment or plan lists this one; a header points to itself. ``links`` are indices of mentions this
    one is for (medication or test for a problem) or due to.
    """

    text: str
    start: int
    end: int
    kind: MentionKind
    concept: str
    assertion: Assertion
    temporality: Temporality
    experiencer: Experiencer
    section: str
    section_kind: SectionKind
    sentence: int
    laterality: Laterality | None = None
    site: str | None = None
    severity: str | None = None
    acuity: Acuity | None = None
    trend: Trend | None = None
    cause: str | None = None
    value: str | None = None
    unit: str | None = None
    result: str | None = Field(
        default=None, description="normal, abnormal, elevated, low, positive, negative"
    )
    dose: str | None = None
    route: str | None = None
    frequency: str | None = None
    prn: bool = False
    action: Action | None = None
    event: Event | None = None
    here: bool = Field(default=False, description="said to have happened today or in this office")
    minutes: int | None = None
    purpose: str | None = Field(default=None, description="what the time was spent on")
    relative: str | None = None
    use: Literal["current", "former", "never"] | None = Field(default=None, description="of a substance")
    label: str | None = Field(default=None, description="sub-label of the item, as 'additional testing'")
    problem_header: int | None = None
    links: tuple[int, ...] = ()
    cues: tuple[Cue, ...] = ()


class ReadNote(Record):
    """A note as read; see :class:`Section`, :class:`Sentence` and :class:`Mention`."""

    sections: tuple[Section, ...]
    sentences: tuple[Sentence, ...]
    mentions: tuple[Mention, ...]
