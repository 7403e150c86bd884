"""Modifier rules on form: exists, allowed with the code, order, conflicts, how many."""

import re
from collections.abc import Iterator

from knowledge.records import Source
from tools.checks.lines_table import known
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule

_SIDES = {"RT": "right", "LT": "left"}
_DIGIT = {
    "FA": "left", "F1": "left", "F2": "left", "F3": "left", "F4": "left", "F5": "right", "F6": "right",
    "F7": "right", "F8": "right", "F9": "right", "TA": "left", "T1": "left", "T2": "left", "T3": "left",
    "T4": "left", "T5": "right", "T6": "right", "T7": "right", "T8": "right", "T9": "right",
    "E1": "left", "E2": "left", "E3": "right", "E4": "right",
}  # fmt: skip


def side_of_modifiers(modifiers: tuple[str, ...]) -> str:
    """The side that modifiers name: left, right, bilateral or ""."""
    if "50" in modifiers or {"RT", "LT"} <= set(modifiers):
        return "bilateral"
    return next((side for m in modifiers if (side := _SIDES.get(m) or _DIGIT.get(m))), "")


@rule("modifier.format", "error", "A modifier is not two characters.", "837P SV101-3 to SV101-6")
def form(request: CheckRequest) -> Iterator[Doubt]:
    """Modifiers are two letters or digits."""
    for line in request.claim.lines:
        for modifier in line.modifiers:
            if not re.fullmatch(r"[A-Z0-9]{2}", modifier):
                yield Doubt(
                    message=f"{line.code}: {modifier!r} is not a modifier.",
                    codes=(line.code,),
                    line=line.number,
                )


@rule(
    "modifier.unknown",
    "warning",
    "The loaded table does not hold the modifier.",
    "architecture law 4",
    hold="policy",
)
def unknown(request: CheckRequest) -> Iterator[Doubt]:
    """A modifier outside the shipped table is unknown to it, not wrong."""
    for line in request.claim.lines:
        for modifier in line.modifiers:
            if re.fullmatch(r"[A-Z0-9]{2}", modifier) and modifier not in request.bookshelf.modifiers:
                yield Doubt(
                    message=f"{line.code}: modifier {modifier} is not covered by the loaded table.",
                    codes=(line.code,),
                    line=line.number,
                    source=Source(table="modifiers", edition=request.bookshelf.modifiers.edition),
                )


@rule(
    "modifier.not_allowed",
    "error",
    "The modifier does not go with the code.",
    "CPT appendix A; HCPCS level II; fee schedule indicators",
    overridable=True,
)
def not_allowed(request: CheckRequest) -> Iterator[Doubt]:
    """25 belongs to visits, 59 to procedures, 26 to codes with two parts, 50 to paired ones."""
    for line, row in known(request):
        for modifier in line.modifiers:
            if modifier not in request.bookshelf.modifiers:
                continue
            verdict = request.bookshelf.modifiers.allowed(modifier, row)
            if not verdict.ok:
                yield Doubt(
                    message=f"{line.code} can not carry {modifier}: {verdict.why}.",
                    codes=(line.code,),
                    line=line.number,
                    source=verdict.source,
                )


@rule("modifier.duplicate", "error", "A modifier is on the line twice.", "837P SV101")
def duplicate(request: CheckRequest) -> Iterator[Doubt]:
    """Each modifier stands once."""
    for line in request.claim.lines:
        for modifier in sorted({m for m in line.modifiers if line.modifiers.count(m) > 1}):
            message = f"{line.code} carries {modifier} twice."
            yield Doubt(message=message, codes=(line.code,), line=line.number)


@rule("modifier.too_many", "error", "More than four modifiers.", "837P SV101-3 to SV101-6; CMS-1500 item 24D")
def too_many(request: CheckRequest) -> Iterator[Doubt]:
    """A line holds four modifiers; a fifth would become a description."""
    for line in request.claim.lines:
        if len(line.modifiers) > 4:
            message = f"{line.code} carries {len(line.modifiers)} modifiers; a line holds 4."
            yield Doubt(message=message, codes=(line.code,), line=line.number)


@rule(
    "modifier.order",
    "warning",
    "Modifiers are out of order.",
    "pricing modifiers first, then informational",
    overridable=True,
)
def order(request: CheckRequest) -> Iterator[Doubt]:
    """Modifiers that change payment come before those that inform."""
    table = request.bookshelf.modifiers
    for line in request.claim.lines:
        ranks = [row.order for m in line.modifiers if (row := table.find(m)) is not None]
        if ranks != sorted(ranks):
            wanted = ", ".join(table.sort(line.modifiers))
            yield Doubt(
                message=f"{line.code}: the order of modifiers should be {wanted}.",
                codes=(line.code,),
                line=line.number,
                source=Source(table="modifiers", edition=table.edition, row=wanted),
            )


@rule(
    "modifier.conflict",
    "error",
    "Two modifiers exclude each other.",
    "CPT appendix A; HCPCS level II; shipped modifier table",
)
def conflict(request: CheckRequest) -> Iterator[Doubt]:
    """59 with an X modifier, 50 with RT, 26 with TC, 93 with 95."""
    table = request.bookshelf.modifiers
    for line in request.claim.lines:
        for first, second in table.conflicts(line.modifiers):
            yield Doubt(
                message=f"{line.code}: {first} and {second} exclude each other.",
                codes=(line.code,),
                line=line.number,
                source=Source(table="modifiers", edition=table.edition, row=f"{first} {second}"),
            )


@rule(
    "modifier.both_sides",
    "error",
    "RT and LT on one line.",
    "fee schedule bilateral rule; Claims Processing Manual ch. 12 s. 40.7",
)
def both_sides(request: CheckRequest) -> Iterator[Doubt]:
    """Both sides are one line with 50, or two lines, never RT and LT on one line of one unit."""
    for line in request.claim.lines:
        if {"RT", "LT"} <= set(line.modifiers):
            yield Doubt(
                message=f"{line.code} carries RT and LT on one line.",
                codes=(line.code,),
                line=line.number,
                hint="Use 50, or two lines.",
            )


@rule(
    "modifier.50_units",
    "error",
    "50 with other than one unit.",
    "Claims Processing Manual ch. 12 s. 40.7",
    overridable=True,
)
def fifty_units(request: CheckRequest) -> Iterator[Doubt]:
    """A bilateral line with 50 is one unit."""
    for line in request.claim.lines:
        if "50" in line.modifiers and line.units != 1:
            yield Doubt(
                message=f"{line.code} with 50 is one unit, not {line.units}.",
                codes=(line.code,),
                line=line.number,
            )


@rule(
    "modifier.medicare_only",
    "error",
    "A Medicare modifier to another payer.",
    "Medicare ABN modifiers GA, GX, GY, GZ",
    overridable=True,
)
def medicare_only(request: CheckRequest) -> Iterator[Doubt]:
    """Notices of non-coverage are Medicare's; GA and GZ contradict each other."""
    for line in request.claim.lines:
        marks = {"GA", "GX", "GY", "GZ"} & set(line.modifiers)
        if marks and not request.medicare:
            message = f"{line.code}: {', '.join(sorted(marks))} speaks to Medicare only."
            yield Doubt(message=message, codes=(line.code,), line=line.number)


@rule("modifier.x_to_payer", "warning", "The payer does not take X modifiers.", "payer packs")
def x_to_payer(request: CheckRequest) -> Iterator[Doubt]:
    """Where a payer does not read XE, XP, XS and XU, 59 is used."""
    for line in request.claim.lines:
        marks = {"XE", "XP", "XS", "XU"} & set(line.modifiers)
        if marks and not request.pack.accepts_x_modifiers:
            yield Doubt(
                message=f"{request.pack.name} does not take {min(marks)}.",
                codes=(line.code,),
                line=line.number,
                hint="Use 59.",
            )
