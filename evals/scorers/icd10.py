"""Diagnoses: recall of the required, precision over the acceptable; strict, 3-character, hierarchical; first, sequence."""

from collections.abc import Iterable
from itertools import combinations

from evals.answer import Answer
from evals.case import GoldIcd
from knowledge.records import Record


class IcdScore(Record):
    """Counts of one case; ``missed`` are required codes that are absent, ``extra`` are given and not acceptable.

    ``*3`` count categories. ``tree_*`` count the nodes of the code tree (category, subcategories, code) that the codes
    stand under, so that a near miss earns a part: E11.9 for E11.65 shares one node of three. ``pairs`` counts pairs of
    codes whose order gold gives and the answer holds, ``ordered`` those in that order.
    """

    must: int
    must_found: int
    given: int
    acceptable: int
    exact: int
    must3: int
    must3_found: int
    given3: int
    acceptable3: int
    tree_must: int
    tree_found: int
    tree_given: int
    tree_acceptable: int
    pairs: int
    ordered: int
    first: bool | None
    missed: tuple[str, ...]
    extra: tuple[str, ...]


def _short(codes: Iterable[str]) -> frozenset[str]:
    return frozenset(code[:3] for code in codes)


def tree(codes: Iterable[str]) -> frozenset[str]:
    """The nodes that codes stand under, each code included: of S93.401A S93, S93.4, S93.40, S93.401, S93.401A."""
    plain = (code.replace(".", "") for code in codes)
    return frozenset(code[:n] for code in plain for n in range(3, len(code) + 1))


def _order(sequence: tuple[str, ...], given: tuple[str, ...]) -> tuple[int, int]:
    place = {code: n for n, code in enumerate(given)}
    held = [(a, b) for a, b in combinations(sequence, 2) if a in place and b in place]
    return len(held), sum(place[a] < place[b] for a, b in held)


def score_icd10(gold: GoldIcd, answer: Answer) -> IcdScore:
    """Score a case's diagnoses; codes count once, whatever their order (but for first-listed and sequence)."""
    must, may, given = frozenset(gold.must), gold.acceptable, frozenset(answer.codes)
    must3, may3, given3 = _short(must), _short(may), _short(given)
    tree_must, tree_may, tree_given = tree(must), tree(may), tree(given)
    pairs, ordered = _order(gold.sequence or (), answer.codes)
    return IcdScore(
        must=len(must),
        must_found=len(must & given),
        given=len(given),
        acceptable=len(given & may),
        exact=len(given & must),
        must3=len(must3),
        must3_found=len(must3 & given3),
        given3=len(given3),
        acceptable3=len(given3 & may3),
        tree_must=len(tree_must),
        tree_found=len(tree_must & tree_given),
        tree_given=len(tree_given),
        tree_acceptable=len(tree_given & tree_may),
        pairs=pairs,
        ordered=ordered,
        first=None if gold.first is None else answer.codes[:1] == (gold.first,),
        missed=tuple(code for code in dict.fromkeys(gold.must) if code not in given),
        extra=tuple(code for code in dict.fromkeys(answer.codes) if code not in may),
    )
