"""Files that a person names: read and written with one line that says what is wrong."""

from pathlib import Path

from agent import vault
from agent.cli.errors import UsageError
from agent.outputs import make_folder
from knowledge.whole import written_whole


def read_file(path: Path) -> bytes:
    """The content of a file, sealed or not.

    Raises:
        UsageError: it can not be read.
    """
    try:
        return vault.read(path)
    except OSError as error:
        raise UsageError(f"{path}: can not be read ({error.strerror}); check the path") from error


def write_file(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all; a pipe or a device is written to.

    Raises:
        UsageError: it can not be written.
    """
    try:
        make_folder(path.parent)
        if path.is_dir() or (path.exists() and not path.is_file()):
            path.write_bytes(content)
            return
        with written_whole(path) as made:
            made.touch(mode=0o600)
            made.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{path}: can not be written ({error.strerror}); name another file") from error
