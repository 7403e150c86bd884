"""Medications: dose, route, frequency, and started, continued, changed, stopped or refilled."""

import re
from typing import cast

from tools.text.draft import Draft, Scene
from tools.text.records import Action
from tools.text.signals import Signal, barriers, nearest, of
from tools.text.tables import word_set

_DOSE = re.compile(
    r"(?:[\s,:(]+(?:to|at|from|dose|dosage|of|the|a|her|his|total|tablet|tablets|capsule|inhaler|injection|ER|XR|XL|SR|"
    r"DR|HFA|cream|ointment|cypionate|sodium|potassium|calcium|hcl|hydrochloride|succinate|tartrate|up)\b){0,4}[\s,:(]*"
    r"(?:\d[\d.]*\s?(?:mg)?\s?(?:->|-->|→)\s?)?(?P<dose>\d[\d,.]*(?:\s?(?:-|–|to|/)\s?\d[\d.,]*)?\s?(?:mg/mL|mg|mcg|µg|ug|grams?|g|units?|IU|mEq|mL|cc|%|"
    r"puffs?|tablets?|tabs?|drops?|sprays?)(?![A-Za-z])(?:/\d*\s?\w+)?)",
    re.IGNORECASE,
)
_DOSE_BEFORE = re.compile(
    r"(?P<dose>\d[\d,.]*\s?(?:mg|mcg|g|grams?|units?|mL|cc|puffs?|tablets?))\s+(?:of\s+)?(?:\d%\s+)?$",
    re.IGNORECASE,
)
_DOSE_TO = re.compile(
    r"\b(?:to|at|of|take)\s+(?P<dose>\d[\d,.]*\s?(?:mg|mcg|g|units?|mL|puffs?|tablets?)\b)", re.IGNORECASE
)
_FREQUENCY = re.compile(
    r"\b(?:(?:once|twice|three times|four times|\d times|\d-\d times)\s+(?:a|per|every)?\s?"
    r"(?:day|daily|week|weekly|month)"
    r"|every\s+(?:\d+|other|\w+)(?:\s?(?:-|to)\s?\d+)?\s?"
    r"(?:hours?|hrs?|days?|weeks?|months?|day|morning|evening|night)"
    r"|once daily|twice daily|daily|nightly|weekly|monthly|at bedtime"
    r"|every morning|every night|every evening|in the morning|before meals|with meals"
    r"|b\.?i\.?d\.?|t\.?i\.?d\.?|q\.?i\.?d\.?|q\.?\s?d(?:ay)?\.?|q\.?\s?h\.?s\.?"
    r"|q\s?\d+(?:-\d+)?\s?h(?:rs?|ours?)?|q\s?(?:am|pm|week|month|day)|qhs|qd|qod"
    r"|per day|a day|per week)(?!\w)",
    re.IGNORECASE,
)
_PRN = re.compile(r"\b(?:as needed|p\.?r\.?n\.?|if needed|when needed)(?!\w)", re.IGNORECASE)
_ROUTE = re.compile(
    r"\b(?:by mouth|orally|oral|p\.?o\.?|intramuscular(?:ly)?|i\.?m\.?|intravenous(?:ly)?|i\.?v\.?"
    r"|subcutaneous(?:ly)?|sub-?q|s\.?c\.?|subq|inhaled|inhaler|nebulized|via nebulizer|topical(?:ly)?"
    r"|cream|ointment|gel|intranasal|nasal spray|nasal|ophthalmic|eye drops?|otic|ear drops?|rectal(?:ly)?"
    r"|vaginal(?:ly)?|transdermal|patch|sublingual(?:ly)?|intra-?articular(?:ly)?|injection|injected)(?!\w)",
    re.IGNORECASE,
)
_ROUTES = (
    ("oral", ("by mouth", "oral", "po", "p.o")),
    ("intramuscular", ("intramuscular", "im", "i.m")),
    ("intravenous", ("intravenous", "iv", "i.v")),
    ("subcutaneous", ("subcutaneous", "sub", "sc", "s.c")),
    ("inhaled", ("inhal", "nebul", "via neb")),
    ("topical", ("topical", "cream", "ointment", "gel")),
    ("nasal", ("intranasal", "nasal")),
    ("ophthalmic", ("ophthalmic", "eye")),
    ("otic", ("otic", "ear")),
    ("rectal", ("rectal",)),
    ("vaginal", ("vaginal",)),
    ("transdermal", ("transdermal", "patch")),
    ("sublingual", ("sublingual",)),
    ("intra-articular", ("intra",)),
    ("injection", ("inject",)),
)

_AGO = re.compile(
    r"\s*,?\s*(?:back )?(?:in (?:(?:19|20)\d\d\b|(?:late |early )?(?:january|february|march|april|may|june|july|august|september|october|"
    r"november|december)\b)|last (?:year|month|week|visit|spring|summer|fall|winter)\b|(?:about |over |almost |more than )?"
    r"(?:\d+|an?|one|two|three|four|five|six|several|many) (?:years?|months?|weeks?) ago\b|at (?:the|her|his) (?:last|previous) visit\b)",
    re.IGNORECASE,
)


def _route(word: str) -> str:
    low = word.lower()
    for name, starts in _ROUTES:
        if low.startswith(starts):
            return name
    return low


def set_dose(scene: Scene, draft: Draft, following: int) -> None:
    """Set dose, route, frequency and as-needed from the words up to the next medication."""
    text, tokens = scene.text, scene.tokens
    start = tokens.ends[draft.last - 1]
    _, high = scene.bounds[draft.sentence]
    end = min(tokens.starts[following] if following < high else scene.spans[draft.sentence].end, start + 120)
    dose = _DOSE.match(text, start, end)
    if dose is None:
        first = tokens.starts[draft.first]
        dose = _DOSE_BEFORE.search(text, max(scene.spans[draft.sentence].start, first - 24), first)
    if dose is None:
        dose = _DOSE_TO.search(text, start, min(end, start + 60))
    if dose is not None:
        draft.dose = " ".join(dose["dose"].split())
    frequency = _FREQUENCY.search(text, start, end)
    if frequency is not None:
        draft.frequency = " ".join(frequency.group().split())
    draft.prn = _PRN.search(text, start, end) is not None
    route = _ROUTE.search(text, start, end)
    if route is not None:
        draft.route = _route(route.group())


def set_action(scene: Scene, draft: Draft, signals: list[Signal], drugs: list[Draft]) -> None:
    """Set what was done with a medication, and whether it is taken at all."""
    norms = scene.tokens.norms
    refused = nearest(of(signals, "drugless"), norms, draft.first, draft.last, reach=8, after=40)
    actions = [s for s in of(signals, "action") if not (draft.first <= s.start < draft.last)]
    actions = [s for s in actions if s.start < draft.last or _passive(norms, s, draft)]
    action = nearest(actions, norms, draft.first, draft.last, reach=40, after=2)
    if action is not None and not _crosses(norms, action, draft):
        draft.action = cast("Action", action.value)
        draft.cues_from(action)
        if draft.action == "new" and _long_ago(scene, action.end, draft.last):
            draft.action = "continued"
    if draft.action in {"changed", "new", "stopped"} and action is not None:
        _switched(scene, draft, action, drugs)
    kinds = {scope.kind for scope in draft.cues}
    if (
        refused is not None
        and barriers(norms, refused.end, draft.first) < 8
        and draft.action in {None, "new"}
    ):
        draft.assertion, draft.action = "absent", None
    elif "negation" in kinds and draft.action != "stopped":
        draft.assertion = "absent"
    elif {"hypothetical", "uncertain"} & kinds or _conditional(scene, draft, signals):
        draft.assertion = "conditional"
    else:
        draft.assertion = "present"


def _long_ago(scene: Scene, *ends: int) -> bool:
    """A drug begun in an earlier year, month or visit is no new one today."""
    return any(_AGO.match(scene.text, scene.tokens.ends[end - 1]) for end in ends)


def _passive(norms: list[str], action: Signal, draft: Draft) -> bool:
    """A verb after the drug is about it only in the passive ("lisinopril was refilled") or beside it."""
    return action.start - draft.last <= 1 or norms[action.start - 1] in word_set("passive")


def _crosses(norms: list[str], action: Signal, draft: Draft) -> bool:
    between = (
        norms[action.end : draft.first] if action.end <= draft.first else norms[draft.last : action.start]
    )
    return ";" in between or "but" in between


def _switched(scene: Scene, draft: Draft, action: Signal, drugs: list[Draft]) -> None:
    """In "switch from A to B" and "change A to B" the first drug is stopped and the second is new."""
    if scene.tokens.norms[action.start] not in {
        "switch",
        "switched",
        "change",
        "changed",
        "transition",
        "transitioned",
    }:
        return
    after = [d for d in drugs if d.first >= action.end]
    if len(after) < 2 or draft not in after[:2]:
        return
    if "to" in scene.tokens.norms[after[0].last : after[1].first]:
        draft.action = "stopped" if draft is after[0] else "new"


def _conditional(scene: Scene, draft: Draft, signals: list[Signal]) -> bool:
    """A drug that is only being considered, or hangs on an "if" before it."""
    low, _ = scene.bounds[draft.sentence]
    if "if" in scene.tokens.norms[low : draft.first] and draft.action in {"new", "changed", None}:
        return True
    chosen = nearest(
        [s for s in of(signals, "event") if s.value == "considered"],
        scene.tokens.norms,
        draft.first,
        draft.last,
        reach=6,
        after=20,
    )
    return chosen is not None and draft.action in {"new", "changed", None}
