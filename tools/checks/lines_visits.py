"""Line rules on visits beside other services, and on visits a payer does not take."""

from collections.abc import Iterator
from itertools import combinations

from tools.checks.lines_table import known, row_source
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule

VISIT_MODIFIERS = frozenset({"24", "25", "57"})


@rule(
    "line.two_em",
    "error",
    "Two problem-oriented visits on one day.",
    "Medicare Claims Processing Manual ch. 12 s. 30.6.5",
    overridable=True,
)
def two_em(request: CheckRequest) -> Iterator[Doubt]:
    """One visit of a group and specialty a day, unless separately documented with 25."""
    visits = [
        (x, r)
        for x, r in known(request)
        if r.is_em and r.category not in {"preventive", "wellness"} and not r.add_on
    ]
    for (a, _), (b, row) in combinations(visits, 2):
        if (
            a.date_from == b.date_from
            and a.code != "99292"
            and b.code != "99292"
            and not {"25", "27"} & {*a.modifiers, *b.modifiers}
        ):
            yield Doubt(
                message=f"{a.code} and {b.code} are two visits on one day.",
                codes=(a.code, b.code),
                line=b.number,
                source=row_source(row),
                hint="Bill the one visit the whole work supports.",
            )


@rule(
    "line.two_preventive",
    "error",
    "Two preventive or wellness visits on one day.",
    "Medicare Claims Processing Manual ch. 18 s. 140",
    overridable=True,
)
def two_preventive(request: CheckRequest) -> Iterator[Doubt]:
    """One preventive examination, one wellness visit; Medicare does not pay two wellness visits."""
    visits = [
        (x, r)
        for x, r in known(request)
        if r.category in {"preventive", "wellness"} and r.family not in {"welcome_ecg", "newborn_visit"}
    ]
    for (a, first), (b, row) in combinations(visits, 2):
        if first.category == row.category:
            yield Doubt(
                message=f"{a.code} and {b.code} are two {row.category} visits on one day.",
                codes=(a.code, b.code),
                line=b.number,
                source=row_source(row),
            )


@rule(
    "line.em_with_procedure",
    "error",
    "A visit on the day of a minor procedure without modifier 25 or 57.",
    "NCCI policy manual ch. 1 s. D; Claims Processing Manual ch. 12 s. 40.1",
)
def em_with_procedure(request: CheckRequest) -> Iterator[Doubt]:
    """The visit is part of a procedure with a global period unless it was significant and separate."""
    rows = list(known(request))
    for line, row in rows:
        if not row.is_em or row.category in {"em_emergency"} or VISIT_MODIFIERS & set(line.modifiers):
            continue
        done = next(
            (
                x
                for x, r in rows
                if r.surgical and r.category not in {"vaccine_admin"} and x.date_from == line.date_from
            ),
            None,
        )
        if done is not None:
            yield Doubt(
                message=f"{line.code} beside {done.code} needs modifier 25 (or 57 for a major procedure) and a separate reason.",
                codes=(line.code, done.code),
                line=line.number,
                source=row_source(row),
                hint="Add 25 when the visit went beyond the procedure; else leave the visit out.",
            )


@rule(
    "line.em_with_preventive",
    "error",
    "A problem visit beside a preventive or wellness visit without modifier 25.",
    "CPT preventive medicine guidelines; Claims Processing Manual ch. 12 s. 30.6.1.1",
)
def em_with_preventive(request: CheckRequest) -> Iterator[Doubt]:
    """The problem-oriented visit carries 25 when it stands beside a preventive visit."""
    rows = list(known(request))
    preventive = next(
        (x for x, r in rows if r.category in {"preventive", "wellness"} and r.family != "welcome_ecg"), None
    )
    for line, row in rows:
        problem = row.category in {"em_new", "em_established"}
        if (
            preventive is not None
            and problem
            and "25" not in line.modifiers
            and preventive.date_from == line.date_from
        ):
            yield Doubt(
                message=f"{line.code} beside {preventive.code} needs modifier 25.",
                codes=(line.code, preventive.code),
                line=line.number,
                source=row_source(row),
            )


@rule(
    "line.g2211",
    "error",
    "G2211 without the visit it adds to, or beside modifier 25.",
    "physician fee schedule final rules 2024 and 2025",
    overridable=True,
)
def g2211(request: CheckRequest) -> Iterator[Doubt]:
    """The complexity add-on belongs to an office visit; 25 bars it unless the other service is preventive or a vaccine."""
    rows = list(known(request))
    line = next((x for x in request.claim.lines if x.code == "G2211"), None)
    if line is None:
        return
    visit = next((x for x, r in rows if r.category in {"em_new", "em_established"}), None)
    spared = {
        "preventive",
        "wellness",
        "vaccine",
        "vaccine_admin",
        "screening",
        "em_new",
        "em_established",
        "em_addon",
        "counseling",
    }
    others = [x.code for x, r in rows if r.category not in spared]
    if visit is not None and "25" in visit.modifiers and others:
        yield Doubt(
            message=f"G2211 is not paid when {visit.code} carries 25 for {others[0]}.",
            codes=("G2211", visit.code),
            line=line.number,
        )


@rule(
    "line.preventive_to_medicare",
    "error",
    "Medicare does not cover the preventive examination code.",
    "Social Security Act 1862(a)(7); Claims Processing Manual ch. 18",
    overridable=True,
)
def preventive_to_medicare(request: CheckRequest) -> Iterator[Doubt]:
    """Medicare pays the wellness visit (G0402, G0438, G0439), not the preventive examination."""
    for line, row in known(request):
        if (
            "medicare" in request.payers
            and row.category == "preventive"
            and row.family != "newborn_visit"
            and not {"GY", "GX"} & set(line.modifiers)
        ):
            yield Doubt(
                message=f"{line.code} is not covered by Medicare.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
                hint="G0438 or G0439 when a wellness visit was done; GY for the patient's own bill.",
            )


@rule(
    "line.wellness_payer",
    "error",
    "A Medicare wellness code to another payer.",
    "42 CFR 410.15; payer packs",
    overridable=True,
)
def wellness_payer(request: CheckRequest) -> Iterator[Doubt]:
    """Medicare's wellness codes belong to Medicare."""
    for line, row in known(request):
        if row.family == "medicare_wellness" and not request.medicare:
            yield Doubt(
                message=f"{line.code} is Medicare's; the payer wants a preventive visit code.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
            )


@rule(
    "line.consultation",
    "error",
    "Medicare does not take consultation codes.",
    "Medicare Claims Processing Manual ch. 12 s. 30.6.10",
)
def consultation(request: CheckRequest) -> Iterator[Doubt]:
    """Consultations are billed to Medicare as visits."""
    for line, row in known(request):
        if request.medicare and row.category == "em_consult":
            yield Doubt(
                message=f"{line.code} is a consultation, which Medicare does not take.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
                hint="Bill the visit code the record supports.",
            )
