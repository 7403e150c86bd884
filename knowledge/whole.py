"""A file that is there whole or not at all: written beside its place under another name, then renamed."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield the name to write to; it takes the place of ``path`` when the block ends without an error.

    Several processes or threads may write the same file at once: each has a name of its own, the last rename stands. After
    an error nothing is left, and ``path`` is as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
