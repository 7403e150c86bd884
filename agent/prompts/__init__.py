"""Prompts as Markdown files: strict rendering (an unknown or missing variable is an error), hashes recorded."""

import hashlib
import string
from functools import cache
from importlib.resources import files


class PromptError(Exception):
    """A prompt and its variables do not fit together."""


@cache
def load(name: str) -> str:
    """The text of one prompt file."""
    return (files(__package__) / f"{name}.md").read_text(encoding="utf-8")


def render(name: str, **variables: str) -> str:
    """Fill ``${variable}`` places of a prompt.

    Raises:
        PromptError: a variable of the file is not given, or a given one is not in the file.
    """
    text = load(name)
    wanted = set(string.Template(text).get_identifiers())
    if wanted != set(variables):
        odd = ", ".join(sorted(wanted ^ set(variables)))
        raise PromptError(f"prompt {name}.md and its variables differ in: {odd}")
    return string.Template(text).substitute(variables)


def prompt_hashes() -> dict[str, str]:
    """sha256 (first 16 hex digits) of each prompt file, for the trace."""
    return {
        name: hashlib.sha256(load(name).encode()).hexdigest()[:16]
        for name in ("coder", "encounter", "repair")
    }
