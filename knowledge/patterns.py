"""Families of ICD-10-CM codes written as short patterns, compiled once and matched in microseconds."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from knowledge.errors import TableError

_TOKEN: Final = re.compile(r"[A-Z][0-9A-Z?.]*(-[A-Z][0-9A-Z.]*)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """A set of codes: prefixes, ranges (both ends with all their subdivisions) and prefixes with gaps."""

    prefixes: frozenset[str]
    ranges: tuple[tuple[str, str], ...] = ()
    gaps: tuple[str, ...] = ()
    shortest: int = field(default=1)

    def __contains__(self, code: str) -> bool:
        return (
            any(code[:size] in self.prefixes for size in range(self.shortest, len(code) + 1))
            or any(low <= code[: len(low)] and code[: len(high)] <= high for low, high in self.ranges)
            or any(_fits(code, gap) for gap in self.gaps)
        )


def plain(code: str) -> str:
    """Return a code in capitals without its dot, as families hold them."""
    return code.replace(".", "").strip().upper()


def compile_family(tokens: Iterable[str], sets: Mapping[str, tuple[str, ...]]) -> Family:
    """Compile pattern tokens.

    Args:
        tokens: ``S82`` or ``E11.62`` (a prefix), ``S80-S89`` (a range), ``M25.?6`` (``?`` is any character),
            ``@knee`` (a named set).
        sets: the named sets.

    Raises:
        TableError: a token is malformed, a set is unknown or refers to itself.
    """
    prefixes: set[str] = set()
    ranges: list[tuple[str, str]] = []
    gaps: list[str] = []
    for token in _expand(tokens, sets, ()):
        if not _TOKEN.fullmatch(token):
            raise TableError(f"{token!r} is no pattern of diagnosis codes")
        body = plain(token)
        if "-" in body:
            low, _, high = body.partition("-")
            ranges.append((low, high))
        elif "?" in body:
            gaps.append(body)
        else:
            prefixes.add(body)
    return Family(
        prefixes=frozenset(prefixes),
        ranges=tuple(dict.fromkeys(ranges)),
        gaps=tuple(dict.fromkeys(gaps)),
        shortest=min((len(p) for p in prefixes), default=1),
    )


def _expand(
    tokens: Iterable[str], sets: Mapping[str, tuple[str, ...]], path: tuple[str, ...]
) -> Iterable[str]:
    for token in tokens:
        if not token.startswith("@"):
            yield token
            continue
        name = token[1:]
        if name in path or name not in sets:
            raise TableError(f"set {token} " + ("refers to itself" if name in path else "is unknown"))
        yield from _expand(sets[name], sets, (*path, name))


def _fits(code: str, gap: str) -> bool:
    return len(code) >= len(gap) and all(g in {"?", c} for g, c in zip(gap, code, strict=False))
