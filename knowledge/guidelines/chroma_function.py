"""Our embedders in the shape Chroma asks for (imports Chroma; loaded by the store on the first search)."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chromadb.api.types import EmbeddingFunction

from knowledge.guidelines.embedding import Embedder, LocalEmbedder

if TYPE_CHECKING:
    from knowledge.guidelines.embedding import Vector


class ChromaFunction(EmbeddingFunction[list[str]]):  # type: ignore[misc]  # mypy skips chromadb, so this is Any
    """A Chroma embedding function over any ``Embedder``."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def __call__(self, input: list[str]) -> "list[Vector]":
        """Vectors of documents."""
        return self._embedder.embed(input, query=False)

    def embed_query(self, input: list[str]) -> "list[Vector]":
        """Vectors of questions."""
        return self._embedder.embed(input, query=True)

    @staticmethod
    def name() -> str:
        """The name Chroma keeps with the collection."""
        return "superbill"

    def get_config(self) -> dict[str, str]:
        """What Chroma keeps of us: the embedder's name."""
        return {"embedder": self._embedder.name}

    @staticmethod
    def build_from_config(config: dict[str, str]) -> "ChromaFunction":
        """A function for a collection found on disk, as Chroma checks when one is made.

        Another embedder than the local one can not be made from its name; the store always gives its own.
        """
        local = config.get("embedder") == LocalEmbedder.name
        return ChromaFunction(LocalEmbedder() if local else _Named(str(config.get("embedder"))))


class _Named:
    """An embedder of which only the name is known."""

    def __init__(self, name: str) -> None:
        self.name = name

    def fit(self, texts: Sequence[str], folder: Path) -> None:
        """Nothing to learn."""

    def load(self, folder: Path) -> None:
        """Nothing to read."""

    def embed(self, texts: Sequence[str], *, query: bool) -> "list[Vector]":
        """Refuse: the embedder itself has to be given.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(f"embedder {self.name!r} has to be given, not rebuilt from its name")
