"""The registry of tuned models: what each was made of and how it was judged, which one is active, and the way back.

One SQLite file in the store's folder. ``registry:active`` as a model spec is the model last promoted; after a rollback the one before
it, and before the first the base model. ``registry:<name>`` is a tuned model that is served but need not be active.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import orjson

from knowledge.records import Record

FILE: Final = "models.sqlite"
State = Literal["training", "trained", "serving", "failed"]
_SCHEMA: Final = """
create table if not exists model (name text primary key, body text not null) strict;
create table if not exists activation (
  seq integer primary key, action text not null, name text not null, spec text not null, who text not null,
  reason text not null, at text not null) strict;
"""


class RegistryError(Exception):
    """The registry can not do it: which model, why, what to do."""


class Judgement(Record):
    """How a tuned model did against the model before it, on the same cases; ``passed`` is the gate's verdict."""

    cases: int
    before: str
    rates: dict[str, tuple[float, float]]
    passed: bool
    why: tuple[str, ...] = ()


class TunedModel(Record):
    """A tuned model: what it was made of, where it is, how it was judged.

    Attributes:
        kind: customization type of Bedrock.
        data_sha256: of the training data's manifest.
        job: ARN of the customization job; ``arn`` of the model it made; ``serving`` of the deployment or throughput.
        evaluations: Bedrock's evaluation jobs (ARN and status).
    """

    name: str
    base: str
    kind: str
    format: str
    data_sha256: str
    examples: int
    job: str
    created: datetime
    state: State = "training"
    arn: str | None = None
    serving: str | None = None
    failure: str | None = None
    judgement: Judgement | None = None
    evaluations: tuple[tuple[str, str], ...] = ()


class Activation(Record):
    """Who made which model the active one, when and why; ``action`` promote or rollback."""

    action: Literal["promote", "rollback"]
    name: str
    spec: str
    who: str
    reason: str
    at: datetime


class Registry:
    """The tuned models of a store."""

    def __init__(self, folder: Path) -> None:
        """Open or make the registry in a store's folder, readable by its owner only.

        Raises:
            RegistryError: it can not be kept there.
        """
        self._path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._path.touch(mode=0o600)
            with self._open() as db:
                db.executescript(_SCHEMA)
        except (OSError, sqlite3.DatabaseError) as error:
            raise RegistryError(f"{self._path}: no registry can be kept here; give --store") from error

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._path, timeout=30)
        try:
            with db:
                yield db
        finally:
            db.close()

    def put(self, model: TunedModel) -> TunedModel:
        """Keep a model, in place of what was known of it."""
        with self._open() as db:
            db.execute("insert or replace into model values (?, ?)", (model.name, model.model_dump_json()))
        return model

    def update(self, name: str, **changes: Any) -> TunedModel:
        """Change what is known of a model.

        Raises:
            RegistryError: no such model.
        """
        return self.put(self.get(name).model_copy(update=changes))

    def get(self, name: str) -> TunedModel:
        """A model by its name.

        Raises:
            RegistryError: no such model.
        """
        with self._open() as db:
            row = db.execute("select body from model where name = ?", (name,)).fetchone()
        if row is None:
            known = ", ".join(m.name for m in self.models()) or "none"
            raise RegistryError(f"no tuned model {name!r}; there are: {known} (superbill train status)")
        return TunedModel.model_validate(orjson.loads(row[0]))

    def models(self) -> tuple[TunedModel, ...]:
        """Every model, by its name."""
        with self._open() as db:
            rows = db.execute("select body from model order by name").fetchall()
        return tuple(TunedModel.model_validate(orjson.loads(body)) for (body,) in rows)

    def history(self) -> tuple[Activation, ...]:
        """Every promotion and rollback, oldest first."""
        with self._open() as db:
            rows = db.execute(
                "select action, name, spec, who, reason, at from activation order by seq"
            ).fetchall()
        names = ("action", "name", "spec", "who", "reason", "at")
        return tuple(Activation.model_validate(dict(zip(names, row, strict=True))) for row in rows)

    def active(self) -> str:
        """The model spec that ``registry:active`` stands for.

        Raises:
            RegistryError: nothing was ever promoted.
        """
        history = self.history()
        if not history:
            raise RegistryError(
                "no tuned model is active; promote one (superbill train promote), or name a model"
            )
        return history[-1].spec

    def promote(self, name: str, who: str, reason: str) -> str:
        """Make a served model the active one; returns its spec. Whether it may be is the gate's business.

        Raises:
            RegistryError: no such model, it is not served, or it is active already.
        """
        spec = self.spec(name)
        history = self.history()
        if history and history[-1].spec == spec:
            raise RegistryError(f"{name} is active already")
        self._add("promote", name, spec, who, reason)
        return spec

    def rollback(self, who: str, reason: str) -> str:
        """Make the model before the active one active again; before the first stands its base model.

        Raises:
            RegistryError: there is nothing to go back from.
        """
        standing: list[Activation] = []
        for one in self.history():
            standing = standing[:-1] if one.action == "rollback" else [*standing, one]
        if not standing:
            raise RegistryError("nothing to roll back: no tuned model is active")
        last = standing.pop()
        if standing:
            name, spec = standing[-1].name, standing[-1].spec
        else:
            name = self.get(last.name).base
            spec = f"bedrock:{name}"
        self._add("rollback", name, spec, who, reason)
        return spec

    def spec(self, name: str) -> str:
        """The model spec of a served model.

        Raises:
            RegistryError: no such model, or it is not served.
        """
        model = self.get(name)
        if model.state != "serving" or model.serving is None:
            raise RegistryError(f"{name} is not served (it is {model.state}): superbill train deploy {name}")
        return f"bedrock:{model.serving}"

    def _add(self, action: str, name: str, spec: str, who: str, reason: str) -> None:
        with self._open() as db:
            db.execute(
                "insert into activation (action, name, spec, who, reason, at) values (?, ?, ?, ?, ?, ?)",
                (action, name, spec, who, reason, datetime.now(UTC).isoformat()),
            )


def resolved(spec: str, folder: Path) -> str:
    """A model spec with ``registry:`` looked up in a store's folder; any other is given back.

    Raises:
        RegistryError: nothing is active, or there is no such model.
    """
    kind, _, name = spec.partition(":")
    if kind != "registry":
        return spec
    if not (folder / FILE).is_file():
        raise RegistryError(
            f"{folder}: holds no tuned model; train and promote one (superbill train), or name a model"
        )
    registry = Registry(folder)
    return registry.active() if name in {"", "active"} else registry.spec(name)
