"""Tests and procedures: ordered, done, reviewed, planned, considered, refused; and what they showed."""

import re
from dataclasses import replace
from typing import cast

from tools.text.draft import Draft, Scene
from tools.text.records import Assertion, Event
from tools.text.signals import Signal, nearest, of
from tools.text.tables import word_set

_PLANS = frozenset({"plan", "assessment_plan", "instructions", "assessment"})
_FINDINGS = frozenset({"results", "exam", "procedures"})
_OURS = (_PLANS - {"instructions"}) | _FINDINGS | {"other", "addendum", "vitals"}
_LATER = re.compile(
    r"\bin\s+(?:\w+\s+){0,3}(?:days?|weeks?|months?|years?)\b|\bnext (?:week|month|visit|year)\b",
    re.IGNORECASE,
)
_TO_COME: dict[Event, Assertion] = {
    "planned": "planned",
    "ordered": "planned",
    "considered": "conditional",
    "refused": "absent",
}
_DATED = re.compile(r"(?<![\d/])\d{1,2}/(?:\d{1,2}/)?(?:\d\d)?\d\d(?![\d/])|\b(?:19|20)\d\d\b")
_VIEWS = re.compile(r"(?<!\w)(\d|one|two|three|four|five|six|single)[\s-]views?\b", re.IGNORECASE)
_NUMBERS = {"single": "1", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6"}
_VALUE = re.compile(
    r"[\s,:=(]*(?:(?:is|was|were|of|at|level|levels|score|today|currently|now|last|up|to|slightly|mildly|still|"
    r"remains|elevated|high|low|normal|result|results|reading|returned|came back|approximately|about|around|"
    r"than|"
    r"greater|less|from|the|a|her|his|in|on|check|improved|stable|been|has|have|had|also|running|down|"
    r"decreased|increased|value|most|recent|office|clinic|positive|negative)[\s,:=(]+){0,6}"
    r"(?P<value>[<>≤≥]?\s?\d{1,6}(?:[.,]\d+)*(?:\s?/\s?\d+)?)(?![/\d]*\d*/\d)\s?"
    r"(?P<unit>%|percent|mg/dL|ng/mL|ng/dL|g/dL|mmol/L|mEq/L|U/L|IU/L|mIU/L|uIU/mL|µIU/mL|pg/mL|mcg/dL|K/uL|mm/hr|"
    r"mL/min|x10\^?\d|mmHg|mg/L|seconds|L|bpm|units?|points?)?(?![\w])",
    re.IGNORECASE,
)
_NOT_VALUE = re.compile(
    r"\s*(?:mg\b(?!/)|mcg\b(?!/)|weeks?|months?|days?|years?|hours?|minutes?|times|views?|out of"
    r"|st\b|nd\b|rd\b|th\b|:|[-/]\d)",
    re.IGNORECASE,
)


def _joined(signals: list[Signal], signal: Signal, names: set[str]) -> Signal | None:
    """Return a signal of a stronger kind right beside this one ("ordered and obtained")."""
    for other in signals:
        if other.value in names and abs(other.start - signal.start) <= 4:
            return other
    return None


def _event_signal(scene: Scene, draft: Draft, signals: list[Signal]) -> Signal | None:
    norms = scene.tokens.norms
    events = of(signals, "event")
    events = [s for s in events if not (draft.first <= s.start < draft.last)]
    if draft.kind == "test":
        verbs = word_set("service verbs")
        events = [s for s in events if s.value != "done" or norms[s.end - 1] not in verbs]
    chosen = nearest(events, norms, draft.first, draft.last)
    if chosen is None:
        return None
    if chosen.value in {"ordered", "reviewed", "considered"}:
        stronger = _joined(events, chosen, {"done"} if chosen.value != "considered" else {"ordered"})
        if stronger is not None and chosen.value != "considered":
            return stronger
    if (
        chosen.value == "reviewed"
        and chosen.start >= draft.last
        and "see" in norms[max(0, draft.first - 4) : draft.first]
    ):
        return replace(chosen, value="planned")
    if chosen.value in {"ordered", "planned"}:
        return (
            _joined([e for e in events if e.start < chosen.start], chosen, {"considered", "refused"})
            or chosen
        )
    return chosen


def _default(scene: Scene, draft: Draft) -> Event | None:
    """Return the event of a test or service that no word in its sentence settles."""
    kind = scene.kinds[draft.sentence]
    low, _ = scene.bounds[draft.sentence]
    if kind == "procedures":
        return "done"
    if draft.kind == "test":
        if kind == "results" or draft.value or draft.result:
            return "reviewed"
        listed = draft.label == "testing" or draft.first - low <= 3
        if kind in {"plan", "assessment_plan"} and listed:
            return "ordered"
    return None


def set_event(scene: Scene, draft: Draft, signals: list[Signal]) -> None:
    """Decide the event of a test or procedure and what follows for its assertion.

    ``done`` needs a word of doing and either today's visit or a section of our own findings, and nothing
    that places it elsewhere or in the past; otherwise a test with a result was ``reviewed``.
    """
    draft.here = bool(of(signals, "here"))
    elsewhere = [s for s in of(signals, "elsewhere") if not (draft.first <= s.start < draft.last)]
    signal = _event_signal(scene, draft, signals)
    event = cast("Event | None", signal.value if signal else None) or _default(scene, draft)
    resulted = bool(draft.value and draft.unit != "views") or bool(draft.result)
    if signal is not None and resulted and (signal.value == "considered" or signal.start >= draft.last):
        event = "reviewed" if event != "done" else event
    if event == "done":
        event = _done(scene, draft, bool(elsewhere) or _dated(scene, draft.sentence))
    elif (
        event == "ordered"
        and not _named_order(scene, signal)
        and _LATER.search(scene.text, *_rest(scene, draft))
    ):
        event = "planned"
    elif event == "planned" and draft.kind == "test" and (draft.value or draft.result):
        event = "reviewed"
    if event == "reviewed" or (elsewhere and event != "done"):
        draft.here = False
    draft.event = event
    _assert_event(scene, draft, signals)


def _dated(scene: Scene, sentence: int) -> bool:
    """A date in the sentence places what was done on another day, unless it also says "today"."""
    span = scene.spans[sentence]
    return _DATED.search(scene.text, span.start, span.end) is not None


def _named_order(scene: Scene, signal: Signal | None) -> bool:
    """Tell whether the word is "order" itself: what is ordered now for a later date is still ordered."""
    return signal is not None and any(
        w.startswith("order") for w in scene.tokens.norms[signal.start : signal.end]
    )


def _rest(scene: Scene, draft: Draft) -> tuple[int, int]:
    start = scene.tokens.ends[draft.last - 1]
    return start, min(scene.spans[draft.sentence].end, start + 60)


def _done(scene: Scene, draft: Draft, elsewhere: bool) -> Event | None:
    kind = scene.kinds[draft.sentence]
    if draft.here or (kind in _OURS and not elsewhere):
        return "done"
    if draft.kind == "test":
        return "reviewed" if draft.result or draft.value or kind in _FINDINGS else None
    draft.historical = True
    return None


def _assert_event(scene: Scene, draft: Draft, signals: list[Signal]) -> None:
    norms = scene.tokens.norms
    hanging = any(s.kind == "hypothetical" and norms[s.cue_start] in word_set("if words") for s in draft.cues)
    kinds = {scope.kind for scope in draft.cues}
    unneeded = nearest(of(signals, "unneeded"), norms, draft.first, draft.last, reach=8, after=3)
    if draft.event == "refused" or unneeded is not None:
        draft.assertion = "absent"
        draft.event = "refused" if draft.event == "refused" else None
    elif "negation" in kinds and draft.event not in {"done", "reviewed"}:
        draft.assertion = "absent"
        draft.event = None
    elif draft.event == "considered" or hanging or _conditional(scene, draft):
        draft.assertion = "conditional"
        draft.event = "considered" if draft.event in {"ordered", "planned", None} else draft.event
    elif draft.event in {"ordered", "planned"}:
        draft.assertion = "planned"
    else:
        draft.assertion = "present"


def _conditional(scene: Scene, draft: Draft) -> bool:
    """Tell whether an order hangs on an "if" before it in the sentence ("If pain goes on, we ...")."""
    if draft.event not in {"ordered", "planned", "considered"}:
        return False
    low, high = scene.bounds[draft.sentence]
    norms = scene.tokens.norms
    return "if" in norms[low : draft.first] or "unless" in norms[low:high] or norms[low] == "should"


def set_result(scene: Scene, draft: Draft, signals: list[Signal], following: int) -> None:
    """Set a test's number, unit and quality; ``following`` is the first token of the next mention."""
    text, tokens = scene.text, scene.tokens
    start = tokens.ends[draft.last - 1]
    high = scene.bounds[draft.sentence][1]
    limit = min(tokens.starts[following] if following < high else scene.spans[draft.sentence].end, start + 90)
    match = _VALUE.match(text, start, limit)
    if match and not _NOT_VALUE.match(text, match.end("value"), min(len(text), match.end() + 12)):
        draft.value = match["value"].strip()
        draft.unit = match["unit"]
    views = _VIEWS.search(text, scene.spans[draft.sentence].start, scene.spans[draft.sentence].end)
    if views and draft.value is None and draft.entry is not None and draft.entry.group == "imaging":
        draft.value = _NUMBERS.get(views[1].lower(), views[1])
        draft.unit = "views"
    near = [s for s in of(signals, "result") if s.start < following]
    quality = nearest(near, tokens.norms, draft.first, draft.last, reach=14, after=1)
    if quality is not None and (quality.start >= draft.last or draft.first == quality.end):
        draft.result = quality.value


def share_results(scene: Scene, drafts: list[Draft]) -> None:
    """Give each test of a list the quality said of all: "ALT, albumin and bilirubin were normal"."""
    for one, two in zip(reversed(drafts[:-1]), reversed(drafts[1:]), strict=True):
        if one.kind != "test" or two.kind != "test" or one.result or one.value or not two.result or two.value:
            continue
        between = scene.tokens.norms[one.last : two.first]
        if len(between) <= 3 and all(word in {",", "and", "or", "/", "the", "total"} for word in between):
            one.result = two.result
            one.event = one.event or two.event


def set_plan(scene: Scene, draft: Draft, signals: list[Signal]) -> None:
    """A status that is still to come ("going to have a knee replacement") is planned, not present."""
    if draft.kind != "status" or draft.assertion != "present" or draft.historical:
        return
    signal = nearest(of(signals, "event"), scene.tokens.norms, draft.first, draft.last, reach=9, after=3)
    if signal is not None and signal.value == "done" and draft.entry and draft.entry.group == "encounter":
        draft.event, draft.here = "done", bool(of(signals, "here"))
    if signal is not None and signal.value in {"planned", "considered", "refused", "ordered"}:
        draft.event = cast("Event", signal.value)
        draft.assertion = _TO_COME[draft.event]


def set_given(scene: Scene, draft: Draft, signals: list[Signal]) -> None:
    """A drug that was injected, given or administered here carries the event ``done``."""
    verbs = word_set("giving verbs")
    norms = scene.tokens.norms
    given = [s for s in of(signals, "event") if s.value == "done" and norms[s.end - 1] in verbs]
    if (
        draft.assertion != "present"
        or nearest(given, norms, draft.first, draft.last, reach=14, after=1) is None
    ):
        return
    elsewhere = bool(of(signals, "elsewhere")) or _dated(scene, draft.sentence)
    here = bool(of(signals, "here"))
    if here or (scene.kinds[draft.sentence] in _OURS and not elsewhere):
        draft.event, draft.here = "done", here
