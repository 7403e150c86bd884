"""Recent or historical: a chronic condition in a "history of" list is current, an ended episode is not."""

from functools import cache

from tools.text.draft import Draft, Scene
from tools.text.records import SectionKind
from tools.text.tables import rows, word_set

_PAST: frozenset[SectionKind] = frozenset({"pmh", "psh"})
_ONGOING = frozenset({"disorder", "status", "social"})


@cache
def _episodes() -> tuple[tuple[str, str], ...]:
    return tuple((row["first"], row["last"]) for _, row in rows("episodes.csv", ("first", "last")))


def episodic(code: str) -> bool:
    """Tell whether a category stands for an episode that ends (infection, infarction, injury, symptom)."""
    category = code[:3]
    return any(first <= category <= last for first, last in _episodes())


def set_time(scene: Scene, draft: Draft) -> None:
    """Decide whether a mention is history.

    "History of hypertension" is how notes open on current chronic conditions; it stays recent unless a
    stronger word says that it is over, or the condition is an episode. The cue stays on the mention.
    """
    lasting = _lasting(draft) or draft.kind == "medication"
    if draft.historical and lasting and _only_weak(scene, draft):
        draft.historical = False
    kind = scene.kinds[draft.sentence]
    past = kind == "psh" or (kind == "pmh" and not lasting)
    if past and draft.kind in {"problem", "procedure"}:
        draft.historical = True


def _lasting(draft: Draft) -> bool:
    entry = draft.entry
    return entry is not None and entry.group in _ONGOING and not episodic(entry.code)


def _only_weak(scene: Scene, draft: Draft) -> bool:
    """Tell whether the past rests on plain "history of" phrases, or on when something was diagnosed."""
    weak = word_set("weak history")
    low, _ = scene.bounds[draft.sentence]
    for scope in draft.cues:
        if scope.kind != "historical":
            continue
        words = scene.tokens.norms[scope.cue_start : scope.cue_end]
        if words[-1] == "ago" and "diagnosed" in scene.tokens.norms[low : scope.cue_start]:
            continue
        if not all(word in weak for word in words) or (words[0] == "past" and len(words) == 1):
            return False
    return True
