"""Modifier rules on visits and global periods: 24, 25, 57, 58, 78, 79."""

from collections.abc import Iterator

from tools.checks.lines_history import in_global
from tools.checks.lines_table import known, row_source
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule


@rule(
    "modifier.25_unsupported",
    "error",
    "25 without another service of the day.",
    "CPT appendix A; NCCI policy manual ch. 1 s. D",
    overridable=True,
)
def unsupported_25(request: CheckRequest) -> Iterator[Doubt]:
    """25 separates a visit from another service; with nothing beside it, it separates nothing."""
    rows = list(known(request))
    for line, row in rows:
        others = [x for x in request.claim.lines if x is not line and x.date_from == line.date_from]
        beside = [
            x
            for x in others
            if (r := request.procedure(x)) is None
            or r.category not in {"em_addon", "drug", "supply", "quality"}
        ]
        if "25" in line.modifiers and row.is_em and not beside:
            yield Doubt(
                message=f"{line.code} carries 25, but no other service of the day is billed.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
                hint="Take 25 off.",
            )


@rule(
    "modifier.25_thin",
    "warning",
    "25 beside a procedure for the same and only reason.",
    "NCCI policy manual ch. 1 s. D: the decision for a minor procedure is part of it",
    overridable=True,
)
def thin_25(request: CheckRequest) -> Iterator[Doubt]:
    """A visit whose every diagnosis is the procedure's own needs proof of separate work."""
    rows = list(known(request))
    for line, row in rows:
        if "25" not in line.modifiers or not row.is_em:
            continue
        minor = [x for x, r in rows if r.global_days in {"000", "010"} and not r.is_em]
        mine = {d.code for d in request.pointed(line)}
        for other in minor:
            theirs = {d.code for d in request.pointed(other)}
            if mine and len(mine) == 1 and mine == theirs:
                yield Doubt(
                    message=f"{line.code}-25 and {other.code} share their only diagnosis: is the visit's work separate?",
                    codes=(line.code, other.code),
                    line=line.number,
                    source=row_source(row),
                )


@rule(
    "modifier.57_unsupported",
    "error",
    "57 without a major procedure.",
    "Claims Processing Manual ch. 12 s. 30.6.6",
    overridable=True,
)
def unsupported_57(request: CheckRequest) -> Iterator[Doubt]:
    """57 marks the decision for a procedure with a 90-day global period, on that day or the day before."""
    major = any(r.global_days == "090" for _, r in known(request))
    for line, row in known(request):
        if (
            "57" in line.modifiers
            and not major
            and any(r.global_days in {"000", "010"} for _, r in known(request))
        ):
            yield Doubt(
                message=f"{line.code} carries 57, but no procedure with a 90-day global period is billed.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
            )


@rule(
    "modifier.57_missing",
    "error",
    "25 where 57 is meant.",
    "Claims Processing Manual ch. 12 s. 30.6.6",
    overridable=True,
)
def missing_57(request: CheckRequest) -> Iterator[Doubt]:
    """A visit on the day of a major procedure carries 57 for the decision, not 25."""
    rows = list(known(request))
    major = next((x for x, r in rows if r.global_days == "090"), None)
    minor = any(r.global_days in {"000", "010"} for _, r in rows) or any(
        r.category in {"preventive", "wellness"} for _, r in rows
    )
    for line, row in rows:
        if major is not None and row.is_em and "25" in line.modifiers and not minor:
            yield Doubt(
                message=f"{line.code} beside {major.code} (90-day global period) carries 57 for the decision, not 25.",
                codes=(line.code, major.code),
                line=line.number,
                source=row_source(row),
            )


@rule(
    "modifier.24_unsupported",
    "error",
    "24 without an earlier procedure in its global period.",
    "Claims Processing Manual ch. 12 s. 30.6.6",
    overridable=True,
)
def unsupported_24(request: CheckRequest) -> Iterator[Doubt]:
    """24 says that the visit is unrelated to a procedure still in its global period."""
    if request.facts is None or not request.facts.history:
        return
    running = (
        any(True for _ in in_global(request))
        or "postop" in request.reading.text
        or "post-op" in request.reading.text
    )
    for line in request.claim.lines:
        if "24" in line.modifiers and not running:
            yield Doubt(
                message=f"{line.code} carries 24, but the record shows no procedure in its global period.",
                codes=(line.code,),
                line=line.number,
            )


@rule(
    "modifier.staged_unsupported",
    "error",
    "58, 78 or 79 without an earlier procedure.",
    "Claims Processing Manual ch. 12 s. 40.2",
    overridable=True,
)
def staged_unsupported(request: CheckRequest) -> Iterator[Doubt]:
    """58, 78 and 79 belong to the global period of an earlier procedure."""
    if request.facts is None or not request.facts.history:
        return
    running = any(True for _ in in_global(request))
    for line in request.claim.lines:
        marks = {"58", "78", "79"} & set(line.modifiers)
        if marks and not running:
            yield Doubt(
                message=f"{line.code} carries {min(marks)}, but the record shows no procedure in its global period.",
                codes=(line.code,),
                line=line.number,
            )
