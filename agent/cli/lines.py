"""Lines of standard input, for the commands that answer one line with one line."""

import sys
from collections.abc import Iterator

from agent.cli.errors import UsageError


def stdin_lines() -> Iterator[tuple[int, str]]:
    """Number and text of each line that is not blank.

    Raises:
        UsageError: standard input is not UTF-8.
    """
    try:
        for number, line in enumerate(sys.stdin, 1):
            if line.strip():
                yield number, line.strip()
    except UnicodeDecodeError as error:
        raise UsageError(f"stdin: byte {error.start} is not UTF-8; send UTF-8") from error
