"""``superbill note``: how the reader understands a note."""

import argparse
import sys
from pathlib import Path

import orjson

from agent.cli.errors import EXIT_OK, UsageError
from agent.cli.knowledge import open_shelf
from agent.cli.lines import stdin_lines

COLOURS = {
    "present": "bold green",
    "absent": "red",
    "uncertain": "yellow",
    "conditional": "cyan",
    "hypothetical": "cyan",
    "planned": "blue",
}


def add(name: str, parser: argparse.ArgumentParser) -> None:
    """Declare show and assert."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    shown = actions.add_parser("show", help="sections and mentions of a note, coloured by assertion")
    shown.add_argument("file", type=Path, metavar="FILE")
    shown.add_argument("--json", action="store_true")
    shown.set_defaults(run=show)
    asserted = actions.add_parser(
        "assert", help="assert concepts in sentences, one JSON object a line on stdin"
    )
    asserted.add_argument("source", choices=("-",), metavar="-")
    asserted.set_defaults(run=assert_lines)


def show(options: argparse.Namespace) -> int:
    """Print the note with its mentions, or sections and mentions as JSON."""
    from tools.fhir.documents import document_of_text
    from tools.text import read

    try:
        data = options.file.read_bytes()
    except OSError as error:
        raise UsageError(f"{options.file}: can not be read ({error.strerror})") from error
    text = document_of_text(data, "note", options.file.name).text
    found = read(text, open_shelf().vocabulary)
    if options.json:
        value = found.model_dump(mode="json", exclude_defaults=False)
        sys.stdout.write(orjson.dumps(value).decode() + "\n")
        return EXIT_OK
    from rich.console import Console
    from rich.text import Text

    painted = Text(text)
    for m in found.mentions:
        style = "magenta" if m.experiencer != "patient" else COLOURS[m.assertion]
        painted.stylize(f"{style} dim" if m.temporality == "historical" else style, m.start, m.end)
    console = Console()
    console.print(painted)
    legend = Text("\n")
    for assertion, style in {**COLOURS, "family or other": "magenta", "historical": "dim"}.items():
        legend.append(f" {assertion} ", style=style)
    console.print(legend)
    return EXIT_OK


def assert_lines(options: argparse.Namespace) -> int:
    """Assertion of each {"id","sentence","concept"} line."""
    from tools.text import assert_concept

    for number, line in stdin_lines():
        try:
            asked = orjson.loads(line)
            sentence, concept = asked["sentence"], asked["concept"]
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"stdin line {number}: needs a JSON object with id, sentence and concept"
            ) from error
        if not (isinstance(sentence, str) and isinstance(concept, str)):
            raise UsageError(f"stdin line {number}: sentence and concept are texts")
        assertion, temporality, experiencer = assert_concept(sentence, concept)
        answer = {
            "id": asked.get("id"),
            "assertion": assertion,
            "temporality": temporality,
            "experiencer": experiencer,
        }
        sys.stdout.write(orjson.dumps(answer).decode() + "\n")
    return EXIT_OK
