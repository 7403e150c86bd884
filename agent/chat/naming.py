"""What a question calls by name ("the flu shot", "dementia"): the code it means, on the claim, set aside, or in the tables."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agent.chat.view import CaseView
from agent.chat.words import content_words, stem, synonyms
from knowledge.bookshelf import Bookshelf

SHARE = 0.5
"""Least share of the naming words that a code's own words must hold."""
LONGEST = 6
WITHOUT = re.compile(r"\bwithout\b.*")
"""What a title says the patient does not have names another code."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """A code and the words that speak for it: ``title`` those of its name, ``words`` those of quotation and reason too."""

    code: str
    title: frozenset[str]
    words: frozenset[str]
    diagnosis: bool


def on_claim(view: CaseView, text: str, *, diagnosis: bool | None = None, share: float = SHARE) -> str | None:
    """The billed code that the words name; only diagnoses or only lines when asked."""
    rows = [r for r in _billed(view) if diagnosis is None or r.diagnosis is diagnosis]
    return _best(rows, text, share)


def set_aside(view: CaseView, text: str, *, share: float = SHARE) -> str | None:
    """The rejected code or opportunity that the words name."""
    return _best(_aside(view), text, share)


def in_tables(shelf: Bookshelf, text: str) -> str | None:
    """The code of the longest run of words that the vocabulary knows; of a category its own number."""
    words = re.findall(r"[a-z0-9'-]+", text.lower())
    for size in range(min(LONGEST, len(words)), 0, -1):
        for start in range(len(words) - size + 1):
            term = " ".join(words[start : start + size])
            if (size > 1 or len(term) > 3) and content_words(term):
                found = _known(shelf, term)
                if found:
                    return found
    return None


def _known(shelf: Bookshelf, term: str) -> str | None:
    vocabulary = shelf.vocabulary
    problem = vocabulary.problem(term)
    if problem:
        return problem[0].code
    for index in (vocabulary.test_index, vocabulary.service_index):
        rows = index.get(term, ())
        if rows and rows[0].codes:
            return rows[0].codes[0]
    return None


def _billed(view: CaseView) -> Iterator[Named]:
    for d in view.coding.diagnoses:
        title = WITHOUT.sub("", d.display)
        said = " ".join([title, d.rationale, *(e.text for e in d.evidence)])
        yield _named(d.code, title, said, True)
    for x in view.coding.service_lines:
        said = " ".join([x.display, x.rationale, *(e.text for e in x.evidence[:1])])
        yield _named(x.code, x.display, said, False)


def _aside(view: CaseView) -> Iterator[Named]:
    for r in view.coding.rejected:
        said = " ".join([r.reason, *(e.text for e in r.evidence)])
        yield _named(r.code, r.reason, said, r.system == "ICD-10-CM")
    for o in view.coding.opportunities:
        yield _named(o.code, " ".join(o.documented), " ".join((*o.documented, *o.missing)), False)


def _named(code: str, title: str, said: str, diagnosis: bool) -> Named:
    return Named(
        code=code,
        title=frozenset(content_words(title)),
        words=frozenset(content_words(said)),
        diagnosis=diagnosis,
    )


def _best(rows: Iterable[Named], text: str, share: float) -> str | None:
    """The code whose words hold most of the naming words; its title counts double, the first of equals wins."""
    asked = content_words(text)
    if not asked:
        return None
    scored = [(_score(asked, row), row.code) for row in rows]
    best = max(scored, key=lambda s: s[0], default=((0.0, 0.0), ""))
    return best[1] if best[0][0] >= share else None


def _score(asked: tuple[str, ...], row: Named) -> tuple[float, float]:
    held = sum(_holds(word, row.words) for word in asked) / len(asked)
    titled = sum(_holds(word, row.title) for word in asked) / len(asked)
    return held, titled


def _holds(word: str, words: frozenset[str]) -> bool:
    return word in words or any(stem(s) in words for s in synonyms().get(word, ()))
