"""The Chroma collection of the digest: built once in a folder, opened by any number of processes.

The only module that knows Chroma; it is imported on the first search, for Chroma takes a second to load.
"""

import os
import shutil
import uuid
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from knowledge.editions import day_number
from knowledge.guidelines.digest import GuidelineSection
from knowledge.guidelines.embedding import Embedder

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

_NAME = "guidelines"
_READY = "ready"


class _Collection(Protocol):
    """The two calls of a Chroma collection that are used here."""

    def add(self, **what: object) -> None: ...

    def query(self, **what: object) -> dict[str, list[list[str]] | list[list[float]]]: ...


class VectorStore:
    """Nearest sections by cosine among those in force on a day."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self._embedder = embedder
        self._client = _client(folder)
        self._collection = cast(
            "_Collection", self._client.get_collection(_NAME, embedding_function=_chroma_function(embedder))
        )

    def nearest(self, query: str, *, on: date, limit: int, out_of_force: int = 0) -> list[tuple[str, float]]:
        """Version keys and cosine similarities, best first.

        Chroma's own date filter costs three times the search. When only a few sections are out of force,
        that many more are fetched and the caller leaves them out; else Chroma filters.

        Args:
            query: the question.
            on: the day.
            limit: how many in force are wanted.
            out_of_force: how many of the sections are not in force on the day.
        """
        vectors = self._embedder.embed([query], query=True)
        if not vectors[0].any():
            return []
        few = out_of_force <= limit
        answer = self._collection.query(
            query_embeddings=vectors,
            n_results=limit + out_of_force if few else limit,
            where=None if few else _in_force(on),
            include=["distances"],
        )
        ids = cast("list[list[str]]", answer["ids"])[0]
        distances = cast("list[list[float]]", answer["distances"])[0]
        return [(key, 1.0 - distance) for key, distance in zip(ids, distances, strict=True)]

    def close(self) -> None:
        """Let go of the files."""
        self._client.close()


def open_store(folder: Path, sections: Sequence[GuidelineSection], embedder: Embedder) -> VectorStore:
    """Open the store in the folder, building it first when it is missing.

    It is built beside its place and moved there in one step, so that a process that dies leaves nothing half
    done and several that build at once end with one whole store.
    """
    if not (folder / _READY).exists():
        _build(folder, sections, embedder)
    embedder.load(folder)
    return VectorStore(folder, embedder)


def _build(folder: Path, sections: Sequence[GuidelineSection], embedder: Embedder) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = folder.parent / f".{folder.name}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    draft.mkdir(mode=0o700)
    try:
        _fill(draft, sections, embedder)
        (draft / _READY).touch()
        try:
            draft.rename(folder)
        except OSError:
            if not (folder / _READY).exists():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _fill(draft: Path, sections: Sequence[GuidelineSection], embedder: Embedder) -> None:
    texts = [searchable(section) for section in sections]
    embedder.fit(texts, draft)
    client = _client(draft)
    try:
        collection = cast(
            "_Collection",
            client.create_collection(
                _NAME,
                embedding_function=_chroma_function(embedder),
                configuration={"hnsw": {"space": "cosine"}},
            ),
        )
        collection.add(
            ids=[section.version for section in sections],
            documents=texts,
            metadatas=[_metadata(section) for section in sections],
        )
    finally:
        client.close()


def searchable(section: GuidelineSection) -> str:
    """The text that is embedded: the title twice, the keywords, then the section."""
    return f"{section.title}. {section.title}. {', '.join(section.keywords)}. {section.text}"


def _metadata(section: GuidelineSection) -> dict[str, str | int]:
    return {
        "id": section.id,
        "from": day_number(section.effective_from),
        "to": day_number(section.effective_to),
        "source": section.source,
    }


def _in_force(on: date) -> dict[str, list[dict[str, dict[str, int]]]]:
    day = day_number(on)
    return {"$and": [{"from": {"$lte": day}}, {"to": {"$gte": day}}]}


def _client(folder: Path) -> "ClientAPI":
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(path=str(folder), settings=Settings(anonymized_telemetry=False))


def _chroma_function(embedder: Embedder) -> object:
    from knowledge.guidelines.chroma_function import ChromaFunction

    return ChromaFunction(embedder)
