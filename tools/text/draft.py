"""A mention under construction, and the view of the note that the reading steps share."""

from dataclasses import dataclass, field

from tools.text.assertion import Verdict
from tools.text.cues import Scope
from tools.text.lexicon import Entry, Lexicon
from tools.text.lines import Line
from tools.text.records import (
    Action,
    Acuity,
    Assertion,
    Event,
    Laterality,
    MentionKind,
    Section,
    SectionKind,
    Trend,
)
from tools.text.sentences import Span
from tools.text.signals import Signal
from tools.text.tokens import Tokens


@dataclass(slots=True)
class Draft:
    """Tokens ``first``..``last`` (exclusive) and what is known of them so far."""

    first: int
    last: int
    sentence: int
    kind: MentionKind
    concept: str
    entry: Entry | None = None
    head: bool = False
    substance: bool = False
    bare: bool = False
    verdict: Verdict | None = None
    assertion: Assertion = "present"
    historical: bool = False
    family: bool = False
    laterality: Laterality | None = None
    site: str | None = None
    severity: str | None = None
    acuity: Acuity | None = None
    trend: Trend | None = None
    cause: str | None = None
    value: str | None = None
    unit: str | None = None
    result: str | None = None
    dose: str | None = None
    route: str | None = None
    frequency: str | None = None
    prn: bool = False
    action: Action | None = None
    event: Event | None = None
    here: bool = False
    minutes: int | None = None
    purpose: str | None = None
    relative: str | None = None
    use: str | None = None
    label: str | None = None
    header: "Draft | None" = None
    links: "list[Draft]" = field(default_factory=list)
    cues: list[Scope] = field(default_factory=list)

    def cues_from(self, signal: Signal) -> None:
        """Keep the signal that decided, so that the coder sees it."""
        self.cues.append(Scope(self.first, self.last, signal.value, signal.start, signal.end))


@dataclass(slots=True)
class Scene:
    """A note with its tokens, lines, sections and sentences; ``bounds`` are each sentence's tokens."""

    text: str
    tokens: Tokens
    lines: list[Line]
    sections: tuple[Section, ...]
    spans: list[Span]
    bounds: list[tuple[int, int]]
    kinds: list[SectionKind]
    lexicon: Lexicon
    scopes: list[list[Scope]]

    def raw(self, first: int, last: int) -> str:
        """Return the text of tokens ``first``..``last``."""
        return self.text[self.tokens.starts[first] : self.tokens.ends[last - 1]]
