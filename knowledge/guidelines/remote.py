"""Embeddings of Amazon Bedrock (Titan, Cohere), of Chroma's ONNX MiniLM, and Bedrock Knowledge Bases as a retriever."""

import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from knowledge.editions import day_number
from knowledge.errors import KnowledgeError
from knowledge.guidelines.embedding import unit
from knowledge.guidelines.index import GuidelineHit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]

_TITAN_LONGEST: Final = 40_000
"""Characters sent to Titan at most (its limit is 50,000 characters and 8,192 tokens)."""
_COHERE_LONGEST: Final = 2_000
"""Characters of one text for Cohere on Bedrock (2,048 at most)."""
_COHERE_TEXTS: Final = 96
"""Texts in one call to Cohere."""


class EmbeddingError(KnowledgeError):
    """A text could not be turned into a vector, or a knowledge base not asked: what, and what to do."""


class Runtime(Protocol):
    """The call of a ``bedrock-runtime`` client that is used here."""

    def invoke_model(self, **what: Any) -> dict[str, Any]:
        """Run a model on a JSON body."""


class AgentRuntime(Protocol):
    """The call of a ``bedrock-agent-runtime`` client that is used here."""

    def retrieve(self, **what: Any) -> dict[str, Any]:
        """Ask a knowledge base."""


class BedrockEmbedder:
    """Embeddings by Amazon Titan or Cohere; questions and documents are told apart where the model knows to."""

    def __init__(self, client: Runtime, model: str) -> None:
        """Make an embedder of a model id (``amazon.titan-embed-text-v2:0``, ``cohere.embed-english-v3``).

        Raises:
            EmbeddingError: the model is neither Titan nor Cohere.
        """
        self.name = f"bedrock-{model.replace(':', '-').replace('/', '-')}"
        self._client = client
        self._model = model
        kinds: dict[str, Callable[[Sequence[str], bool], list[list[float]]]] = {
            "titan-embed": self._titan,
            "cohere.embed": self._cohere,
        }
        found = next((ask for part, ask in kinds.items() if part in model), None)
        if found is None:
            raise EmbeddingError(f"{model}: is no embedding model of Amazon Titan or Cohere")
        self._ask = found

    def fit(self, texts: Sequence[str], folder: Path) -> None:
        """Learn nothing: the model is trained."""

    def load(self, folder: Path) -> None:
        """Read nothing back."""

    def embed(self, texts: Sequence[str], *, query: bool) -> "list[Vector]":
        """One unit vector a text.

        Raises:
            EmbeddingError: the service was not reached, refused, or answered with something else than vectors.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            vectors = self._ask(texts, query)
        except (BotoCoreError, ClientError, KeyError, ValueError) as error:
            raise EmbeddingError(
                f"{self._model}: gives no vectors ({type(error).__name__}: {error})"
            ) from error
        if len(vectors) != len(texts):
            raise EmbeddingError(f"{self._model}: gives {len(vectors)} vectors for {len(texts)} texts")
        return _units(vectors)

    def _titan(self, texts: Sequence[str], query: bool) -> list[list[float]]:
        version2 = {"normalize": True} if "v2" in self._model else {}
        bodies = ({"inputText": text[:_TITAN_LONGEST], **version2} for text in texts)
        return [self._invoke(body)["embedding"] for body in bodies]

    def _cohere(self, texts: Sequence[str], query: bool) -> list[list[float]]:
        out: list[list[float]] = []
        for start in range(0, len(texts), _COHERE_TEXTS):
            part = [text[:_COHERE_LONGEST] for text in texts[start : start + _COHERE_TEXTS]]
            kind = "search_query" if query else "search_document"
            out += self._invoke({"texts": part, "input_type": kind})["embeddings"]
        return out

    def _invoke(self, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._client.invoke_model(
            modelId=self._model,
            body=json.dumps(body),
            accept="application/json",
            contentType="application/json",
        )
        found: dict[str, Any] = json.loads(answer["body"].read())
        return found


class OnnxEmbedder:
    """Chroma's all-MiniLM-L6-v2 on the ONNX runtime, where its model file is present: nothing is downloaded here."""

    name = "onnx-all-MiniLM-L6-v2"

    def __init__(self, folder: Path | None = None) -> None:
        """Open the model in a folder; None means where Chroma keeps it.

        Raises:
            EmbeddingError: the model file is not there.
        """
        from chromadb.utils.embedding_functions.onnx_mini_lm_l6_v2 import ONNXMiniLM_L6_V2

        held = folder or Path(ONNXMiniLM_L6_V2.DOWNLOAD_PATH) / ONNXMiniLM_L6_V2.EXTRACTED_FOLDER_NAME
        if not (held / "model.onnx").is_file() or not (held / "tokenizer.json").is_file():
            raise EmbeddingError(f"{held}: holds no model.onnx with its tokenizer; put Chroma's MiniLM there")
        self._embed = ONNXMiniLM_L6_V2()
        if folder is not None:
            self._embed.DOWNLOAD_PATH, self._embed.EXTRACTED_FOLDER_NAME = folder.parent, folder.name

    def fit(self, texts: Sequence[str], folder: Path) -> None:
        """Learn nothing: the model is trained."""

    def load(self, folder: Path) -> None:
        """Read nothing back."""

    def embed(self, texts: Sequence[str], *, query: bool) -> "list[Vector]":
        """One unit vector a text."""
        return _units(self._embed(list(texts)))


class KnowledgeBase:
    """A Bedrock knowledge base of guideline sections, asked instead of the local index.

    Its documents carry the metadata ``id``, ``title`` and, as numbers YYYYMMDD, ``from`` and ``to``.
    """

    def __init__(self, client: AgentRuntime, base: str) -> None:
        self._client = client
        self._base = base

    def search(self, query: str, *, on: date, limit: int = 5) -> list[GuidelineHit]:
        """Sections in force on the day that answer the query, best first.

        Raises:
            EmbeddingError: the service was not reached or refused, or a document has no section id.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        day = day_number(on)
        in_force = [
            {"lessThanOrEquals": {"key": "from", "value": day}},
            {"greaterThanOrEquals": {"key": "to", "value": day}},
        ]
        try:
            answer = self._client.retrieve(
                knowledgeBaseId=self._base,
                retrievalQuery={"text": query},
                retrievalConfiguration={
                    "vectorSearchConfiguration": {"numberOfResults": limit, "filter": {"andAll": in_force}}
                },
            )
        except (BotoCoreError, ClientError) as error:
            raise EmbeddingError(f"knowledge base {self._base}: {type(error).__name__}: {error}") from error
        return [self._hit(found) for found in answer["retrievalResults"]][:limit]

    def _hit(self, found: dict[str, Any]) -> GuidelineHit:
        told = found.get("metadata", {})
        if "id" not in told:
            raise EmbeddingError(f"knowledge base {self._base}: a document has no section id in its metadata")
        score = round(min(1.0, max(0.0, float(found.get("score", 0.0)))), 4)
        text = str(found["content"]["text"])
        return GuidelineHit(id=str(told["id"]), title=str(told.get("title", "")), text=text, score=score)


def _units(vectors: Sequence[Sequence[float]]) -> "list[Vector]":
    import numpy as np

    return [unit(np.asarray(numbers, dtype=np.float32)) for numbers in vectors]
