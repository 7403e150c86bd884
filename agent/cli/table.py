"""The one table that ``superbill code`` prints."""

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from agent.aws.place import Place
    from agent.cli.code import Member
    from agent.coding import CodedLine, Coding

STYLE = {"emitted": "green", "held": "yellow", "blocked": "red", "rejected": "red"}


def print_results(members: "list[Member]", where: "Place") -> None:
    """Encounter, diagnoses, lines with modifiers, total RVU and charge, status, seconds; then where the files are."""
    console = Console()
    table = Table(show_lines=True)
    for heading in ("encounter", "diagnoses", "lines", "RVU", "charge", "status", "s"):
        table.add_column(
            heading, justify="right" if heading in {"RVU", "charge", "s"} else "left", overflow="fold"
        )
    for member in members:
        table.add_row(*_row(member))
    console.print(table)
    for member in members:
        for reason in member.result.coding.review.reasons if member.result else ():
            console.print(f"{member.name}: held ({reason.kind}): {reason.text}", soft_wrap=True, markup=False)
    console.print(f"files: {where}", soft_wrap=True, markup=False, highlight=False)


def _row(member: "Member") -> tuple[str, ...]:
    if member.result is None:
        return (member.name, "", "", "", "", f"[red]not coded[/]: {escape(member.error)}", "")
    coding = member.result.coding
    rvu = sum((line.rvu.total for line in coding.service_lines if line.rvu), Decimal(0))
    charge = sum((line.charge for line in coding.service_lines), Decimal(0))
    return (
        Path(member.name).stem,
        "\n".join(d.code for d in coding.diagnoses),
        "\n".join(_line(line) for line in coding.service_lines),
        f"{rvu:.2f}",
        f"{charge:.2f}",
        f"[{STYLE[coding.status]}]{coding.status}[/]",
        f"{_seconds(member, coding):.2f}",
    )


def _line(line: "CodedLine") -> str:
    modifiers = "".join(f"-{m.code}" for m in line.modifiers)
    units = f" x{line.units:f}" if line.units != 1 else ""
    return f"{line.code}{modifiers}{units} → {','.join(map(str, line.pointers))}"


def _seconds(member: "Member", coding: "Coding") -> float:
    return member.seconds or coding.usage.seconds
