"""The case as the coder sees it: typed views of the first answers (encounter, history, note)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from agent.coder.conversation import Answer, Json

ASSESSMENT = frozenset({"assessment", "assessment_plan", "plan", "addendum"})
CONDITIONS = frozenset({"problem", "status", "social"})
"""Kinds of mention that may name a condition."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A mention of the note with its document; attribute names are those of the note reader."""

    document: str
    index: int
    raw: Json

    def __getattr__(self, name: str) -> Any:
        """An attribute of the mention; absent ones are None."""
        return self.raw.get(name)

    @property
    def citation(self) -> Json:
        """This mention as a citation of propose_claim."""
        return {
            "document": self.document,
            "quote": self.raw["text"],
            "start": self.raw["start"],
            "section": self.raw["section"],
        }

    @property
    def in_assessment(self) -> bool:
        """True in the assessment or plan."""
        return self.raw["section_kind"] in ASSESSMENT

    @property
    def is_established(self) -> bool:
        """True for a condition that the record states to be the patient's own, now or in the past."""
        return bool(
            self.raw.get("kind") in CONDITIONS
            and self.raw.get("experiencer") == "patient"
            and self.raw.get("assertion") == "present"
            and self.raw.get("use") != "never"
        )

    @property
    def is_taken(self) -> bool:
        """True for a drug that the patient takes now, as far as the mention says."""
        return bool(self.raw.get("assertion") == "present" and self.raw.get("action") != "stopped")

    @property
    def is_header(self) -> bool:
        """True for the mention that heads an item of the assessment."""
        return bool(self.raw.get("problem_header") == self.index)


@dataclass(frozen=True, kw_only=True)
class Case:
    """Everything known before a code is looked up."""

    encounter: Json
    history: tuple[Json, ...]
    mentions: tuple[Seen, ...]
    sections: dict[str, list[Json]] = field(default_factory=dict)
    sentences: dict[str, list[list[int]]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def new_patient(self) -> bool:
        """True only when the record says new."""
        return bool(self.encounter.get("new_patient"))

    @cached_property
    def has_assessment(self) -> bool:
        """True when the note has an assessment or a plan."""
        return any(m.in_assessment for m in self.mentions)

    def sentence(self, seen: Seen) -> str:
        """The words of the sentence in which a mention stands."""
        spans = self.sentences.get(seen.document, [])
        if seen.sentence is None or seen.sentence >= len(spans):
            return str(seen.text)
        start, end, *_ = spans[seen.sentence]
        return self.texts.get(seen.document, "")[start:end]

    def before(self, seen: Seen) -> str:
        """The words of its sentence before a mention; none where the sentence is not known."""
        spans = self.sentences.get(seen.document, [])
        if seen.sentence is None or seen.sentence >= len(spans):
            return ""
        return self.texts.get(seen.document, "")[spans[seen.sentence][0] : seen.start]

    @property
    def payer(self) -> str:
        """The kind of the primary payer."""
        return str(self.encounter.get("payer") or "")

    def of(self, *kinds: str) -> tuple[Seen, ...]:
        """Mentions of these kinds."""
        return tuple(m for m in self.mentions if m.kind in kinds)

    def under(self, header: Seen) -> tuple[Seen, ...]:
        """Mentions that the assessment lists under this header, the header itself included."""
        return tuple(
            m for m in self.mentions if m.document == header.document and m.problem_header == header.index
        )


def build_case(encounter: Answer, history: Answer, note: Answer) -> Case:
    """Join the first three answers."""
    documents: Iterable[Json] = note.data.get("documents", ())
    documents = list(documents)
    mentions = [
        Seen(document=d["id"], index=i, raw=m) for d in documents for i, m in enumerate(d.get("mentions", ()))
    ]
    return Case(
        encounter=encounter.data,
        history=tuple(history.data.get("items", ())),
        mentions=tuple(mentions),
        sections={d["id"]: d.get("sections", []) for d in documents},
        sentences={d["id"]: d.get("sentences", []) for d in documents},
        texts={d["id"]: d.get("text", "") for d in documents},
    )
