"""Side, site, severity, acuity, trend and cause of problems."""

from collections.abc import Sequence
from typing import cast

from tools.text.compose import SIDES, name_composed, side_in
from tools.text.draft import Draft, Scene
from tools.text.records import Acuity, Laterality, Trend
from tools.text.signals import Signal, of
from tools.text.tables import word_set

_CARRIED = frozenset({"exam", "results", "procedures", "assessment", "plan", "assessment_plan", "other"})
_UNREAL = frozenset({"hypothetical", "negation", "uncertain"})
_LEADS = frozenset(
    {"xr", "examination", "exam", "inspection", "palpation", "evaluation", "ray", "radiograph", "mri"}
)


def set_side(scene: Scene, draft: Draft) -> None:
    """Find the side of a problem, test or service: inside it, right before it, or right after it."""
    if draft.laterality is not None or (draft.entry is not None and draft.entry.group == "external"):
        return
    norms = scene.tokens.norms
    low, high = scene.bounds[draft.sentence]
    draft.laterality = (
        side_in(norms, draft.first, draft.last)
        or _side_before(norms, low, draft)
        or _side_after(norms, high, draft.last)
    )


def _side_before(norms: Sequence[str], low: int, draft: Draft) -> Laterality | None:
    steps = word_set("side bridge")
    at = draft.first - 1
    limit = max(low, draft.first - 5)
    while at >= limit:
        side = SIDES.get(norms[at])
        if side is not None:
            if draft.first - at <= 2 or draft.kind != "medication":
                draft.first = at if draft.first - at == 1 else draft.first
            return side
        if norms[at] not in steps:
            return None
        at -= 1
    return None


def _side_after(norms: Sequence[str], high: int, last: int) -> Laterality | None:
    steps = word_set("side lead")
    for at in range(last, min(high, last + 5)):
        side = SIDES.get(norms[at])
        if side is not None and norms[at] in {"both", "r", "l"}:
            return None
        if side is not None:
            following = norms[at + 1] if at + 1 < high else "."
            alone = at == last or norms[at - 1] == ","
            return (
                side
                if not alone or following in {".", ",", ")", ";", "side"} or side == "bilateral"
                else None
            )
        if norms[at] not in steps:
            return None
    return None


class SiteCarrier:
    """Carries the body part under examination: "Examination of the right elbow: ... tenderness"."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.line = -1
        self.place: tuple[int, str, Laterality | None] | None = None

    def visit(self, sentence: int, places: list[tuple[int, int, str]], drafts: list[Draft]) -> None:
        """Give problems without a site the one named before them, in findings sections only."""
        scene = self.scene
        if scene.kinds[sentence] not in _CARRIED:
            self.place = None
            return
        if scene.spans[sentence].line != self.line:
            self.line = scene.spans[sentence].line
            self.place = None
        norms = scene.tokens.norms
        low, high = scene.bounds[sentence]
        marks = self._leads(norms, low, high, places)
        for draft in drafts:
            if draft.kind != "problem":
                continue
            before = [mark for mark in marks if mark[0] < draft.first]
            self._give(draft, before[-1] if before else self.place)
        if marks:
            self.place = marks[-1]

    def _leads(
        self, norms: Sequence[str], low: int, high: int, places: list[tuple[int, int, str]]
    ) -> list[tuple[int, str, Laterality | None]]:
        marks = []
        for first, last, site in places:
            window = norms[max(low, first - 7) : first]
            heads_line = first - low <= 3 and last < len(norms) and norms[last] == ":"
            if heads_line or any(word in _LEADS for word in window):
                marks.append((first, site, side_in(norms, max(low, first - 3), first)))
        return marks

    def _give(self, draft: Draft, place: tuple[int, str, Laterality | None] | None) -> None:
        if place is None or draft.site is not None:
            if place and draft.laterality is None and draft.head:
                draft.laterality = place[2]
            return
        found = self.scene.lexicon.heads.match(self.scene.tokens.norms, draft.last - 1, draft.last)
        if found is None or not found[1].carry:
            return
        draft.site, side = place[1], draft.laterality or place[2]
        draft.laterality = side
        if draft.last - draft.first <= 2:
            draft.concept, entry = name_composed(self.scene, found[1], place[1], side)
            draft.entry = entry or draft.entry


def _adjacent(signals: list[Signal], norms: Sequence[str], draft: Draft) -> Signal | None:
    """Return a modifier right before the draft, inside it, or joined after it ("is severe", ", severe")."""
    bridge = word_set("modifier bridge")
    joins = word_set("modifier join")
    for signal in reversed(signals):
        if signal.start >= draft.first and signal.end <= draft.last:
            return signal
        if signal.end <= draft.first:
            gap = norms[signal.end : draft.first]
            if len(gap) <= 4 and all(word in bridge for word in gap):
                return signal
    for signal in signals:
        after = norms[draft.last : signal.start] if signal.start >= draft.last else None
        if after is not None and len(after) <= 4 and set(after) <= joins and _closed(norms, signal):
            return signal
    return None


def _closed(norms: Sequence[str], signal: Signal) -> bool:
    """A modifier after its noun ends a phrase; else it is the next noun's ("chills, new onset of ...")."""
    return signal.end >= len(norms) or norms[signal.end] in word_set("phrase end")


def set_modifiers(scene: Scene, draft: Draft, signals: list[Signal]) -> None:
    """Set severity and acuity from modifiers that touch the problem."""
    norms = scene.tokens.norms
    severity = _adjacent(of(signals, "severity"), norms, draft)
    if severity is not None:
        draft.severity = severity.value
    acuity = _adjacent(of(signals, "acuity"), norms, draft)
    if acuity is not None:
        draft.acuity = cast("Acuity", acuity.value)


def set_trends(scene: Scene, sentence: int, drafts: list[Draft], signals: list[Signal]) -> Trend | None:
    """Give each trend to the problem it touches, or to the last one before it; return one that found none."""
    norms = scene.tokens.norms
    problems = [d for d in drafts if d.kind in {"problem", "status"} and d.assertion != "absent"]
    left: Trend | None = None
    for signal in of(signals, "trend"):
        if any(s.start <= signal.start < s.end and s.kind in _UNREAL for s in scene.scopes[sentence]):
            continue
        trend = cast("Trend", signal.value)
        target = next((d for d in problems if _adjacent([signal], norms, d)), None)
        if (
            target is None
            and norms[signal.start] in word_set("adjacent trends")
            and signal.end - signal.start == 1
        ):
            target = _complement(norms, problems, signal)
            if target is None:
                continue
        before = [d for d in problems if d.last <= signal.start]
        if target is None and before and ";" not in norms[before[-1].last : signal.start]:
            target = before[-1]
        if target is None:
            left = left or trend
        elif target.trend is None or (target.trend != "uncontrolled" and trend == "uncontrolled"):
            target.trend = trend
    return left


def _complement(norms: Sequence[str], problems: list[Draft], signal: Signal) -> Draft | None:
    """Return the problem that a form of "be" or "get" says this of ("the pain is getting worse")."""
    for problem in reversed(problems):
        if problem.last <= signal.start and word_set("complement") & set(norms[problem.last : signal.start]):
            return problem
    return None


def set_cause(scene: Scene, draft: Draft, drafts: list[Draft], signals: list[Signal]) -> None:
    """Set the cause that follows a problem ("due to ...") and link the mention named there."""
    norms = scene.tokens.norms
    _, high = scene.bounds[draft.sentence]
    later = [d.first for d in drafts if d.first >= draft.last and d.kind == "problem"]
    for signal in of(signals, "cause"):
        if signal.start < draft.last or signal.start - draft.last > 8:
            continue
        if any(first < signal.start for first in later) or ";" in norms[draft.last : signal.start]:
            break
        keep = signal.end if norms[signal.end - 1] in {"to", "of", "by", "from", "with"} else signal.start
        end = keep
        while end < min(high, keep + 14) and norms[end] not in {".", ",", ";"}:
            end += 1
        if end > keep:
            draft.cause = " ".join(scene.raw(keep, end).split())
            draft.links += [
                d for d in drafts if keep <= d.first < end and d is not draft and d.kind != "time"
            ][:1]
        return


def set_mechanism(draft: Draft, drafts: list[Draft]) -> None:
    """Link an injury to what caused it when its sentence says so ("fell and twisted her ankle")."""
    if draft.entry is None or draft.entry.group not in {"injury", "symptom"} or draft.links:
        return
    for other in drafts:
        if other.entry is not None and other.entry.group == "external" and other.assertion == "present":
            draft.cause = draft.cause or other.concept
            draft.links.append(other)
            return
