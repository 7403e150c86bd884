"""Full-text search (SQLite FTS5) over titles and terms: the last resort when no ranked term answers a query."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from knowledge.store import Store

_WORD = re.compile(r"[^\W_]{4,}")
_MOST_WORDS = 12


def full_text(store: "Store", edition: str, text: str, limit: int) -> list[tuple[str, str]]:
    """(code, matching text) of the terms that share most rare words, or beginnings of words, with the query, best first."""
    words = list(dict.fromkeys(_WORD.findall(text.lower())))[:_MOST_WORDS]
    if not words:
        return []
    match = " OR ".join(f'"{word}"*' for word in words)
    rows = store.rows(
        "SELECT code, text FROM icd_text WHERE icd_text MATCH ? AND edition = ? ORDER BY bm25(icd_text), code LIMIT ?",
        (match, edition, limit),
    )
    return [(str(code), str(term)) for code, term in rows]
