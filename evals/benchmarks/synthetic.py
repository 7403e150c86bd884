"""Synthetic encounters by the thousand: the shipped ones as templates, with other people, ids, days and notes.

Every member has its own patient (name, birth date, record number), its own ids, all its dates moved by the same number of
days (in the note too), and a note of its own bytes. Some members are meant to fail or to be held, so that a batch shows it.
"""

import base64
import random
import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from evals.train.moving import moved

ENCOUNTERS = Path(__file__).resolve().parents[1] / "encounters"
POLICY = ENCOUNTERS / "policy.toml"
GIVEN = [
    "Ada",
    "Bram",
    "Cleo",
    "Dario",
    "Edith",
    "Farid",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Karla",
    "Lev",
    "Mina",
    "Niels",
    "Olga",
    "Piet",
    "Rosa",
    "Sven",
    "Tilda",
    "Uri",
]
FAMILY = [
    "Aldous",
    "Barkley",
    "Corwin",
    "Delacour",
    "Ellery",
    "Fonseca",
    "Garland",
    "Hollins",
    "Iverson",
    "Jessup",
    "Kendrick",
    "Larkin",
    "Merrow",
    "Nolan",
]
DAYS = 28
"""Dates move back by up to so many days: the same fiscal year's codes, and never into the future."""
VISITS = date(2026, 8, 1)
"""About when the shipped visits are: the year of a date that tells none."""
BROKEN_EVERY, UNPAID_EVERY, FOREIGN_EVERY = 97, 23, 3


def write_batch(folder: Path, count: int, seed: int = 1, notes: tuple[str, ...] = ()) -> Path:
    """Write ``count`` Bundles and their manifest into ``folder``; the same arguments give the same bytes.

    Args:
        folder: made when missing.
        count: members.
        seed: of names and dates.
        notes: of other people's (``notes_of``): every third member holds one of them, in turn, instead of its template's.

    Returns:
        The manifest. Every 97th member is no JSON (it fails), every 23rd has no coverage (it is held).
    """
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / "manifest.jsonl"
    with manifest.open("wb") as lines:
        for name, content in encounters(count, seed, notes):
            (folder / f"{name}.json").write_bytes(content)
            lines.write(orjson.dumps({"id": name, "encounter": f"{name}.json"}) + b"\n")
    return manifest


def notes_of(file: Path) -> tuple[str, ...]:
    """The plain-text notes of a bulk export's DocumentReference.ndjson, in its order."""
    said = (orjson.loads(line)["content"][0]["attachment"]["data"] for line in file.read_bytes().splitlines())
    return tuple(base64.b64decode(one).decode() for one in said)


def encounters(count: int, seed: int = 1, notes: tuple[str, ...] = ()) -> Iterator[tuple[str, bytes]]:
    """Id and content of each member (``notes`` as in ``write_batch``)."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    names = sorted(p.stem for p in ENCOUNTERS.glob("*.json"))
    for number in range(1, count + 1):
        template = names[(number - 1) % len(names)]
        own = f"{template}-{number:06d}"
        note = notes[number // FOREIGN_EVERY % len(notes)] if notes and number % FOREIGN_EVERY == 0 else None
        content = orjson.dumps(_vary(template, own, draw, note=note, paid=number % UNPAID_EVERY != 0))
        yield own, content[: len(content) // 2] if number % BROKEN_EVERY == 0 else content


@cache
def _template(name: str) -> tuple[str, str]:
    bundle = orjson.loads((ENCOUNTERS / f"{name}.json").read_bytes())
    note = next(_notes(bundle))
    text = base64.b64decode(note["data"]).decode()
    note["data"] = ""
    return orjson.dumps(bundle).decode(), text


def _notes(bundle: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] == "DocumentReference":
            yield entry["resource"]["content"][0]["attachment"]


def _vary(template: str, own: str, draw: random.Random, *, note: str | None, paid: bool) -> dict[str, Any]:
    text, shipped = _template(template)
    back = timedelta(days=draw.randrange(DAYS))
    text = re.sub(r"\d{4}-\d\d-\d\d", lambda m: str(date.fromisoformat(m[0]) - back), text)
    bundle: dict[str, Any] = orjson.loads(text.replace(template, own))
    patient = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")
    was, name = patient["name"][0], (draw.choice(GIVEN), draw.choice(FAMILY))
    if note is None:
        named = shipped.replace(was["family"], name[1]).replace(was["given"][0], name[0])
        note = moved(named, -back, (), VISITS)
    note += f"\nChart copy {own}.\n"
    was["given"], was["family"] = [name[0]], name[1]
    patient["identifier"][0]["value"] = f"SYN-{own[-6:]}"
    next(_notes(bundle))["data"] = base64.b64encode(note.encode()).decode()
    if not paid:
        bundle["entry"] = [e for e in bundle["entry"] if e["resource"]["resourceType"] != "Coverage"]
    return bundle
