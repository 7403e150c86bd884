"""Generated parts of README.md, and the JSON Schemas in docs/schema. ``python -m agent.docs [--check]``."""

import re
import sys
from pathlib import Path

import orjson
from pydantic import BaseModel

from agent.cli import GROUPS
from agent.coding import Coding
from agent.graph import build_graph
from tools import load_tools
from tools.claim.model import Claim

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
SCHEMAS = ROOT / "docs" / "schema"


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
        text = replaced(text, name, make())
    return text


def replaced(text: str, name: str, made: str) -> str:
    """The README with one generated part made anew.

    Raises:
        ValueError: its marker is missing.
    """
    pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    text, found = pattern.subn(lambda part: f"{part[1]}{made}\n{part[2]}", text, count=1)
    if not found:
        raise ValueError(f"README.md has no generated part {name!r}")
    return text


def schemas() -> dict[Path, str]:
    """The JSON Schemas of coding.json and claim.json, by the file that ships them."""
    made: dict[str, type[BaseModel]] = {"coding": Coding, "claim": Claim}
    option = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return {
        SCHEMAS / f"{name}.schema.json": orjson.dumps(
            {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                **model.model_json_schema(mode="serialization"),
            },
            option=option,
        ).decode()
        for name, model in made.items()
    }


def generated() -> dict[Path, str]:
    """Every generated file with what it should say."""
    return {README: regenerated(README.read_text(encoding="utf-8")), **schemas()}


def main() -> int:
    """Write the generated files, or with ``--check`` say which are stale."""
    files = generated()
    if "--check" in sys.argv:
        stale = [p for p, text in files.items() if not p.exists() or p.read_text(encoding="utf-8") != text]
        names = ", ".join(str(p.relative_to(ROOT)) for p in stale)
        sys.stdout.write(f"stale: {names}; run make docs\n" if stale else "generated files are up to date\n")
        return int(bool(stale))
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
