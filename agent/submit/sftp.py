"""SFTP through OpenSSH's own client: host keys pinned, key authentication only, atomic rename."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from agent.submit.carrier import DeliveryError

SECONDS = 120
"""After which a transfer that does not end is given up."""


class SftpCarrier:
    """One folder of one server."""

    def __init__(
        self, place: tuple[str, str, int, str], *, known_hosts: Path | None, identity: Path | None
    ) -> None:
        user, self._host, port, folder = place
        self._folder = folder.rstrip("/")
        pinned = known_hosts or Path.home() / ".ssh" / "known_hosts"
        client = shutil.which("sftp")
        if client is None:
            raise DeliveryError("OpenSSH's sftp is not installed; install openssh-client")
        if not pinned.is_file():
            raise DeliveryError(f"{pinned}: no pinned host keys; give --known-hosts with the server's key")
        options = {
            "BatchMode": "yes",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": str(pinned),
            "GlobalKnownHostsFile": "/dev/null",
            "UpdateHostKeys": "no",
            "PasswordAuthentication": "no",
            "ConnectTimeout": "20",
        }
        if identity is not None:
            options |= {"IdentityFile": str(identity), "IdentitiesOnly": "yes"}
        said = [item for key, value in options.items() for item in ("-o", f'{key}="{value}"')]
        self._command = [
            client,
            "-q",
            "-b",
            "-",
            "-F",
            "/dev/null",
            "-P",
            str(port),
            *said,
            f"{user}@{self._host}",
        ]

    def stage(self, staged: str, content: bytes) -> None:
        """See :class:`~agent.submit.carrier.Carrier`.

        Raises:
            DeliveryError: the server can not be reached, its key is not the pinned one, or the folder not written.
        """
        with tempfile.TemporaryDirectory() as folder:
            local = Path(folder) / "out"
            local.touch(mode=0o600)
            local.write_bytes(content)
            self._must(f'put "{local}" "{self._path(staged)}"')

    def finish(self, staged: str, name: str, content: bytes) -> bool:
        """See :class:`~agent.submit.carrier.Carrier`.

        Raises:
            DeliveryError: the server can not be reached, or refuses the rename.
        """
        # -l: the core request, which refuses to overwrite; OpenSSH's extension would replace another file
        done = self._run(f'rename -l "{self._path(staged)}" "{self._path(name)}"')
        if done.returncode == 0:
            return True
        listed = self._must(f'ls -1a "{self._folder or "/"}"')
        if any(line.strip().rsplit("/", 1)[-1] == staged for line in listed.splitlines()):
            raise DeliveryError(f"sftp {self._host}: {name} can not be renamed ({_reason(done)})")
        return False

    def discard(self, staged: str) -> None:
        """See :class:`~agent.submit.carrier.Carrier`."""
        self._run(f'-rm "{self._path(staged)}"')

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"

    def _must(self, command: str) -> str:
        done = self._run(command)
        if done.returncode:
            raise DeliveryError(f"sftp {self._host}: {_reason(done)}; nothing was delivered, run again")
        return done.stdout

    def _run(self, command: str) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(  # noqa: S603 - fixed program, checked arguments
                self._command,
                input=command + "\n",
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise DeliveryError(f"sftp {self._host}: no end after {SECONDS} seconds; run again") from None


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip(" @\r")]
    return " ".join(lines[-2:]) or f"sftp ended with {done.returncode}"
