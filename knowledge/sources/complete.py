"""Whether what was read of an official file is all of it."""

from knowledge.errors import TableError


def refuse_part(count: int, least: int, name: str, *, what: str, whole: str = "file") -> None:
    """Refuse a file with fewer rows than any whole one has had.

    Raises:
        TableError: fewer than ``least`` (file, how many there are and should be).
    """
    if count < least:
        raise TableError(f"{name}: {count:,} {what}, a whole {whole} has {least:,} or more: cut off?")
