"""Running the command line inside the tests' process, over the shared bookshelf and an own store."""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from agent.cli import main
from tests.conftest import ROOT

ENCOUNTERS = ROOT / "evals" / "encounters"
POLICY = ENCOUNTERS / "policy.toml"
ANKLE = ENCOUNTERS / "05-ankle-injury.json"
ALL = {
    "coding.json",
    "claim.json",
    "claim.837",
    "claim.cms1500.pdf",
    "claim.fhir.json",
    "report.html",
    "trace.jsonl",
}
DRAFT = {"coding.json", "claim.json", "report.html", "trace.jsonl"}
Json = dict[str, Any]


@dataclass(frozen=True)
class Ran:
    """What one command gave back."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON value on one line."""
        assert self.out.count("\n") == 1
        return orjson.loads(self.out)

    @property
    def complaint(self) -> str:
        """The single line of standard error."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


@dataclass(frozen=True)
class Desk:
    """A person at a terminal: a folder of their own, a store of their own."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    @property
    def store(self) -> Path:
        return self.folder / "store"

    def run(self, *arguments: object) -> Ran:
        """Run one command to its end, usage errors included."""
        self.capsys.readouterr()
        try:
            code = main([str(a) for a in arguments])
        except SystemExit as stop:
            code = int(stop.code or 0)
        said = self.capsys.readouterr()
        return Ran(code, said.out, said.err)

    def code(self, path: Path, *arguments: object, out: str = "out", policy: Path | None = POLICY) -> Ran:
        """``superbill code PATH --json`` into ``out``, without PDF."""
        given = ["--policy", policy] if policy else []
        fixed = ["--store", self.store, "--out", self.folder / out, "--no-pdf", "--json"]
        return self.run("code", path, *fixed, *given, *arguments)

    def write(self, value: Json | bytes | str, name: str = "input.json") -> Path:
        """A file in the folder."""
        path = self.folder / name
        data = orjson.dumps(value) if isinstance(value, dict) else value
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def files(self, out: str = "out") -> set[str]:
        """Names of the files in an output folder."""
        folder = self.folder / out
        return {p.name for p in folder.iterdir()} if folder.exists() else set()

    def read(self, name: str, out: str = "out") -> Any:
        """A JSON output."""
        return orjson.loads((self.folder / out / name).read_bytes())


def bundle(path: Path = ANKLE) -> Json:
    """A shipped Bundle, ours to break."""
    return copy.deepcopy(orjson.loads(path.read_bytes()))


def all_of(given: Json, kind: str) -> list[Json]:
    """The Bundle's resources of a type."""
    return [e["resource"] for e in given["entry"] if e["resource"]["resourceType"] == kind]


def without(given: Json, kind: str) -> Json:
    """The Bundle without resources of a type."""
    return {**given, "entry": [e for e in given["entry"] if e["resource"]["resourceType"] != kind]}


def visit(given: Json) -> Json:
    """The Encounter that is coded."""
    return next(r for r in all_of(given, "Encounter") if r["id"] == "05-ankle-injury")


def note_text(given: Json) -> str:
    """The note inside the Bundle."""
    import base64

    return base64.b64decode(
        all_of(given, "DocumentReference")[0]["content"][0]["attachment"]["data"]
    ).decode()


def with_note(given: Json, text: str) -> Json:
    """The Bundle with another note."""
    import base64

    attachment = all_of(given, "DocumentReference")[0]["content"][0]["attachment"]
    attachment["data"] = base64.b64encode(text.encode()).decode()
    for stale in ("size", "hash"):
        attachment.pop(stale, None)
    return given


def billing(given: Json) -> Json:
    """The billing Organization."""
    return next(r for r in all_of(given, "Organization") if r["id"] == "prairie")
