"""A FHIR search as SQL over the store: comma is OR, a repeated parameter is AND."""

from collections.abc import Iterable
from dataclasses import dataclass

from tools.fhir.server.instants import condition
from tools.fhir.server.parameters import Parameter, fold, table
from tools.fhir.server.store import relative

RESULT_PARAMETERS = frozenset(
    {
        "_count",
        "_sort",
        "_include",
        "_revinclude",
        "_summary",
        "_elements",
        "_total",
        "_format",
        "_pretty",
        "_include:iterate",
    }
)
COMMON = ("_id", "_lastUpdated")


class QueryError(ValueError):
    """The search can not be done; the message goes into the OperationOutcome."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Where:
    """A condition over ``res`` and the values bound in it."""

    sql: str
    given: tuple[object, ...]


def where(kind: str, pairs: Iterable[tuple[str, str]], *, strict: bool, hidden: frozenset[str]) -> Where:
    """The condition of a search of one type.

    Args:
        kind: resource type.
        pairs: parameters as given (with modifiers).
        strict: refuse a parameter that is not known (else it is left out, as FHIR's default has it).
        hidden: parameters of the table that this server does not offer.

    Raises:
        QueryError: an unknown parameter or modifier, or a value that does not fit.
    """
    clauses: list[str] = ["type = ?"]
    bound: list[object] = [kind]
    for name, value in pairs:
        if name in RESULT_PARAMETERS:
            continue
        clause = _clause(kind, name, value, strict=strict, hidden=hidden)
        if clause is not None:
            clauses.append(clause.sql)
            bound += clause.given
    return Where(sql=" AND ".join(f"({c})" for c in clauses), given=tuple(bound))


def _clause(kind: str, name: str, value: str, *, strict: bool, hidden: frozenset[str]) -> Where | None:
    plain, _, modifier = name.partition(":")
    if plain == "_id":
        ids = value.split(",")
        return Where(sql=f"id IN ({', '.join('?' * len(ids))})", given=tuple(ids))
    if plain == "_lastUpdated":
        return _updated(value)
    known = None if plain in hidden else table().get(kind, {}).get(plain)
    if known is None:
        if strict:
            raise QueryError(f"unknown search parameter '{plain}' for resource type {kind}")
        return None
    parts = [_one(known, modifier, one) for one in value.split(",")]
    joined = " OR ".join(p.sql for p in parts)
    given = tuple(v for p in parts for v in p.given)
    if modifier == "not":
        return Where(sql=f"NOT ({joined})", given=given)
    return Where(sql=joined, given=given)


def _updated(value: str) -> Where:
    found = condition(value)
    if found is None:
        raise QueryError("_lastUpdated: no date")
    sql, given = found
    return Where(sql=sql.replace("lo", "updated").replace("hi", "updated"), given=tuple(given))


def _one(known: Parameter, modifier: str, value: str) -> Where:
    if modifier and (known.kind, modifier) not in {
        ("token", "not"),
        ("string", "exact"),
        ("string", "contains"),
    }:
        raise QueryError(f"{known.name}: modifier '{modifier}' is not supported")
    if known.kind == "token":
        return _token(known, value)
    if known.kind == "reference":
        return _reference(known, value)
    if known.kind == "string":
        return _string(known, modifier, value)
    found = condition(value)
    if found is None:
        raise QueryError(f"{known.name}: '{value[:2]}...' is no date")
    sql, given = found
    return _exists("dt", known, sql, *given)


def _exists(where_from: str, known: Parameter, sql: str, *given: object) -> Where:
    return Where(
        sql=f"rid IN (SELECT rid FROM {where_from} WHERE name = ? AND {sql})",  # noqa: S608 # our own tables
        given=(known.name, *given),
    )


def _token(known: Parameter, value: str) -> Where:
    system, bar, code = value.partition("|")
    if not bar:
        return _exists("tok", known, "code = ?", value)
    if not code:
        return _exists("tok", known, "system = ?", system)
    return _exists("tok", known, "code = ? AND system = ?", code, system)


def _reference(known: Parameter, value: str) -> Where:
    if "/" in value:
        return _exists("ref", known, "target = ?", relative(value))
    if known.name == "patient":
        return _exists("ref", known, "target = ?", f"Patient/{value}")
    return _exists("ref", known, "target LIKE ? ESCAPE '!'", f"%/{_escaped(value)}")


def _string(known: Parameter, modifier: str, value: str) -> Where:
    folded = fold(value)
    if modifier == "exact":
        return _exists("str", known, "value = ?", folded)
    start = "%" if modifier == "contains" else ""
    return _exists("str", known, "value LIKE ? ESCAPE '!'", f"{start}{_escaped(folded)}%")


def _escaped(value: str) -> str:
    return value.replace("!", "!!").replace("%", "!%").replace("_", "!_")
