"""Assertion of any concept in any sentence, in the vocabulary or not."""

from bisect import bisect_left

from tools.text.assertion import judge, scopes_of
from tools.text.lines import split_lines
from tools.text.records import Assertion, Experiencer, SectionKind, Temporality
from tools.text.sections import find_sections
from tools.text.sentences import Span, find_sentences
from tools.text.tokens import Tokens, key, tokenize

_PAST_KINDS: frozenset[SectionKind] = frozenset({"pmh", "psh"})


def _occurrences(norms: list[str], wanted: tuple[str, ...]) -> list[tuple[int, int]]:
    size = len(wanted)
    first = wanted[0]
    return [
        (at, at + size)
        for at, word in enumerate(norms)
        if word == first and tuple(norms[at : at + size]) == wanted
    ]


def _locate(text: str, tokens: Tokens, concept: str) -> tuple[int, int] | None:
    """Find the concept; of several occurrences the one in capitals (a marked one) goes first.

    When the concept as a whole is not in the sentence its longest beginning is taken.
    """
    wanted = key(concept)
    while wanted:
        found = _occurrences(tokens.norms, wanted)
        if found:
            marked = [f for f in found if text[tokens.starts[f[0]] : tokens.ends[f[1] - 1]].isupper()]
            return (marked or found)[0]
        wanted = wanted[:-1]
    return None


def _bounds(tokens: Tokens, span: Span) -> tuple[int, int]:
    return bisect_left(tokens.starts, span.start), bisect_left(tokens.starts, span.end)


def assert_concept(sentence: str, concept: str) -> tuple[Assertion, Temporality, Experiencer]:
    """Tell what a sentence claims of a concept, by general cues only.

    A concept that is not in the sentence, or is empty, is ``present``, ``recent``, the patient's.
    Historical here means that a cue says so ("history of"); whether the condition is still active is
    the coder's question.
    """
    tokens = tokenize(sentence)
    place = _locate(sentence, tokens, concept)
    if place is None:
        return "present", "recent", "patient"
    lines = split_lines(sentence)
    sections = find_sections(sentence, lines)
    for span in find_sentences(sentence, lines, sections):
        low, high = _bounds(tokens, span)
        if low <= place[0] < high:
            verdict = judge(scopes_of(tokens.norms, low, high), *place)
            kind = sections[span.section].kind
            past = verdict.temporality == "historical" or kind in _PAST_KINDS
            kin = verdict.experiencer == "patient" and kind == "family_history"
            return (
                verdict.assertion,
                "historical" if past else "recent",
                "family" if kin else verdict.experiencer,
            )
    verdict = judge(scopes_of(tokens.norms, 0, len(tokens.norms)), *place)
    return verdict.assertion, verdict.temporality, verdict.experiencer
