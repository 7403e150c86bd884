"""Procedures told by their act ("the laceration was repaired") instead of their name; the table maps act to look-up words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agent.coder.case import Case, Seen
from agent.coder.spoken import sentences
from knowledge.errors import TableError
from knowledge.tables import read_csv

TABLE = Path(__file__).parent / "data" / "acts.csv"
TITLE = "^"
"""A pattern that begins so names the procedure as the title of its own section, without a verb; elsewhere it is a plan."""
NAMED = re.compile(r"incision and drainage|\bi ?& ?d\b|laceration repair|repair of the")
FRACTURE_CARE = re.compile(
    r"\bclosed (?:treatment|reduction|management) of (?:the |a |an |her |his )?(?:(?:left|right|nondisplaced|displaced|closed) )*"
    r"(?P<bone>[a-z ]{3,30}?) fracture\b"
)
MANIPULATED = re.compile(r"(?<!without )(?<!no )\bmanipulation\b|\bclosed reduction\b")
STRIPS = re.compile(r"\b(?:adhesive|wound|steri)[- ]?(?:closure )?strips?\b")
SEWN = re.compile(r"\b(?:sutur\w*|stitch\w*|stapl\w*|glue\w*|tissue adhesive|dermabond|cyanoacrylate)\b")
"""A wound closed with adhesive strips alone belongs to the visit (CPT repair)."""
NOT_DONE = re.compile(
    r"\b(?:not|if|should|may|might|could|declin\w*|refus\w*|previously|yesterday|ago|attempted|unable|will)\b"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """One row: how a sentence tells the act, and the words that find its code."""

    pattern: str
    query: str


def sides_said(text: str) -> list[str]:
    """The sides that a lower-cased text names."""
    return [s for s in ("left", "right") if re.search(rf"\b{s}\b", text)]


def acts(case: Case) -> Iterator[Seen]:
    """Every act a sentence tells as done, as a procedure that can be looked up; where and when is for the caller to judge."""
    for seen, text in sentences(case):
        low = text.lower()
        if NOT_DONE.search(low) or NAMED.search(low) or _strips_alone(low):
            continue
        titled = seen.section_kind == "procedures"
        query = _fracture(low) or next(
            (
                row.query
                for row in _table()
                if (titled or row.pattern[0] != TITLE) and re.search(row.pattern, low)
            ),
            None,
        )
        if query:
            sides = sides_said(low)
            side = "bilateral" if len(sides) == 2 or "both ears" in low else next(iter(sides), None)
            told = {
                "kind": "procedure", "concept": query, "assertion": "present", "experiencer": "patient",
                "event": "done", "laterality": side,
            }  # fmt: skip
            yield Seen(document=seen.document, index=-1, raw={**seen.raw, **told})


def _strips_alone(low: str) -> bool:
    return bool(STRIPS.search(low)) and not SEWN.search(low)


def _fracture(low: str) -> str | None:
    """Closed treatment of a fracture, told as given: the bone, and whether it was set (CPT musculoskeletal)."""
    found = FRACTURE_CARE.search(low)
    if not found:
        return None
    moved = "no manipulation" if not MANIPULATED.search(low) else "with manipulation"
    bone = re.sub(r"\bdistal\b", "lower", re.sub(r"\bproximal\b", "upper", found["bone"].strip()))
    return f"closed {bone} fracture care, {moved}"


@cache
def _table() -> tuple[Act, ...]:
    rows: tuple[Act, ...] = read_csv(TABLE, Act)
    if not all(row.pattern and row.query for row in rows):
        raise TableError(f"{TABLE.name}: a field is missing")
    return rows
