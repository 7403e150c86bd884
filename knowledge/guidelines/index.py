"""Guideline retrieval: lexical and vector ranks fused, filtered by the date of service, with section ids."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from knowledge.errors import KnowledgeError
from knowledge.guidelines.digest import DIGEST_DIR, GuidelineSection, load_digest
from knowledge.guidelines.embedding import Embedder, LocalEmbedder
from knowledge.guidelines.lexical import LexicalIndex

if TYPE_CHECKING:
    from knowledge.guidelines.store import VectorStore

Official = Callable[[], tuple[GuidelineSection, ...]]

_FUSION = 8  # reciprocal rank fusion constant; small, for the first ranks of a small corpus carry the answer
_LEXICAL_SHARE, _VECTOR_SHARE = 1.0, 0.8
_OFFICIAL_SHARE = 0.25  # of 0.15 to 1, tuned on the half "tune": the digest is worded as coders ask
_DEPTH = 24
_FLOOR = 0.12  # below it two texts share hash collisions rather than words


@dataclass(frozen=True, kw_only=True, slots=True)
class GuidelineHit:
    """One answer: the section as it reads on the date asked for; ``score`` (0..1) ranks hits of one query."""

    id: str
    title: str
    text: str
    score: float


class Retriever(Protocol):
    """What may answer instead of the index."""

    def search(self, query: str, *, on: date, limit: int = 5) -> list[GuidelineHit]:
        """Sections in force on the day, best first."""


class UnknownSectionError(KnowledgeError):
    """No section with this id reads on the date."""


class GuidelineIndex:
    """The digest and its search index. Opening is cheap; Chroma is loaded by the first search."""

    def __init__(
        self,
        data_dir: Path,
        index_dir: Path,
        embedder: Embedder,
        official: Official = tuple,
        retriever: Retriever | None = None,
    ) -> None:
        self._data_dir = data_dir
        self._index_dir = index_dir
        self._embedder = embedder
        self._official = official
        self._retriever = retriever

    @classmethod
    def open(
        cls,
        data_dir: Path,
        index_dir: Path,
        *,
        embedder: Embedder | None = None,
        official: Official = tuple,
        retriever: Retriever | None = None,
    ) -> "GuidelineIndex":
        """Open the shipped digest, or the one in ``data_dir/guidelines`` where there is one.

        The index is built on the first search, or by ``build``, in a folder of ``index_dir`` named after the
        digest's content and the embedder; so a changed digest never meets an old index.

        Args:
            data_dir: the knowledge data folder; a folder ``guidelines`` in it replaces the shipped digest.
            index_dir: where the Chroma index is kept; made when missing.
            embedder: turns texts into vectors; the local one by default.
            official: gives the sections of the imported official text; where one is in force, it answers for
                its id and the digest's words only help to find it.
            retriever: asked instead of the index (Bedrock Knowledge Bases).
        """
        own = data_dir / "guidelines"
        return cls(
            own if own.is_dir() else DIGEST_DIR, index_dir, embedder or LocalEmbedder(), official, retriever
        )

    @cached_property
    def sections(self) -> tuple[GuidelineSection, ...]:
        """Every section in every wording: the digest's, then the imported official ones."""
        return (*load_digest(self._data_dir), *self._official())

    def get(self, section_id: str, on: date | None = None) -> GuidelineSection:
        """The section as it reads on a day, or its latest wording; the official one where it is imported.

        Raises:
            UnknownSectionError: the digest has no such section, or none in force on the day.
        """
        versions = self._by_id.get(section_id, ())
        found = [version for version in versions if on is None or version.in_force(on)]
        if not found:
            when = f" on {on.isoformat()}" if on and versions else ""
            raise UnknownSectionError(f"no guideline section {section_id}{when}")
        return found[-1]

    def search(self, query: str, *, on: date, limit: int = 5) -> list[GuidelineHit]:
        """Sections in force on the day that answer the query, best first; none when nothing is near."""
        if limit < 1 or not query.strip():
            return []
        if self._retriever is not None:
            return self._retriever.search(query, on=on, limit=limit)
        answers = self._answers(on)
        lexical = self._lexical.scores(query)
        words = sorted((p for p in lexical if p in answers), key=lambda p: (-lexical[p], p))
        absent = len(self.sections) - len(answers)
        near = self._store.nearest(query, on=on, limit=2 * _DEPTH, out_of_force=absent)
        found = [self._position[key] for key, similarity in near if similarity >= _FLOOR]
        rankings = tuple(
            (
                self._wordings(ranked, answers, official=official),
                share * (_OFFICIAL_SHARE if official else 1.0),
            )
            for ranked, share in ((words, _LEXICAL_SHARE), (found, _VECTOR_SHARE))
            for official in (False, True)
        )
        return [_hit(self.sections[position], score) for position, score in _fuse(rankings)[:limit]]

    def _wordings(self, ranked: Iterable[int], answers: Mapping[int, int], *, official: bool) -> list[int]:
        """The digest's sections, or the official ones, in order of rank; each by the wording that answers."""
        of_kind = (p for p in ranked if p in answers and self.sections[p].official == official)
        return list(dict.fromkeys(answers[position] for position in of_kind))[:_DEPTH]

    @lru_cache(maxsize=64)  # noqa: B019 - an index lives as long as its bookshelf
    def _answers(self, on: date) -> dict[int, int]:
        """Positions in force on a day, each with the position of the wording that answers for its id."""
        by_id: dict[str, int] = {}
        in_force = [n for n, section in enumerate(self.sections) if section.in_force(on)]
        for position in in_force:  # official wordings stand last and so take the place of the digest's
            by_id[self.sections[position].id] = position
        return {position: by_id[self.sections[position].id] for position in in_force}

    def nearest_date(self, on: date) -> date:
        """The day itself where every publication covers it, else the nearest day they do (law 1)."""
        start = max(min(s.effective_from for s in group) for group in self._by_source.values())
        ends = [max(s.effective_to or date.max for s in group) for group in self._by_source.values()]
        return max(start, min(on, *ends))

    def build(self) -> None:
        """Build or open the vector index now instead of on the first search."""
        if self._retriever is None:
            _ = self._store

    def close(self) -> None:
        """Let go of the index's files; a later search opens them again."""
        store = self.__dict__.pop("_store", None)
        if store is not None:
            store.close()

    @cached_property
    def fingerprint(self) -> str:
        """Short hash of the digest's content and of the embedder; names the index folder."""
        digest = hashlib.sha256(self._embedder.name.encode())
        for file in sorted(self._data_dir.glob("*.toml")):
            digest.update(file.name.encode() + file.read_bytes())
        for section in self._official():
            digest.update(f"{section.version} {section.title} {section.text}".encode())
        return digest.hexdigest()[:16]

    @cached_property
    def _store(self) -> "VectorStore":
        from knowledge.guidelines.store import open_store

        return open_store(self._index_dir / self.fingerprint, self.sections, self._embedder)

    @cached_property
    def _lexical(self) -> LexicalIndex:
        return LexicalIndex(self.sections)

    @cached_property
    def _position(self) -> dict[str, int]:
        return {section.version: position for position, section in enumerate(self.sections)}

    @cached_property
    def _by_id(self) -> dict[str, list[GuidelineSection]]:
        ordered = sorted(self.sections, key=lambda s: (s.official, s.effective_from))
        return _group((s.id, s) for s in ordered)

    @cached_property
    def _by_source(self) -> dict[str, list[GuidelineSection]]:
        return _group((s.source, s) for s in self.sections if not s.official)


def _group(pairs: Iterable[tuple[str, GuidelineSection]]) -> dict[str, list[GuidelineSection]]:
    groups: dict[str, list[GuidelineSection]] = {}
    for key, section in pairs:
        groups.setdefault(key, []).append(section)
    return groups


def _fuse(rankings: tuple[tuple[list[int], float], ...]) -> list[tuple[int, float]]:
    """Reciprocal rank fusion, scaled so that first in every ranking is 1."""
    best = sum(share for ranking, share in rankings if ranking) / (_FUSION + 1)
    scores: dict[int, float] = {}
    for ranking, share in rankings:
        for rank, position in enumerate(ranking, start=1):
            scores[position] = scores.get(position, 0.0) + share / (_FUSION + rank) / best
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def _hit(section: GuidelineSection, score: float) -> GuidelineHit:
    return GuidelineHit(id=section.id, title=section.title, text=section.text, score=round(score, 4))
