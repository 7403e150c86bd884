"""The pages' templates: Jinja2 with autoescape and strict names, and the few filters they use."""

import hashlib
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

STATUS_WORDS = {
    "held": "Held",
    "blocked": "Blocked",
    "emitted": "Emitted",
    "rejected": "Rejected",
}


class Pages:
    """Renders a template of this package; everything that comes from a record is escaped."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=PackageLoader(__package__, "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {
            "money": money,
            "day": day,
            "moment": moment,
            "plain": plain,
            "words": words,
        }
        self._environment.globals |= {"version": _version(), "status_words": STATUS_WORDS}

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """The template filled in."""
        return self._environment.get_template(name).render(values)


def money(amount: Decimal | float | None) -> str:
    """US dollars, or a dash when unknown."""
    return "–" if amount is None else f"${amount:,.2f}"


def day(given: date | str | None) -> str:
    """A date as ``2026-07-14``, or a dash."""
    if not given:
        return "–"
    return (given if isinstance(given, str) else given.isoformat())[:10]


def moment(given: datetime | str | None) -> str:
    """Date and minute as ``2026-07-14 11:02``, or a dash."""
    if given is None:
        return "–"
    text = given.isoformat() if isinstance(given, datetime) else given
    return text[:16].replace("T", " ")


def plain(number: Decimal | float) -> str:
    """A number without needless zeros."""
    text = f"{Decimal(str(number)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def words(value: object) -> str:
    """A value of the audit as people read it: lists with commas, hashes cut short."""
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {words(held)}" for key, held in value.items() if held not in ([], "", None))
    if isinstance(value, list | tuple):
        return ", ".join(map(words, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return f"{text[:12]}…" if _HASH.fullmatch(text) else text


_HASH = re.compile("[0-9a-f]{64}")


def _version() -> str:
    """A mark of the static files, so that browsers fetch them again when they change."""
    digest = hashlib.sha256()
    for file in sorted((files(__package__) / "static").iterdir(), key=lambda f: f.name):
        if file.is_file():
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
