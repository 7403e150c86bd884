"""Line rules on the procedure table: known, active, payable, right form, right patient."""

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from knowledge.procedures import Procedure
from knowledge.records import CodeSystem, Source
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.claim.model import ClaimLine

_FORM = re.compile(r"(?:\d{4}[0-9FTUM]|[A-V]\d{4})\Z")
_STATUS = {
    "I": "Medicare wants another code for it",
    "N": "Medicare does not cover it",
    "E": "the law excludes it from the fee schedule",
    "P": "it is always bundled into another service",
    "M": "it only measures quality and is not paid",
}


def known(request: CheckRequest) -> Iterator[tuple[ClaimLine, Procedure]]:
    """Yield every line whose code the loaded table holds, with its row."""
    for line in request.claim.lines:
        row = request.procedure(line)
        if row is not None:
            yield line, row


def row_source(row: Procedure) -> Source:
    """The row of the procedure table a verdict stands on."""
    return Source(table="procedures", edition=row.edition, row=row.code)


@rule("line.none", "error", "The claim has no service line.", "837P loop 2400")
def none(request: CheckRequest) -> Iterator[Doubt]:
    """A claim bills at least one service."""
    if not request.claim.lines:
        yield Doubt(message="The claim has no service line.")


@rule("line.number", "error", "The line numbers do not count 1, 2, 3.", "837P LX01")
def number(request: CheckRequest) -> Iterator[Doubt]:
    """Lines are numbered from one without gaps."""
    numbers = [line.number for line in request.claim.lines]
    if numbers != list(range(1, len(numbers) + 1)):
        yield Doubt(message=f"The line numbers are {numbers}; they must count from 1.")


@rule(
    "line.format",
    "error",
    "The code is not written like a CPT or HCPCS code.",
    "837P SV101-2; HCPCS level II",
)
def form(request: CheckRequest) -> Iterator[Doubt]:
    """Five characters; CPT starts with a digit, HCPCS level II with a letter from A to V."""
    for line in request.claim.lines:
        if not _FORM.match(line.code):
            yield Doubt(
                message=f"{line.code!r} is not written like a procedure code.",
                codes=(line.code,),
                line=line.number,
            )


@rule(
    "line.system",
    "error",
    "The code does not belong to the system named.",
    "837P SV101-1; FHIR Claim code systems",
)
def system(request: CheckRequest) -> Iterator[Doubt]:
    """CPT codes start with a digit, HCPCS level II codes with a letter."""
    for line in request.claim.lines:
        right = CodeSystem.CPT if line.code[:1].isdigit() else CodeSystem.HCPCS
        if line.system is not right:
            yield Doubt(
                message=f"{line.code} is a {right} code, not {line.system}.",
                codes=(line.code,),
                line=line.number,
            )


@rule(
    "line.unknown_to_table",
    "warning",
    "The loaded procedure table does not hold the code.",
    "architecture law 1: unknown to this table is not non-existent",
    hold="policy",
)
def unknown_to_table(request: CheckRequest) -> Iterator[Doubt]:
    """A starter table says nothing about codes it lacks; a person decides."""
    for line in request.claim.lines:
        ended = request.bookshelf.procedures.terminated(line.code)
        if _FORM.match(line.code) and request.procedure(line) is None and ended is None:
            yield Doubt(
                message=f"{line.code} is not covered by the loaded procedure table; nothing could be checked for it.",
                codes=(line.code,),
                line=line.number,
                source=Source(table="procedures", edition=request.bookshelf.procedures.edition),
                hint="Import the licensed table, or check the code by hand.",
            )


@rule("line.inactive", "error", "The code ended before the date of service.", "HCPCS and CPT yearly changes")
def inactive(request: CheckRequest) -> Iterator[Doubt]:
    """A terminated code is replaced by its successor."""
    for line in request.claim.lines:
        ended = request.bookshelf.procedures.terminated(line.code)
        if ended is not None and line.date_from > ended.last_day:
            yield Doubt(
                message=f"{line.code} was valid until {ended.last_day}.",
                codes=(line.code,),
                line=line.number,
                source=Source(
                    table="procedures/terminated", edition=request.bookshelf.procedures.edition, row=line.code
                ),
                hint=f"Use {ended.successor}." if ended.successor else None,
            )


@rule(
    "line.bundled",
    "error",
    "Medicare never pays the code on its own.",
    "physician fee schedule status B; NCCI policy manual ch. 1",
)
def bundled(request: CheckRequest) -> Iterator[Doubt]:
    """Status B services are part of what else is done that day."""
    for line, row in known(request):
        if request.medicare and row.status == "B":
            yield Doubt(
                message=f"{line.code} is bundled (status B): Medicare pays it within other services only.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
            )


@rule(
    "line.status",
    "error",
    "The code is not payable to this payer.",
    "physician fee schedule status I, N, E, P, M",
    overridable=True,
)
def status(request: CheckRequest) -> Iterator[Doubt]:
    """Status indicators that keep Medicare from paying the code."""
    for line, row in known(request):
        why = _STATUS.get(row.status)
        if request.medicare and why and not _allowed_anyway(line, row):
            yield Doubt(
                message=f"{line.code} has status {row.status}: {why}.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
                hint="Use the code Medicare takes, or GY when the patient wants a denial.",
            )


def _allowed_anyway(line: ClaimLine, row: Procedure) -> bool:
    """Drugs, vaccines and supplies are priced outside the schedule; GY and GX ask for the denial."""
    priced = row.category in {"drug", "vaccine", "supply", "vaccine_admin", "immune_globulin", "lab"}
    return bool({"GY", "GX", "GZ"} & set(line.modifiers)) or (row.status in {"E", "X"} and priced)


@rule(
    "line.age",
    "error",
    "The service does not fit the patient's age.",
    "age in the meaning of the code",
    overridable=True,
)
def age(request: CheckRequest) -> Iterator[Doubt]:
    """Preventive visits, vaccines and screenings have age bands."""
    if request.age is None:
        return
    for line, row in known(request):
        low, high = row.age_min, row.age_max
        if (low is not None and request.age < low) or (high is not None and request.age > high):
            yield Doubt(
                message=f"{line.code} ({row.title}) is for ages {low or 0} to {high if high is not None else 'any'}; "
                f"the patient is {request.age}.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
            )


@rule(
    "line.sex",
    "error",
    "The service does not fit the patient's sex.",
    "organ of the service",
    overridable=True,
)
def sex(request: CheckRequest) -> Iterator[Doubt]:
    """Services on organs that only one sex has."""
    patient = request.claim.patient.sex
    for line, row in known(request):
        if row.sex and patient in {"female", "male"} and not patient.startswith(row.sex.lower()[:1]):
            yield Doubt(
                message=f"{line.code} ({row.title}) does not fit a {patient} patient.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
            )


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
    """MAI 1 is judged line by line; MAI 2 and 3 over all lines of the day."""
    for line in request.claim.lines:
        limit = request.bookshelf.edits.mue(line.code)
        if limit is None or (limit.mue == 0 and not request.medicare):
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


@rule(
    "line.duplicate", "error", "A line is billed twice.", "Medicare Claims Processing Manual ch. 1 s. 120.2"
)
def duplicate(request: CheckRequest) -> Iterator[Doubt]:
    """Same code, date and modifiers; a true repeat carries 76, 77, 91, 59, an X modifier or a side."""
    keys = Counter((x.code, x.date_from, x.modifiers, x.place_of_service) for x in request.claim.lines)
    seen: set[object] = set()
    for line in request.claim.lines:
        key = (line.code, line.date_from, line.modifiers, line.place_of_service)
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
        edit = request.bookshelf.edits.add_on(line.code)
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


@rule("line.charge", "error", "A line charges nothing.", "837P SV102; clearinghouse edits", overridable=True)
def charge(request: CheckRequest) -> Iterator[Doubt]:
    """A service is charged; only quality codes and state vaccines go without."""
    for line in request.claim.lines:
        row = request.procedure(line)
        free = row is not None and (row.category in {"quality", "vaccine"} or row.status == "M")
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
