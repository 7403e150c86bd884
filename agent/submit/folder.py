"""A folder on this machine or a mounted share."""

import os
from pathlib import Path

from agent.submit.carrier import DeliveryError


class FolderCarrier:
    """Writes a hidden temporary file, flushed to disk, and renames it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def stage(self, staged: str, content: bytes) -> None:
        """See :class:`~agent.submit.carrier.Carrier`.

        Raises:
            DeliveryError: the folder can not be made or written.
        """
        path = self._folder / staged
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            with path.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise DeliveryError(
                f"{self._folder}: can not be written ({error.strerror}); run again when it can"
            ) from error

    def finish(self, staged: str, name: str, content: bytes) -> bool:
        """See :class:`~agent.submit.carrier.Carrier`.

        Raises:
            DeliveryError: the file can not be renamed, or another file has its name.
        """
        there = self._folder / name
        try:
            if there.exists() and there.read_bytes() != content:
                raise DeliveryError(f"{there}: another file has this name; move it away and run again")
            (self._folder / staged).replace(there)
        except FileNotFoundError:
            if not self._folder.is_dir():
                raise DeliveryError(f"{self._folder}: is gone; run again when it is back") from None
            return False
        except OSError as error:
            raise DeliveryError(f"{self._folder}: {name} can not be renamed ({error.strerror})") from error
        return True

    def discard(self, staged: str) -> None:
        """See :class:`~agent.submit.carrier.Carrier`."""
        (self._folder / staged).unlink(missing_ok=True)
