"""Line rules on counts, money and days: units, repeats, add-ons, charges, dates."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from tools.checks.lines_table import known, row_source
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.claim.model import ClaimLine

_SUPPLIER = "EKL"
"""First letters of durable equipment and orthotics, which suppliers bill."""


@rule("line.units", "error", "The units are not a positive whole number.", "837P SV104; CMS-1500 item 24G")
def units(request: CheckRequest) -> Iterator[Doubt]:
    """Units of service are whole and positive; only anaesthesia counts minutes."""
    for line in request.claim.lines:
        if line.units <= 0 or line.units != line.units.to_integral_value() or line.units > 9999:
            yield Doubt(
                message=f"{line.code}: {line.units} units can not be billed.",
                codes=(line.code,),
                line=line.number,
            )
        elif line.unit_basis == "MJ" and request.category(line) not in {"anesthesia", ""}:
            yield Doubt(
                message=f"{line.code}: minutes are billed for anaesthesia only.",
                codes=(line.code,),
                line=line.number,
            )


@rule(
    "line.mue", "error", "More units than the MUE allows.", "NCCI medically unlikely edits", overridable=True
)
def mue(request: CheckRequest) -> Iterator[Doubt]:
    """MAI 1 is judged line by line; MAI 2 and 3 over all lines of the day.

    A limit of 0 for durable equipment says that practitioners do not supply it; suppliers have a table of their own.
    """
    for line in request.claim.lines:
        limit = request.bookshelf.edits.mue(line.code, line.date_from)
        if limit is None or (limit.mue == 0 and (not request.medicare or line.code[0] in _SUPPLIER)):
            continue
        same = [x for x in request.claim.lines if x.code == line.code and x.date_from == line.date_from]
        if limit.mai != "1" and same[0] is not line:
            continue
        billed = line.units if limit.mai == "1" else sum((x.units for x in same), Decimal(0))
        if billed > limit.mue:
            reach = {"1": "per line", "2": "a day, absolute", "3": "a day, more only with proof of need"}[
                limit.mai
            ]
            yield Doubt(
                message=f"{line.code}: {billed} units billed, the limit is {limit.mue} {reach}.",
                codes=(line.code,),
                line=line.number,
                source=limit.source,
            )


def _same(line: ClaimLine) -> tuple[object, ...]:
    ndc = line.drug.ndc if line.drug else None
    return (line.code, line.date_from, line.modifiers, line.place_of_service, ndc)


@rule(
    "line.duplicate", "error", "A line is billed twice.", "Medicare Claims Processing Manual ch. 1 s. 120.2"
)
def duplicate(request: CheckRequest) -> Iterator[Doubt]:
    """Same code, date, modifiers and NDC; a true repeat carries 76, 77, 91, 59, an X modifier or a side."""
    keys = Counter(_same(line) for line in request.claim.lines)
    seen: set[object] = set()
    for line in request.claim.lines:
        key = _same(line)
        if keys[key] > 1 and key in seen:
            yield Doubt(
                message=f"{line.code} is billed twice with the same modifiers on {line.date_from}.",
                codes=(line.code,),
                line=line.number,
                hint="Use units, or the modifier that says why.",
            )
        seen.add(key)


@rule(
    "line.add_on_without_primary",
    "error",
    "An add-on code without its primary.",
    "NCCI add-on code edits",
    overridable=True,
)
def add_on_without_primary(request: CheckRequest) -> Iterator[Doubt]:
    """An add-on is paid only beside a primary service of the same day."""
    codes = {x.code for x in request.claim.lines}
    for line, row in known(request):
        edit = request.bookshelf.edits.add_on(line.code, line.date_from)
        if edit is not None:
            contractor = edit.kind != "1" or "CCCCC" in edit.primaries
            primary = bool(codes & set(edit.primaries)) or (contractor and _other_primary(request, line))
        else:
            primary = not row.add_on or _other_primary(request, line)
        if not primary:
            listed = ", ".join(edit.primaries[:8]) if edit else "its primary service"
            yield Doubt(
                message=f"{line.code} is an add-on and its primary service is not on the claim.",
                codes=(line.code,),
                line=line.number,
                source=edit.source if edit else row_source(row),
                hint=f"Primary: {listed}.",
            )


def _other_primary(request: CheckRequest, line: ClaimLine) -> bool:
    return any(
        x is not line and (row := request.procedure(x)) is not None and not row.add_on
        for x in request.claim.lines
    )


TRACKED = frozenset({"99024"})
"""Reported to count the visits inside a global period, never paid (Claims Processing Manual 12, 40.4; CPT 99024)."""


@rule("line.charge", "error", "A line charges nothing.", "837P SV102; clearinghouse edits", overridable=True)
def charge(request: CheckRequest) -> Iterator[Doubt]:
    """A service is charged; only quality codes, state vaccines and visits that are only counted go without."""
    for line in request.claim.lines:
        row = request.procedure(line)
        free = row is not None and (row.category in {"quality", "vaccine"} or row.status == "M")
        free = free or line.code in TRACKED
        if line.charge == 0 and not free:
            yield Doubt(message=f"{line.code} has no charge.", codes=(line.code,), line=line.number)


@rule("line.charge_derived", "info", "The charge is derived, not from a charge master.", "project rule")
def charge_derived(request: CheckRequest) -> Iterator[Doubt]:
    """Charges that are a multiple of the schedule are shown as such."""
    for line in request.claim.lines:
        if line.charge_basis == "derived":
            yield Doubt(
                message=f"{line.code}: the charge is derived from the fee schedule.",
                codes=(line.code,),
                line=line.number,
            )


@rule("line.dates", "error", "The line ends before it starts.", "837P DTP*472 RD8")
def dates(request: CheckRequest) -> Iterator[Doubt]:
    """The from date is not after the to date."""
    for line in request.claim.lines:
        if line.date_from > line.date_to:
            yield Doubt(
                message=f"{line.code}: the service ends before it starts.",
                codes=(line.code,),
                line=line.number,
            )


@rule("line.date_mismatch", "error", "The service is dated outside the encounter.", "architecture law 2")
def date_mismatch(request: CheckRequest) -> Iterator[Doubt]:
    """Lines are of the encounter's day or days."""
    facts = request.facts
    if facts is None:
        return
    last = facts.date_of_service_end or facts.date_of_service
    for line in request.claim.lines:
        monthly = request.category(line) in {"care_management", "dialysis"}
        if not monthly and (line.date_from < facts.date_of_service or line.date_to > last):
            yield Doubt(
                message=f"{line.code} is dated {line.date_from}; the encounter is of {facts.date_of_service}.",
                codes=(line.code,),
                line=line.number,
            )
