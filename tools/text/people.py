"""Substance use, allergies, and whose condition it is."""

import re
from functools import cache

from tools.text.cues import Scope, relatives
from tools.text.draft import Draft, Scene
from tools.text.records import SectionKind
from tools.text.signals import Signal, nearest, of
from tools.text.tables import mapping, word_set
from tools.text.trie import Trie

_PACK_YEARS = re.compile(r"(\d+(?:\.\d+)?)[\s-]*pack[\s-]*years?", re.IGNORECASE)
_PACKS = re.compile(
    r"(\d+(?:\.\d+)?|half a|one|two|a)\s*(?:packs?|ppd|cigarettes|cigars)\b"
    r"(?:\s*(?:per|a|/)\s*(?:day|week))?",
    re.IGNORECASE,
)
_THEN = frozenset({"smoked", "quit", "former", "formerly"})
_NOW = frozenset(
    {"still", "currently", "current", "now", "continue", "smoke", "active", "again", "resumed", "relapsed"}
)
_SOCIAL: frozenset[SectionKind] = frozenset({"social_history"})


def set_use(scene: Scene, draft: Draft, signals: list[Signal]) -> bool:
    """Set whether a substance is used now, formerly or never; False when the word does not mean use here."""
    norms = scene.tokens.norms
    word = norms[draft.first]
    in_social = scene.kinds[draft.sentence] in _SOCIAL
    if word in word_set("loose substances") and not in_social:
        low, high = scene.bounds[draft.sentence]
        if not word_set("substance company") & set(norms[low:high]):
            return False
    uses = of(signals, "use")
    inside = [s for s in uses if (s.start <= draft.first <= s.end) or draft.first <= s.start < draft.last]
    signal = inside[0] if inside else nearest(uses, norms, draft.first, draft.last, reach=10, after=1)
    if word in {"nonsmoker"} or (signal is not None and signal.value == "never"):
        draft.use, draft.assertion = "never", "absent"
    elif (signal is not None and signal.value == "former") or _has_quit(scene, draft):
        draft.use = "former"
    elif draft.assertion == "present":
        draft.use = "current"
    _amount(scene, draft)
    return True


def _has_quit(scene: Scene, draft: Draft) -> bool:
    """Tobacco told as past in its own sentence: "smoked 2 packs a day for 40 years and quit in 2015"."""
    low, high = scene.bounds[draft.sentence]
    norms = scene.tokens.norms[low:high]
    if draft.concept != "tobacco use" or not _NOW.isdisjoint(norms):
        return False
    return any(
        word in _THEN and (at == 0 or norms[at - 1] not in {"to", "not", "never"})
        for at, word in enumerate(norms)
    )


def _amount(scene: Scene, draft: Draft) -> None:
    if draft.concept != "tobacco use":
        return
    span = scene.spans[draft.sentence]
    match = _PACK_YEARS.search(scene.text, span.start, span.end)
    if match:
        draft.value, draft.unit = match[1], "pack-years"
        return
    packs = _PACKS.search(scene.text, span.start, span.end)
    if packs:
        draft.value = " ".join(packs.group().split())


def set_allergy(scene: Scene, draft: Draft) -> None:
    """A drug that the patient is said to be allergic to is an allergy, in any section."""
    if draft.kind not in {"medication", "allergy"}:
        return
    low, _ = scene.bounds[draft.sentence]
    before = scene.tokens.norms[max(low, draft.first - 6) : draft.first]
    if word_set("allergic") & set(before):
        draft.kind = "allergy"


def no_known_allergies(scene: Scene, sentence: int) -> list[Draft]:
    """Return the statement that no allergies are known, as an absent allergy."""
    low, high = scene.bounds[sentence]
    trie = _none_known()
    drafts = []
    for first, last, concept in trie.scan(scene.tokens.norms, low, high):
        draft = Draft(first, last, sentence, "allergy", concept, assertion="absent")
        draft.cues.append(Scope(first, last, "negation", first, last))
        drafts.append(draft)
    return drafts


@cache
def _none_known() -> Trie[str]:
    return Trie(mapping("no_allergies.csv", ("phrase", "concept")).items())


def set_experiencer(scene: Scene, draft: Draft, relative: str | None) -> None:
    """Make a relative's condition a family fact; in a family history every condition is a relative's."""
    verdict = draft.verdict
    family = verdict is not None and verdict.experiencer == "family"
    if not family and scene.kinds[draft.sentence] == "family_history" and draft.kind in {"problem", "status"}:
        family = True
        draft.relative = draft.relative or (relative if draft.assertion == "present" else None)
    if not family or draft.kind not in {"problem", "status", "procedure", "family"}:
        return
    draft.kind = "family"
    draft.family = True


def line_relative(scene: Scene, sentence: int) -> str | None:
    """Return the relative that a line of the family history names first ("Mother: stroke, diabetes")."""
    if scene.kinds[sentence] != "family_history":
        return None
    low, high = scene.bounds[sentence]
    found = relatives().scan(scene.tokens.norms, low, high)
    return next((name for _, _, name in found if name not in {"*", "relative"}), None)
