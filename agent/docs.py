"""Generated parts of README.md: the graph's drawing, the command list, the tool list. ``python -m agent.docs [--check]``."""

import re
import sys
from pathlib import Path

from agent.cli import GROUPS
from agent.graph import build_graph
from tools import load_tools

README = Path(__file__).resolve().parents[1] / "README.md"


def drawing() -> str:
    """The graph as Mermaid, drawn from the compiled graph itself."""
    picture = build_graph().get_graph().draw_mermaid()
    return f"```mermaid\n{picture.strip()}\n```"


def commands() -> str:
    """One line a command group."""
    return "\n".join(f"* `superbill {name}`: {words}" for name, (_, words) in GROUPS.items())


def tool_list() -> str:
    """One line a tool, from its own docstring."""
    rows = [f"| `{t.name}` | {t.description.split('. ')[0].rstrip('.')} |" for t in load_tools()]
    return "\n".join(["| tool | what it answers |", "|---|---|", *rows])


def regenerated(text: str) -> str:
    """The README with every generated part made anew.

    Raises:
        ValueError: a marker is missing.
    """
    parts = {"graph": drawing, "commands": commands, "tools": tool_list}
    for name, make in parts.items():
        pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not pattern.search(text):
            raise ValueError(f"README.md has no generated part {name!r}")
        made = make()
        found = pattern.search(text)
        if found:
            text = text[: found.start()] + found.group(1) + made + "\n" + found.group(2) + text[found.end() :]
    return text


def main() -> int:
    """Rewrite README.md, or with ``--check`` say whether it is stale."""
    now = README.read_text(encoding="utf-8")
    fresh = regenerated(now)
    if "--check" in sys.argv:
        sys.stdout.write(
            "README.md is up to date\n" if now == fresh else "README.md is stale: run make docs\n"
        )
        return int(now != fresh)
    README.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
