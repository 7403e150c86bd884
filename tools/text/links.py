"""Links between mentions of one sentence or item: a drug or test for a problem, a problem with another."""

from itertools import pairwise

from tools.text.draft import Draft, Scene
from tools.text.tables import word_set

_LINKABLE = frozenset({"medication", "test", "procedure", "device"})


def set_links(scene: Scene, drafts: list[Draft]) -> None:
    """Link drugs, tests and procedures to the problem they are for, or to their item's header."""
    problems = [d for d in drafts if d.kind in {"problem", "status"}]
    for draft in drafts:
        if draft.kind in _LINKABLE:
            target = _named(scene, draft, problems) or draft.header or _only(problems)
            if target is not None and target is not draft and target not in draft.links:
                draft.links.append(target)
    for one, two in pairwise(problems):
        between = scene.tokens.norms[one.last : two.first]
        if between in (["with"], ["with", "associated"], ["and", "associated"], ["complicated", "by"]):
            two.links.append(one)


def _named(scene: Scene, draft: Draft, problems: list[Draft]) -> Draft | None:
    """Return the problem that "for", "to treat" or "to evaluate" names after the draft."""
    relation = word_set("relation")
    for problem in problems:
        if problem.first < draft.last:
            continue
        between = scene.tokens.norms[draft.last : problem.first]
        if len(between) <= 16 and ";" not in between and relation & set(between[-4:]):
            return problem
    return None


def _only(problems: list[Draft]) -> Draft | None:
    present = [p for p in problems if p.assertion == "present" and p.kind == "problem"]
    return present[0] if len(present) == 1 else None
