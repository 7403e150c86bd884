"""Link rules on preventive services: examinations, vaccines, screenings and their reasons."""

from collections.abc import Iterator

from tools.checks.lines_table import known, row_source
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.checks.tables import within

_PREVENTIVE_FIRST = ("Z00-Z02", "Z76.1-Z76.2", "Z38", "Z11-Z13", "Z30")
_WOMAN = ("Z01.4", "Z12.4", "Z12.3", "Z11.5")


@rule(
    "link.preventive",
    "error",
    "A preventive visit without its reason.",
    "guideline I.C.21.c.13",
    overridable=True,
)
def preventive(request: CheckRequest) -> Iterator[Doubt]:
    """Preventive visits point to an examination code first; so do wellness visits by custom."""
    for line, row in known(request):
        first = next(iter(request.pointed(line)), None)
        if (
            row.category == "preventive"
            and first is not None
            and not within(first.code, (*_PREVENTIVE_FIRST, *_WOMAN))
        ):
            yield Doubt(
                message=f"{line.code} (preventive visit) points first to {first.code}.",
                codes=(line.code, first.code),
                line=line.number,
                source=row_source(row),
                hint="Point to the examination code (Z00 to Z02).",
            )


@rule(
    "link.vaccine",
    "error",
    "A vaccine does not point to Z23.",
    "guideline I.C.21.c.2; tabular note at Z23",
    overridable=True,
)
def vaccine(request: CheckRequest) -> Iterator[Doubt]:
    """Vaccines and their administration are justified by Z23, or by the wound or exposure they answer."""
    for line, row in known(request):
        codes = [d.code for d in request.pointed(line)]
        if row.category not in {"vaccine", "vaccine_admin"} or not codes:
            continue
        if not any(within(c, ("Z23", "Z20", "S00-T14", "W54-W55", "Z00-Z02")) for c in codes):
            yield Doubt(
                message=f"{line.code} does not point to Z23.",
                codes=(line.code, *codes),
                line=line.number,
                source=row_source(row),
            )


@rule(
    "link.screening",
    "error",
    "A screening service without a screening reason.",
    "guideline I.C.21.c.5",
    overridable=True,
)
def screening(request: CheckRequest) -> Iterator[Doubt]:
    """Screening codes point to Z11 to Z13, an examination, or a history that puts at risk."""
    for line, row in known(request):
        codes = [d.code for d in request.pointed(line)]
        screens = row.family in {
            "mammography_screening",
            "colorectal_screening",
            "gyn_screening",
            "prostate_screening",
            "ct_lung_screening",
        }
        allowed = (
            "Z12",
            "Z13",
            "Z11",
            "Z00-Z01",
            "Z80",
            "Z83-Z87",
            "Z15",
            "Z72.0",
            "F17",
            "Z20",
            "R97",
            "Z79",
        )
        if screens and codes and not any(within(c, allowed) for c in codes):
            yield Doubt(
                message=f"{line.code} ({row.title}) is a screening service, but points to {codes[0]}.",
                codes=(line.code, codes[0]),
                line=line.number,
                source=row_source(row),
                hint="Use the diagnostic code when a symptom or finding was the reason.",
            )


@rule(
    "link.diagnostic_as_screening",
    "warning",
    "A symptom visit points to a screening code.",
    "guideline I.C.21.c.5",
    overridable=True,
)
def diagnostic_as_screening(request: CheckRequest) -> Iterator[Doubt]:
    """A problem-oriented visit is for a problem; screening is for people without one."""
    for line, row in known(request):
        codes = [d.code for d in request.pointed(line)]
        if (
            row.category in {"em_new", "em_established"}
            and codes
            and all(within(c, ("Z11-Z13",)) for c in codes)
        ):
            yield Doubt(
                message=f"{line.code} points only to screening codes.",
                codes=(line.code, *codes),
                line=line.number,
                source=row_source(row),
            )


@rule(
    "link.routine_visit",
    "warning",
    "A problem visit points to an examination code first.",
    "guideline I.C.21.c.13",
    overridable=True,
)
def routine_visit(request: CheckRequest) -> Iterator[Doubt]:
    """Beside a preventive visit, the problem visit points to the problem."""
    rows = list(known(request))
    if not any(r.category in {"preventive", "wellness"} for _, r in rows):
        return
    for line, row in rows:
        first = next(iter(request.pointed(line)), None)
        if (
            row.category in {"em_new", "em_established"}
            and first is not None
            and within(first.code, ("Z00",))
        ):
            yield Doubt(
                message=f"{line.code} points first to {first.code}; the problem is its reason.",
                codes=(line.code, first.code),
                line=line.number,
            )
