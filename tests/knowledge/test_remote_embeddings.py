"""Bedrock embeddings and knowledge bases through boto3 against a loopback server; ONNX where its model is."""

import json
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote

import pytest

from agent.settings import SettingsError, load_settings
from agent.shelf import embedding_of
from knowledge.bookshelf import DATA
from knowledge.guidelines import GuidelineIndex
from knowledge.guidelines.remote import BedrockEmbedder, EmbeddingError, KnowledgeBase, OnnxEmbedder
from tests.loopback import listening

ON = date(2026, 8, 3)


def _vector(text: str) -> list[float]:
    """A vector of words, so that texts that share words are near."""
    out = [0.0] * 64
    for word in text.lower().split():
        out[int(sha256(word.strip(".,:?").encode()).hexdigest(), 16) % 64] += 2.0
    return out


class _Bedrock(BaseHTTPRequestHandler):
    asked: ClassVar[list[tuple[str, dict[str, Any]]]] = []
    fails: ClassVar[bool] = False

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        path = unquote(self.path)
        self.asked.append((path, body))
        if self.fails:
            self._answer(403, {"message": "not allowed"})
        elif "/model/amazon.titan" in path:
            self._answer(200, {"embedding": _vector(body["inputText"]), "inputTextTokenCount": 3})
        elif "/model/cohere" in path:
            self._answer(200, {"embeddings": [_vector(text) for text in body["texts"]], "id": "x"})
        else:
            self._answer(200, {"retrievalResults": [_section("IV.H", 0.8), _section("I.C.9.a", 0.4)]})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        return


def _section(name: str, score: float) -> dict[str, Any]:
    told = {"id": name, "title": f"Title of {name}", "from": 20251001, "to": 20260930}
    return {"content": {"text": f"Text of {name}"}, "score": score, "metadata": told}


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setattr(_Bedrock, "asked", [])
    monkeypatch.setattr(_Bedrock, "fails", False)
    with listening(_Bedrock) as address:
        yield {"AWS_REGION": "us-east-1", "SUPERBILL_BEDROCK_ENDPOINT": address}


def _made(environ: dict[str, str], spec: str) -> Any:
    make = embedding_of(load_settings({**environ, "SUPERBILL_EMBEDDINGS": spec}))
    assert make is not None
    return make()


def _digest(folder: Path) -> Path:
    (folder / "guidelines").mkdir()
    sections = "".join(
        f'[[section]]\nid = "I.A.{n}"\ntitle = "{title}"\ntext = "{text}"\n'
        for n, (title, text) in enumerate(
            [
                ("Laterality", "Sides are coded left or right."),
                ("Sepsis", "Organ failure makes sepsis severe."),
            ],
            start=1,
        )
    )
    (folder / "guidelines" / "own.toml").write_text(
        f'source = "own"\neffective_from = 2025-10-01\neffective_to = 2026-09-30\n{sections}'
    )
    return folder


@pytest.mark.parametrize("model", ["amazon.titan-embed-text-v2:0", "cohere.embed-english-v3"])
def test_bedrock_embeds_the_guidelines(environ: dict[str, str], tmp_path: Path, model: str) -> None:
    embedder = _made(environ, f"bedrock:{model}")
    assert isinstance(embedder, BedrockEmbedder)
    index = GuidelineIndex.open(_digest(tmp_path), tmp_path / "index", embedder=embedder)
    hits = index.search("severe sepsis with organ failure", on=ON, limit=1)
    index.close()
    assert [hit.id for hit in hits] == ["I.A.2"]
    paths = {path for path, _ in _Bedrock.asked}
    assert paths == {f"/model/{model}/invoke"}
    if model.startswith("cohere"):
        assert [body["input_type"] for _, body in _Bedrock.asked] == ["search_document", "search_query"]
    else:
        assert all(body["normalize"] for _, body in _Bedrock.asked)
    vector = embedder.embed(["two words"], query=True)[0]
    assert abs(float((vector**2).sum()) - 1) < 1e-5


def test_a_refusal_is_told_without_the_text(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = _made(environ, "bedrock:amazon.titan-embed-text-v1")
    monkeypatch.setattr(_Bedrock, "fails", True)
    with pytest.raises(EmbeddingError, match="gives no vectors") as caught:
        embedder.embed(["words of a patient"], query=True)
    assert "patient" not in str(caught.value)
    with pytest.raises(EmbeddingError, match="Titan or Cohere"):
        _made(environ, "bedrock:other.model")


def test_a_knowledge_base_answers_with_a_date_filter(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = _made(environ, "knowledge-base:KB12345678")
    assert isinstance(base, KnowledgeBase)
    index = GuidelineIndex.open(DATA, tmp_path, retriever=base)
    hits = index.search("suspected pneumonia", on=ON, limit=2)
    assert [(hit.id, hit.score) for hit in hits] == [("IV.H", 0.8), ("I.C.9.a", 0.4)]
    path, body = _Bedrock.asked[0]
    assert path == "/knowledgebases/KB12345678/retrieve"
    asked = body["retrievalConfiguration"]["vectorSearchConfiguration"]
    assert asked["filter"]["andAll"] == [
        {"lessThanOrEquals": {"key": "from", "value": 20260803}},
        {"greaterThanOrEquals": {"key": "to", "value": 20260803}},
    ]
    assert asked["numberOfResults"] == 2
    assert not list(tmp_path.iterdir())  # no local index is built
    monkeypatch.setattr(_Bedrock, "fails", True)
    with pytest.raises(EmbeddingError, match="knowledge base KB12345678"):
        index.search("suspected pneumonia", on=ON, limit=2)


def test_onnx_needs_its_model_file_and_downloads_nothing(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError, match=r"holds no model\.onnx"):
        OnnxEmbedder(tmp_path)


def test_the_setting_is_strict() -> None:
    assert embedding_of(load_settings({})) is None
    for spec in ("bedrock", "openai:x", "local:x", "knowledge-base:"):
        with pytest.raises(SettingsError, match="SUPERBILL_EMBEDDINGS"):
            embedding_of(load_settings({"SUPERBILL_EMBEDDINGS": spec}))
