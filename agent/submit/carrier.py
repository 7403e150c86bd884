"""What a way out offers, and which one a destination names."""

import re
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit


class DeliveryError(Exception):
    """A file could not be delivered: where, why, what to do. Nothing of it stands under its final name."""


class Carrier(Protocol):
    """Delivery in two steps, so that a run killed between them neither loses a file nor sends it twice."""

    def stage(self, staged: str, content: bytes) -> None:
        """Put the whole content there under a temporary name."""

    def finish(self, staged: str, name: str, content: bytes) -> bool:
        """Give the staged file its final name at once; False when it is not there any more (it has it already)."""

    def discard(self, staged: str) -> None:
        """Remove a staged file that another process made needless."""


def open_carrier(
    destination: str, *, known_hosts: Path | None = None, identity: Path | None = None
) -> Carrier:
    """The carrier of ``folder:PATH``, ``sftp://user@host[:port]/folder``, ``s3://bucket/prefix`` or ``b2bi://bucket/prefix``.

    Args:
        destination: where the files go; holds no password.
        known_hosts: file with the pinned host keys (SFTP), in OpenSSH's form.
        identity: private key (SFTP).

    Raises:
        DeliveryError: the destination is none of these, or SFTP has no pinned host keys.
    """
    kind, _, rest = destination.partition(":")
    if kind == "folder" and rest:
        from agent.submit.folder import FolderCarrier

        return FolderCarrier(Path(rest).expanduser())
    if kind == "sftp":
        from agent.submit.sftp import SftpCarrier

        return SftpCarrier(_sftp_place(destination), known_hosts=known_hosts, identity=identity)
    if kind == "s3" and (bucket := urlsplit(destination).netloc):
        from agent.submit.s3 import S3Carrier

        return S3Carrier(bucket, urlsplit(destination).path.strip("/"))
    if kind == "b2bi" and (bucket := urlsplit(destination).netloc):
        from agent.submit.b2bi import B2biCarrier

        return B2biCarrier(bucket, urlsplit(destination).path.strip("/"))
    raise DeliveryError(
        f"{destination}: no destination; give folder:PATH, sftp://user@host/folder, s3://bucket/prefix or b2bi://bucket/prefix"
    )


def _sftp_place(destination: str) -> tuple[str, str, int, str]:
    """User, host, port and folder, each harmless on a command line."""
    parts = urlsplit(destination)
    if parts.password:
        raise DeliveryError(f"sftp {parts.hostname}: no password in a URL; use a key (--identity)")
    user, host, folder = parts.username or "", parts.hostname or "", parts.path or "/"
    plain = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*")
    if not (plain.fullmatch(user) and plain.fullmatch(host) and re.fullmatch(r"[\w./ -]+", folder)):
        raise DeliveryError("the SFTP destination is not sftp://user@host[:port]/folder; mend it")
    return user, host, parts.port or 22, folder
