"""How traces, replays and what-ifs look in a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import orjson
from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from agent.replay.timeline import timeline
from agent.trace import TraceEvent

if TYPE_CHECKING:
    from agent.replay import Forked, Replayed
    from agent.replay.side_by_side import Column, SideBySide

COLOUR = {
    "gather": "cyan",
    "code": "blue",
    "tools": "dim",
    "self_check": "magenta",
    "triage": "green",
    "review": "yellow",
    "fork": "red",
}


def print_timeline(events: Sequence[TraceEvent], *, full: bool) -> None:
    """One line an event (cut at the width of the terminal), or each whole."""
    console = Console()
    for moment in timeline(events):
        head = f"{moment.seq:>4}  {moment.who:<11} "
        line = Text(f"{head}{moment.what}", style=COLOUR.get(moment.node, ""))
        if full:
            console.print(line, soft_wrap=True)
            said = orjson.dumps(moment.detail, option=orjson.OPT_INDENT_2).decode()
            console.print(Text(said), soft_wrap=True)
        elif console.is_terminal:
            console.print(line, no_wrap=True, overflow="ellipsis")
        else:
            console.print(line, soft_wrap=True)


def print_replayed(result: "Replayed") -> None:
    """Same, or where it parted and what else differs."""
    console = Console()
    if result.same:
        console.print("[green]same[/]: every tool answer, judgement and the outcome came out as recorded")
    else:
        console.print(f"[red]parted at event {result.parted_at}[/]")
        for d in result.differences:
            console.print(f"{d.seq:>4}  {d.node:<11} {d.what}", markup=False, soft_wrap=True)
    for line in result.surroundings:
        console.print(f"not as recorded: {line}", markup=False, soft_wrap=True)


def print_compared(told: "Forked") -> None:
    """Both outcomes beside each other, then what moved in words."""
    console = Console()
    console.print(f"what if: {told.change.told()} (from event {told.at})", markup=False, soft_wrap=True)
    console.print(compared_table(told.compared))
    for line in told.compared.moved or ("nothing moved",):
        console.print(f"- {line}", markup=False, soft_wrap=True)
    for note in told.notes:
        console.print(f"note: {note}", markup=False, soft_wrap=True)
    console.print("nothing real was changed", style="dim")


def compared_table(compared: "SideBySide") -> Table:
    """The side by side as a table."""
    table = Table(show_lines=True)
    for heading in ("", "before", "after"):
        table.add_column(heading, overflow="fold")
    pairs = zip(_cells(compared.before), _cells(compared.after), strict=True)
    for (name, was), (_, now) in pairs:
        style = "bold" if was != now else ""
        table.add_row(name, _cell(was), Group(Text("\n".join(now), style=style)))
    return table


def _cell(lines: tuple[str, ...]) -> str:
    return escape("\n".join(lines))


def _cells(column: "Column") -> list[tuple[str, tuple[str, ...]]]:
    em = (f"{column.em}: {column.em_basis}",) if column.em else ("none",)
    return [
        ("status", (column.status, *column.reasons)),
        ("diagnoses", column.diagnoses),
        ("lines", column.lines),
        ("E/M", em),
        ("findings", column.findings or ("none",)),
        ("queries", column.queries or ("none",)),
        ("charge", (f"${column.charge:.2f}",)),
        ("RVU", (f"{column.rvu:.2f}",)),
    ]
