"""Approved cases as a Chroma collection, one folder a practice, so that no practice ever sees another's.

Only vectors, codes and reasons are kept, no text of a note; with a key at rest all but the vectors is sealed. Chroma
is not made for several processes that write at once, so every visit opens the folder under a lock and closes it
again; it happens once an approval, or once a lookup.
"""

import fcntl
import hashlib
import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from agent import vault
from knowledge.bookshelf import Bookshelf
from knowledge.guidelines.embedding import LocalEmbedder
from tools.examples import Example

NAME = "approved"
FLOOR = 0.05
"""Under it two notes share little but the form of a note."""
HEADER = struct.Struct("<4xQQQQ")


@dataclass(frozen=True, kw_only=True)
class CaseExamples:
    """The approved cases of one practice below a store's folder."""

    store: Path
    tenant: str
    bookshelf: Bookshelf

    def for_tenant(self, tenant: str) -> "CaseExamples":
        """Those of another practice; nothing is shared but the place."""
        return replace(self, tenant=tenant)

    @property
    def folder(self) -> Path:
        """The practice's own folder; its name does not tell the practice's."""
        return self.store / "examples" / hashlib.sha256(self.tenant.encode()).hexdigest()[:16]

    def add(self, text: str, example: Example) -> None:
        """Keep an approved case, in place of an earlier coding of the same encounter."""
        with self._open() as (collection, embedder):
            collection.upsert(
                ids=[vault.blind(example.encounter)],
                embeddings=embedder.embed([text], query=False),
                metadatas=[{"said": vault.seal_text(NAME, _dumped(example))}],
            )

    def forget(self, encounters: Iterable[str]) -> None:
        """Take cases out (a purge)."""
        listed = list(encounters)
        if listed and self.folder.is_dir():
            with self._open() as (collection, _):
                collection.delete(ids=list(map(vault.blind, listed)))

    def similar(self, text: str, *, limit: int, leave_out: str = "") -> tuple[Example, ...]:
        """See ``tools.examples.Examples``."""
        if not self.folder.is_dir():
            return ()
        with self._open() as (collection, embedder):
            (vector,) = embedder.embed([text], query=False)
            kept = collection.count()
            if not kept or not vector.any():
                return ()
            found = collection.query(
                query_embeddings=[vector], n_results=min(limit + 1, kept), include=["metadatas", "distances"]
            )
        hidden = vault.blind(leave_out)
        rows = zip(found["ids"][0], found["metadatas"][0], found["distances"][0], strict=True)
        nearest = (_example(said["said"], distance) for own, said, distance in rows if own != hidden)
        return tuple(e for e in nearest if e.score >= FLOOR)[:limit]

    @contextmanager
    def _open(self) -> Iterator[tuple[Any, LocalEmbedder]]:
        """The collection and the embedder, alone; both are made on the first visit."""
        import chromadb
        from chromadb.config import Settings

        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.parent.chmod(0o700)
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            embedder = self._embedder()
            client = chromadb.PersistentClient(
                path=str(self.folder), settings=Settings(anonymized_telemetry=False)
            )
            try:
                yield (
                    client.get_or_create_collection(
                        NAME, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
                    ),
                    embedder,
                )
            finally:
                client.close()
                blank_unused(self.folder)
        finally:
            os.close(handle)

    def _embedder(self) -> LocalEmbedder:
        """The guidelines' embedder, weighted by what is rare among clinical terms; words that are none weigh nothing."""
        embedder = LocalEmbedder()
        if not (self.folder / "idf.npy").is_file():
            vocabulary = self.bookshelf.vocabulary
            terms = [p.term for p in vocabulary.problems]
            terms += [t.term for t in vocabulary.tests]
            terms += [m.name for m in vocabulary.medications]
            embedder.fit([*terms, *(s.term for s in vocabulary.services)], self.folder)
        embedder.load(self.folder)
        return embedder


def blank_unused(folder: Path) -> None:
    """Zero what hnswlib wrote of places that hold no vector yet: memory of this process, whatever stood in it before.

    ``header.bin`` of an index holds, after a version of 4 bytes, numbers of 8 bytes: offset, places, places used, bytes of a place.
    """
    for header in folder.rglob("header.bin"):
        _, _, used, size = HEADER.unpack_from(header.read_bytes())
        places = header.with_name("data_level0.bin")
        rest = places.stat().st_size - used * size
        with places.open("r+b") as file:
            file.seek(used * size)
            if file.read().strip(b"\0"):
                file.seek(used * size)
                file.write(bytes(rest))


def _dumped(example: Example) -> str:
    return orjson.dumps(example.model_dump(exclude={"score"})).decode()


def _example(said: str, distance: float) -> Example:
    score = round(max(0.0, min(1.0, 1.0 - distance)), 4)
    return Example.model_validate({**orjson.loads(vault.unseal_text(NAME, said)), "score": score})
