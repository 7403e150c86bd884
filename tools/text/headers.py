"""Problem-oriented assessment and plan: which problem each sentence and item belongs to."""

from collections.abc import Sequence

from tools.text.cues import finite_verbs
from tools.text.draft import Draft, Scene
from tools.text.lines import Line
from tools.text.tables import word_set

_ASSESSED = frozenset({"assessment", "plan", "assessment_plan"})
_HEADABLE = frozenset({"problem", "status", "procedure", "social"})
_SEPARATORS = frozenset({":", "-", "–", "—"})
_PROSE = frozenset({"year", "old", "here", "who", "patient", "pleasant", "seen", "today"})
"""Words of a sentence that introduces the patient; a title of a problem has none of them."""
_BESIDE_MOST = 10
_LEAD_MOST = 3


class HeaderFinder:
    """Walks the sentences of the assessment and plan and remembers the problem that heads them."""

    def __init__(self, scene: Scene, by_sentence: Sequence[list[Draft]]) -> None:
        self.scene = scene
        self.by_sentence = by_sentence
        self.headers: list[Draft] = []
        self.numbers: dict[int, Draft] = {}
        self.current: Draft | None = None
        self.section = -1
        self.own = False

    def run(self) -> None:
        """Set the header of every draft of the assessment and plan."""
        for sentence, span in enumerate(self.scene.spans):
            if self.scene.kinds[sentence] not in _ASSESSED:
                self.current = None
                continue
            if span.section != self.section:
                self.section, self.own, self.current = span.section, False, None
            if span.label == "agreement":
                self.current = None
            self._visit(sentence)

    def _visit(self, sentence: int) -> None:
        drafts = self.by_sentence[sentence]
        first = self.scene.spans[sentence].first
        heading = self._heading(sentence, drafts) if first else self._beside(sentence, drafts)
        if heading:
            self._open(sentence, heading)
        elif self.own and self._closes(sentence):
            self.current = None
        elif not self.own:
            self._follow(sentence, drafts)
        for draft in drafts:
            if draft.header is None:
                draft.header = self.current

    def _closes(self, sentence: int) -> bool:
        """Tell whether a line is a title that names no problem we know; it ends the item before it."""
        span = self.scene.spans[sentence]
        line = self.scene.lines[span.line]
        low, high = self.scene.bounds[sentence]
        if not span.first or span.label or line.lead == "bullet" or high - low > 6:
            return False
        norms = self.scene.tokens.norms[low:high]
        whole = self.scene.text[span.end : line.end].strip() == ""
        return whole and norms[0] not in word_set("header stop") and not finite_verbs() & set(norms)

    def _open(self, sentence: int, heading: list[Draft]) -> None:
        self.own = True
        self.current = heading[0]
        for draft in heading:
            draft.header = draft
            self.headers.append(draft)
        number = self.scene.lines[self.scene.spans[sentence].line].number
        if number is not None:
            self.numbers.setdefault(number, heading[0])

    def _follow(self, sentence: int, drafts: list[Draft]) -> None:
        """In a plan without headers of its own, find the assessment's problem that a paragraph speaks of."""
        span = self.scene.spans[sentence]
        line = self.scene.lines[span.line]
        if span.first:
            self.current = self.numbers.get(line.number) if line.number is not None else None
        for draft in drafts:
            match = next((h for h in self.headers if _same(h, draft)), None)
            if match is not None:
                self.current = match
                return
        if self.current is None and len(self.headers) == 1:
            self.current = self.headers[0]

    def _heading(self, sentence: int, drafts: list[Draft]) -> list[Draft]:
        """Return the problems that head an item, when the line that begins here is the head of one."""
        scene = self.scene
        span = scene.spans[sentence]
        line = scene.lines[span.line]
        low, high = scene.bounds[sentence]
        if span.label or high <= low or not drafts:
            return []
        stop = self._title_end(low, high)
        title = [d for d in drafts if d.last <= stop and d.kind in _HEADABLE and d.assertion != "absent"]
        title = title or [d for d in drafts if d.kind == "test" and d.first == low and high - d.last <= 1]
        title = [d for d in title if d.assertion == "present"] or title
        if not title:
            return []
        separated = stop < high and scene.tokens.norms[stop] in _SEPARATORS
        if self._is_title(sentence, line, low, stop, separated):
            return title
        leads = line.lead in {"number", "hash"} and title[0].first - low <= 3
        return title[:1] if leads and scene.tokens.norms[low] not in word_set("header stop") else []

    def _beside(self, sentence: int, drafts: list[Draft]) -> list[Draft]:
        """Return the disease that a later sentence of a line of the assessment names and says nothing else of.

        "Fibromyalgia. Irritable bowel syndrome, stable." lists two problems.
        """
        low, high = self.scene.bounds[sentence]
        norms = self.scene.tokens.norms[low:high]
        if not self.own or self.scene.kinds[sentence] != "assessment" or not 0 < len(norms) <= _BESIDE_MOST:
            return []
        named = [d for d in drafts if d.kind == "problem" and d.assertion == "present"]
        named = [d for d in named if _is_disease(d) or len(norms) - (d.last - d.first) <= 1]
        plain = norms[0] not in word_set("header stop") and finite_verbs().isdisjoint(norms)
        return named if named and plain and named[0].first - low <= _LEAD_MOST else []

    def _title_end(self, low: int, high: int) -> int:
        norms = self.scene.tokens.norms
        starts, ends = self.scene.tokens.starts, self.scene.tokens.ends
        for at in range(low + 1, min(high, low + 14)):
            if norms[at] == ":":
                return at
            if norms[at] in _SEPARATORS and (starts[at] > ends[at - 1] or norms[at] == "—"):
                return at
        return high

    def _is_title(self, sentence: int, line: Line, low: int, stop: int, separated: bool) -> bool:
        norms = self.scene.tokens.norms[low:stop]
        if norms[0] in word_set("header stop") or len(norms) > 22:
            return False
        if any(word in finite_verbs() for word in norms):
            return False
        kind = self.scene.kinds[sentence]
        if separated or line.lead in {"number", "hash"}:
            return True
        if line.lead == "bullet":
            return kind == "assessment" or (not self.own and len(norms) <= 10)
        span = self.scene.spans[sentence]
        whole = self.scene.text[span.end : line.end].strip() == ""
        most = 14 if kind == "assessment" and _PROSE.isdisjoint(norms) else 8
        return whole or len(norms) <= most


def _is_disease(draft: Draft) -> bool:
    return draft.entry is not None and draft.entry.group in {"disorder", "injury"}


def _same(header: Draft, draft: Draft) -> bool:
    if draft.kind not in _HEADABLE:
        return False
    if header.concept == draft.concept:
        return True
    mine, other = header.entry, draft.entry
    return bool(
        mine and other and mine.code and mine.code[:3] == other.code[:3] and mine.code[0] not in "RSTZ"
    )
