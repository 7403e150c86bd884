"""Mentions from the vocabulary: longest matches, ambiguous ones settled by context."""

from dataclasses import dataclass

from tools.text.draft import Draft, Scene
from tools.text.lexicon import Entry, Source
from tools.text.records import MentionKind
from tools.text.tables import word_set

_MENTION_KIND: dict[Source, MentionKind] = {
    "service": "procedure",
    "test": "test",
    "medication": "medication",
    "device": "device",
    "substance": "social",
}
_PROBLEM_KIND: dict[str, MentionKind] = {
    "status": "status",
    "history": "status",
    "encounter": "status",
    "family": "family",
    "social": "social",
    "external": "status",
}
_ORDER: tuple[Source, ...] = (
    "problem",
    "service",
    "test",
    "medication",
    "device",
    "substance",
    "decoy",
    "anatomy",
)


@dataclass(slots=True, frozen=True)
class Hit:
    """A phrase of the vocabulary found at tokens ``first``..``last``, with what it may mean."""

    first: int
    last: int
    entries: tuple[Entry, ...]

    def of(self, source: Source) -> Entry | None:
        """Return the meaning from one table, if the phrase has one there."""
        for entry in self.entries:
            if entry.source == source:
                return entry
        return None


def find_hits(scene: Scene, sentence: int) -> list[Hit]:
    """Return the vocabulary's phrases in one sentence; abbreviations that need capitals must have them."""
    low, high = scene.bounds[sentence]
    hits: list[Hit] = []
    for first, last, entries in scene.lexicon.phrases.scan(scene.tokens.norms, low, high):
        kept = entries
        if any(entry.caps for entry in entries) and not scene.raw(first, last).isupper():
            kept = tuple(entry for entry in entries if not entry.caps)
        if kept:
            hits.append(Hit(first, last, kept))
    return hits


def _is_drug(scene: Scene, hit: Hit, sentence: int) -> bool:
    """Settle "iron", "testosterone", "magnesium": the drug, or the test of its level."""
    kind = scene.kinds[sentence]
    if kind in {"medications", "allergies"}:
        return True
    low, high = scene.bounds[sentence]
    norms = scene.tokens.norms
    after = norms[hit.last : min(high, hit.last + 4)]
    before = norms[max(low, hit.first - 3) : hit.first]
    if any(word in word_set("dose units") for word in after[:3]) and "/" not in after:
        return True
    if kind in {"results", "vitals"} or (
        after and (after[0] in word_set("level words") or after[0][0].isdigit())
    ):
        return False
    if any(word in word_set("drug verbs") for word in before):
        return True
    return word_set("lab verbs").isdisjoint(norms[low:high])


def choose(scene: Scene, hit: Hit, sentence: int) -> Entry:
    """Return the meaning of a hit in its sentence."""
    if len(hit.entries) == 1:
        return hit.entries[0]
    drug, test = hit.of("medication"), hit.of("test")
    substance = hit.of("substance")
    if substance and hit.first > 0 and scene.tokens.norms[hit.first - 1][0].isdigit():
        return substance
    if drug and test:
        return drug if _is_drug(scene, hit, sentence) else test
    service, problem = hit.of("service"), hit.of("problem")
    if service and problem and _is_service(scene, problem, sentence):
        return service
    for source in _ORDER:
        entry = hit.of(source)
        if entry is not None:
            return entry
    return hit.entries[0]


def _is_service(scene: Scene, problem: Entry, sentence: int) -> bool:
    """Settle "flu vaccine" and "knee replacement": what is done to the patient, or the status it leaves."""
    acting = scene.kinds[sentence] in {"procedures", "plan", "assessment_plan"}
    return problem.group == "encounter" or (problem.group in {"status", "history"} and acting)


def draft_of(scene: Scene, hit: Hit, sentence: int) -> Draft | None:
    """Make a draft of a hit; a body part alone is no mention."""
    entry = choose(scene, hit, sentence)
    if entry.source in {"anatomy", "decoy"}:
        return None
    kind = (
        _PROBLEM_KIND.get(entry.group, "problem")
        if entry.source == "problem"
        else _MENTION_KIND[entry.source]
    )
    if scene.kinds[sentence] == "allergies":
        if kind == "problem" and "allerg" not in entry.concept:
            return None
        kind = "allergy" if kind == "medication" else kind
    draft = Draft(hit.first, hit.last, sentence, kind, entry.concept, entry)
    draft.substance = hit.of("substance") is not None
    return draft
