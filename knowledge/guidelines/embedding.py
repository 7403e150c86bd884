"""Turning texts into vectors behind one seam: ``Embedder``; the default needs no model and no download."""

import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from knowledge.guidelines.words import expand, stem, terms, tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]

_IDF_BUCKETS = 1 << 18
_KINDS = {"w": 1.0, "p": 0.7, "g": 0.25}  # words, word pairs, character n-grams
_SYNONYM = 0.5


class Embedder(Protocol):
    """Whatever turns texts into vectors of one length; vectors of one embedder can be compared by cosine.

    Others (Bedrock Titan or Cohere, Chroma's ONNX MiniLM) only need these four names. ``fit`` may be a no-op;
    what it learns is written to and read from the index folder.
    """

    @property
    def name(self) -> str:
        """Name and version; another name means another index."""

    def fit(self, texts: Sequence[str], folder: Path) -> None:
        """Learn what the corpus can teach and keep it in the folder."""

    def load(self, folder: Path) -> None:
        """Read back what ``fit`` kept."""

    def embed(self, texts: Sequence[str], *, query: bool) -> "list[Vector]":
        """One unit vector a text; a query may be treated unlike a document."""


class LocalEmbedder:
    """Hashed words, word pairs and character n-grams, weighted by what is rare in the digest.

    Word features carry the meaning, character n-grams forgive spelling and inflection, and a question is
    widened by the synonyms coders use. The same text gives the same vector on every machine.
    """

    name = "local-hash-3"
    dimensions = 2048

    def __init__(self) -> None:
        self._idf: Vector | None = None

    def fit(self, texts: Sequence[str], folder: Path) -> None:
        """Learn the inverse document frequencies of the features and keep them in ``idf.npy``."""
        import numpy as np

        seen = np.zeros(_IDF_BUCKETS, dtype=np.float32)
        for text in texts:
            buckets = {_bucket(feature) for feature in _features(text)}
            seen[list(buckets)] += 1
        idf: Vector = np.log((len(texts) + 1) / (seen + 0.5)).clip(min=0.05).astype(np.float32)
        idf[seen == 0] = 0  # a word that no section holds says nothing of any section
        np.save(folder / "idf.npy", idf)
        self._idf = idf

    def load(self, folder: Path) -> None:
        """Read the frequencies that ``fit`` kept."""
        import numpy as np

        self._idf = np.load(folder / "idf.npy", allow_pickle=False)

    def embed(self, texts: Sequence[str], *, query: bool) -> "list[Vector]":
        """One unit vector of 2,048 numbers a text.

        Raises:
            RuntimeError: neither ``fit`` nor ``load`` was called.
        """
        features = _question_features if query else _features
        return [self._vector(features(text)) for text in texts]

    def _vector(self, features: dict[str, float]) -> "Vector":
        import numpy as np

        if self._idf is None:
            raise RuntimeError("the embedder has to be fitted or loaded first")
        vector = np.zeros(self.dimensions, dtype=np.float32)
        for feature, weight in features.items():
            code = zlib.crc32(feature.encode())
            signed = _KINDS[feature[0]] if code & 0x80000000 else -_KINDS[feature[0]]
            vector[code % self.dimensions] += signed * weight**0.5 * self._idf[code % _IDF_BUCKETS]
        return unit(vector)


def unit(vector: "Vector") -> "Vector":
    """The vector at length 1; one of zeros stays."""
    import numpy as np

    length = float(np.linalg.norm(vector))
    return vector / length if length else vector


def _bucket(feature: str) -> int:
    return zlib.crc32(feature.encode()) % _IDF_BUCKETS


def _features(text: str) -> dict[str, float]:
    stems = terms(text)
    found = Counter(f"w{term}" for term in stems)
    plain = [term for term in stems if not term.startswith("~")]
    found.update(f"p{a} {b}" for a, b in pairwise(plain))
    found.update(f"g{gram}" for gram in _grams(tokens(text)))
    return {feature: float(count) for feature, count in found.items()}


def _question_features(text: str) -> dict[str, float]:
    added = {f"w{term}": _SYNONYM for term in expand(terms(text))}
    return _features(text) | added


def _grams(words: Iterable[str]) -> Iterable[str]:
    for word in words:
        if len(word) > 4:
            padded = f"<{stem(word)}>"
            yield from (padded[i : i + 4] for i in range(len(padded) - 3))
