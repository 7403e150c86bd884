"""What is right for each shipped encounter (``expected.toml``), and how a proposal differs from it."""

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from knowledge.records import Record
from tools.proposal import Proposal, ProposedLine

Reasoned = tuple[str, str, str]
"""A code, the guideline section that decides, and why."""


class ExpectedEm(Record):
    """The problem-oriented E/M; no code in ``codes`` means that none is right."""

    codes: tuple[str, ...]
    modifiers: tuple[str, ...] = ()
    may_modifiers: tuple[str, ...] = ()
    place_of_service: str | None = None
    problems: str | None = None
    risk: str | None = None
    links: tuple[str, ...] = ()
    guideline: str
    why: str


class ExpectedLine(Record):
    """A line that has to be billed; any of ``links`` is right as its first diagnosis."""

    code: str
    modifiers: tuple[str, ...] = ()
    may_modifiers: tuple[str, ...] = ()
    units: int = 1
    links: tuple[str, ...]
    guideline: str
    why: str


class ExpectedOpportunity(Record):
    """A service that is only partly documented; one of ``codes`` has to be shown."""

    codes: tuple[str, ...]
    documented: tuple[str, ...]
    missing: tuple[str, ...]
    guideline: str


class Expected(Record):
    """What is right for one encounter."""

    status: Literal["emitted", "held", "blocked"]
    first: tuple[str, ...]
    must: tuple[Reasoned, ...]
    may: tuple[Reasoned, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    must_not: tuple[Reasoned, ...] = ()
    em: ExpectedEm
    line: tuple[ExpectedLine, ...] = ()
    may_lines: tuple[Reasoned, ...] = ()
    line_not: tuple[Reasoned, ...] = ()
    opportunity: tuple[ExpectedOpportunity, ...] = ()

    @property
    def acceptable(self) -> frozenset[str]:
        """Every diagnosis that is no fault."""
        named = (code for code, _, _ in (*self.must, *self.may))
        return frozenset((*named, *(code for group in self.one_of for code in group)))


def load_expected(path: Path = Path(__file__).parent / "expected.toml") -> dict[str, Expected]:
    """What is right, by the name of the encounter.

    Raises:
        pydantic.ValidationError: an unknown key or a wrong value.
    """
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: Expected.model_validate(value) for name, value in content.items()}


def differences(expected: Expected, proposal: Proposal) -> tuple[str, ...]:
    """Everything in which a proposal is not right, each as a sentence; empty when it is right."""
    return (
        *_diagnoses(expected, [d.code for d in proposal.diagnoses]),
        *_em(expected.em, proposal),
        *_lines(expected, proposal),
        *_opportunities(expected, proposal),
    )


def _diagnoses(expected: Expected, codes: list[str]) -> Iterator[str]:
    if not codes or codes[0] not in expected.first:
        yield f"first-listed {codes[0] if codes else 'nothing'} instead of {' or '.join(expected.first)}"
    yield from (f"{c} is missing: {why} ({rule})" for c, rule, why in expected.must if c not in codes)
    yield from (f"none of {', '.join(g)}" for g in expected.one_of if not set(g) & set(codes))
    yield from (f"{c} is wrong: {why} ({rule})" for c, rule, why in expected.must_not if c in codes)
    wrong = {c for c, _, _ in expected.must_not}
    yield from (f"{c} is not acceptable" for c in codes if c not in expected.acceptable | wrong)


def _em(expected: ExpectedEm, proposal: Proposal) -> Iterator[str]:
    billed = proposal.em.code if proposal.em else None
    if not expected.codes:
        if billed:
            yield f"E/M {billed} instead of none: {expected.why} ({expected.guideline})"
        return
    if billed not in expected.codes:
        yield f"E/M {billed or 'none'} instead of {' or '.join(expected.codes)}: {expected.why}"
        return
    found = next((line for line in proposal.service_lines if line.code == billed), None)
    if found is None:
        yield f"E/M {billed} has no line"
        return
    yield from _modifiers(found, expected.modifiers, expected.may_modifiers)
    yield from _linked(found, expected.links, proposal)
    place = found.place_of_service
    if expected.place_of_service and place and place != expected.place_of_service:
        yield f"{found.code} at place {place} instead of {expected.place_of_service}"


def _modifiers(line: ProposedLine, must: Iterable[str], may: Iterable[str]) -> Iterator[str]:
    used = [m.code for m in line.modifiers]
    yield from (f"{line.code} lacks modifier {m}" for m in must if m not in used)
    yield from (f"{line.code} has modifier {m}" for m in used if m not in {*must, *may})


def _linked(line: ProposedLine, links: tuple[str, ...], proposal: Proposal) -> Iterator[str]:
    codes = [d.code for d in proposal.diagnoses]
    pointed = [codes[p - 1] for p in line.pointers if 1 <= p <= len(codes)]
    if not pointed or pointed[0] not in links:
        yield f"{line.code} points to {pointed[0] if pointed else 'nothing'} instead of {' or '.join(links)}"


def _lines(expected: Expected, proposal: Proposal) -> Iterator[str]:
    billed = {line.code: line for line in proposal.service_lines}
    for want in expected.line:
        found = billed.get(want.code)
        if found is None:
            yield f"line {want.code} is missing: {want.why} ({want.guideline})"
            continue
        if found.units != want.units:
            yield f"{want.code} has {found.units} units instead of {want.units}"
        yield from _modifiers(found, want.modifiers, want.may_modifiers)
        yield from _linked(found, want.links, proposal)
    yield from (f"line {c} is wrong: {why} ({rule})" for c, rule, why in expected.line_not if c in billed)
    wrong = {c for c, _, _ in expected.line_not}
    fine = {w.code for w in expected.line} | {c for c, _, _ in expected.may_lines} | set(expected.em.codes)
    em = {proposal.em.code} if proposal.em else set()
    yield from (f"line {c} is not documented" for c in billed if c not in fine | wrong | em)


def _opportunities(expected: Expected, proposal: Proposal) -> Iterator[str]:
    shown = {o.code for o in proposal.opportunities}
    for want in expected.opportunity:
        if not shown & set(want.codes):
            yield f"opportunity {' or '.join(want.codes)} is not shown"
