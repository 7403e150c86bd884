"""Line rules on vaccines and their administration."""

import re
from collections.abc import Iterator
from decimal import Decimal

from knowledge.procedures import Procedure
from tools.checks.lines_table import known, row_source
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.claim.model import ClaimLine

_G_ADMIN = frozenset({"G0008", "G0009", "G0010"})
_FIRST = frozenset({"90471", "90473", "90460", "90480"})


def _vaccines(request: CheckRequest) -> list[tuple[ClaimLine, Procedure]]:
    return [(x, r) for x, r in known(request) if r.category == "vaccine"]


def _administrations(request: CheckRequest) -> list[ClaimLine]:
    return [x for x, r in known(request) if r.category == "vaccine_admin" or x.code in _G_ADMIN]


@rule(
    "line.vaccine_without_administration",
    "error",
    "A vaccine without its administration.",
    "CPT immunization guidelines; Claims Processing Manual ch. 18 s. 10",
    overridable=True,
)
def vaccine_without_administration(request: CheckRequest) -> Iterator[Doubt]:
    """A vaccine given in the office is billed with its administration."""
    given = {x.code for x in _administrations(request)}
    for line, row in _vaccines(request):
        rule_row = request.bookshelf.procedures.vaccine_admin(line.code)
        allowed = {*rule_row.codes, rule_row.medicare} if rule_row else {*_FIRST, *_G_ADMIN}
        if not given & allowed and not (rule_row is None and given):
            yield Doubt(
                message=f"{line.code} ({row.title}) has no administration code.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
                hint="One of " + ", ".join(sorted(allowed - {""})),
            )


@rule(
    "line.administration_without_vaccine",
    "error",
    "A vaccine administration without a vaccine.",
    "CPT immunization guidelines",
    overridable=True,
)
def administration_without_vaccine(request: CheckRequest) -> Iterator[Doubt]:
    """An administration names the product given; a state-supplied product is billed at no charge."""
    products = {row.category for _, row in known(request)} & {"vaccine", "immune_globulin"}
    unknown = any(request.procedure(x) is None for x in request.claim.lines)
    for line in _administrations(request):
        if not products and not unknown:
            yield Doubt(
                message=f"{line.code} has no vaccine on the claim.", codes=(line.code,), line=line.number
            )


@rule(
    "line.administration_count",
    "error",
    "More administrations than vaccines, or fewer.",
    "CPT 90471 to 90474: first and each additional",
    overridable=True,
)
def administration_count(request: CheckRequest) -> Iterator[Doubt]:
    """One administration a vaccine: the first once, then one additional for each further one."""
    vaccines = sum((line.units for line, _ in _vaccines(request)), Decimal(0))
    given = [
        x
        for x in _administrations(request)
        if x.code not in {"90460", "90461", "96380", "96381"} and x.code[:4] != "9048"
    ]
    count = sum((x.units for x in given), Decimal(0))
    counted = (
        bool(given)
        and vaccines > 0
        and not any(x.code in {"90460", "90461", "90480"} for x in request.claim.lines)
    )
    if counted and count != vaccines:
        yield Doubt(
            message=f"{vaccines} vaccine(s) but {count} administration(s) are billed.",
            codes=tuple(x.code for x in given),
            line=given[0].number,
        )


@rule(
    "line.medicare_vaccine_admin",
    "error",
    "The administration code is not the one this payer wants.",
    "Medicare Claims Processing Manual ch. 18 s. 10; payer packs",
)
def medicare_vaccine_admin(request: CheckRequest) -> Iterator[Doubt]:
    """Medicare wants G0008 to G0010 for influenza, pneumococcal and hepatitis B vaccines; others want CPT."""
    wants_g = request.pack.vaccine_admin == "medicare"
    given = _administrations(request)
    for line, _ in _vaccines(request):
        row = request.bookshelf.procedures.vaccine_admin(line.code)
        if (
            wants_g
            and row is not None
            and row.medicare
            and not any(x.code == row.medicare for x in given)
            and given
        ):
            yield Doubt(
                message=f"{line.code}: {request.pack.name} wants {row.medicare} for its administration.",
                codes=(line.code,),
                line=line.number,
                source=request.pack_source,
            )
    for line in given:
        if not wants_g and line.code in _G_ADMIN:
            yield Doubt(
                message=f"{line.code} is Medicare's; {request.pack.name} wants a CPT administration code.",
                codes=(line.code,),
                line=line.number,
                source=request.pack_source,
            )


@rule(
    "line.counselled_administration",
    "error",
    "90460 needs a patient under 19 and counselling.",
    "CPT 90460 and 90461",
    overridable=True,
)
def counselled_administration(request: CheckRequest) -> Iterator[Doubt]:
    """The per-component codes are for patients through 18 with counselling by the clinician."""
    for line in request.claim.lines:
        if line.code not in {"90460", "90461"}:
            continue
        old = request.age is not None and request.age > 18
        silent = bool(request.documents) and not re.search(
            r"counsel|discuss|vis given|information statement", request.reading.text
        )
        if old or silent:
            why = f"the patient is {request.age}" if old else "no counselling is documented"
            yield Doubt(
                message=f"{line.code}: {why}.",
                codes=(line.code,),
                line=line.number,
                hint="Use 90471 and 90472.",
            )
