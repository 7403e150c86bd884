"""Line rules on the procedure table: known, active, payable, right form, right patient."""

import re
from collections.abc import Iterable, Iterator

from knowledge.procedures import Procedure
from knowledge.records import CodeSystem, Source
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.claim.model import ClaimLine

_FORM = re.compile(r"(?:\d{4}[0-9FTUM]|[A-V]\d{4})\Z")
_SEX_TOLD = re.compile(r"\b(?:transgender|intersex|gender (?:dysphoria|incongruence))\b", re.IGNORECASE)
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
    return Source(table="mpfs", edition=row.edition, row=row.code)


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
                source=Source(table="mpfs", edition=request.bookshelf.procedures.edition),
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


def sex_told(request: CheckRequest, modifiers: Iterable[str]) -> bool:
    """Whether KX stands where the record tells that the registered sex is not the whole of it."""
    return "KX" in modifiers and bool(_SEX_TOLD.search(request.reading.text))


@rule(
    "line.sex",
    "error",
    "The service does not fit the patient's sex.",
    "organ of the service",
    overridable=True,
)
def sex(request: CheckRequest) -> Iterator[Doubt]:
    """Services on organs that only one sex has; KX with the words of the record says that it fits (Claims Processing Manual ch. 32 s. 240)."""
    patient = request.claim.patient.sex
    for line, row in known(request):
        other = row.sex and patient in {"female", "male"} and not patient.startswith(row.sex.lower()[:1])
        if other and not sex_told(request, line.modifiers):
            yield Doubt(
                message=f"{line.code} ({row.title}) does not fit a {patient} patient.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
            )
