"""A batch's whole story over real SFTP, and the same story with the power cut at every single step."""

import getpass
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from agent.ledger.ledger import Ledger, open_ledger
from agent.ledger.replies import take_reply
from agent.ledger.sending import prepare
from agent.ledger.stats import stats
from agent.submit.carrier import Carrier, DeliveryError, open_carrier
from agent.submit.deliver import deliver
from agent.submit.folder import FolderCarrier
from tests.agent.ledger.clearinghouse import Sent, x277, x835, x999
from tests.agent.ledger.conftest import PARTNER, free_port, item, make_claim, states

ACKS, REMITS = frozenset({"999", "277CA"}), frozenset({"835"})


class Killed(BaseException):
    """The process dies here."""


@dataclass
class Fuse:
    """Counts the steps of the program and burns through at one of them."""

    left: int = -1
    steps: int = 0

    def step(self) -> None:
        self.steps += 1
        self.left -= 1
        if self.left == -1:
            raise Killed


class FusedDatabase:
    """Dies before a statement (nothing of it is kept), before the commit, or just after it."""

    def __init__(self, inner: object, fuse: Fuse) -> None:
        self.inner, self.fuse = inner, fuse

    @contextmanager
    def transaction(self) -> Iterator[object]:
        with self.inner.transaction() as session:
            yield FusedSession(session, self.fuse)
            self.fuse.step()
        self.fuse.step()


@dataclass
class FusedSession:
    inner: object
    fuse: Fuse

    def run(self, sql: str, **values: object) -> list[tuple]:
        if not sql.startswith(("select", "create")):
            self.fuse.step()
        return self.inner.run(sql, **values)


@dataclass
class FusedCarrier:
    """Dies before and after each thing it does outside."""

    inner: Carrier
    fuse: Fuse

    def stage(self, staged: str, content: bytes) -> None:
        self.fuse.step()
        self.inner.stage(staged, content)
        self.fuse.step()

    def finish(self, staged: str, name: str, content: bytes) -> bool:
        self.fuse.step()
        done = self.inner.finish(staged, name, content)
        self.fuse.step()
        return done

    def discard(self, staged: str) -> None:
        self.inner.discard(staged)


class House:
    """A clearinghouse that takes away every finished file at once and remembers it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.received = folder, []
        folder.mkdir(exist_ok=True)

    def collect(self) -> list[Sent]:
        for path in sorted(p for p in self.folder.iterdir() if p.suffix == ".x12"):
            self.received.append(Sent(path.read_text()))
            path.unlink()
        return self.received


def story(ledger: Ledger, carrier: Carrier, house: House) -> None:
    """Every command of the story in order; each may be repeated at any time."""

    def submit(*claims) -> None:
        prepare(ledger, [item(c) for c in claims], PARTNER, "there")
        try:
            deliver(ledger, carrier, "there")
        finally:
            house.collect()

    def answer(text: str, kinds: frozenset[str]) -> None:
        take_reply(ledger, text.encode(), "reply", kinds)

    submit(make_claim("SB1"), make_claim("SB2"), make_claim("SB3"))
    first = house.received[0]
    answer(x999(first), ACKS)
    answer(x277(first, {"SB3": "A7:164:IL"}), ACKS)
    submit(make_claim("SB3", lines=1))
    second = house.received[1]
    answer(x277(second, number=903), ACKS)
    answer(x835(first, ["SB1", "SB2"], {("SB2", 1)}), REMITS)


def check_story(ledger: Ledger, house: House) -> None:
    assert [sorted(s.claims) for s in house.collect()] == [["SB1", "SB2", "SB3"], ["SB3"]]
    assert house.received[1].frequency == {"SB3": "1"}
    assert house.received[0].control != house.received[1].control
    assert states(ledger) == {"SB1": "paid", "SB2": "partly_paid", "SB3": "accepted"}
    found = stats(ledger)
    assert found.clean_claim_rate == pytest.approx(2 / 3)
    assert (found.charged, found.paid, found.denied) == (Decimal(700), Decimal(500), Decimal(100))
    assert (found.outstanding, found.rejected, found.unmatched) == (Decimal(100), 0, 0)
    assert [(c.name, c.lines, c.charge) for c in found.by_reason] == [("CO-50", 1, Decimal(100))]
    assert [(c.name, c.lines) for c in found.by_payer] == [("PRAIRIE MUTUAL", 1)]
    with ledger.database.transaction() as session:
        past = [e.new for e in ledger.history(session, "SB3") if e.old != e.new]
    assert past == ["emitted", "submitted", "rejected", "emitted", "submitted", "accepted"]


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: hundreds of stores are written here."""
    shm = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shm if os.access(shm, os.W_OK) else tmp_path) as folder:
        yield Path(folder)


@pytest.mark.slow
def test_the_story_killed_at_every_step_loses_and_doubles_nothing(memory: Path) -> None:
    whole = Fuse()
    _killed_at(memory / "whole", whole)
    assert whole.steps > 80
    for step in range(whole.steps):
        folder = memory / str(step)
        ledger, house = _killed_at(folder, Fuse(left=step))
        check_story(ledger, house)
        shutil.rmtree(folder)


def _killed_at(folder: Path, fuse: Fuse) -> tuple[Ledger, House]:
    folder.mkdir()
    house = House(folder / "house")
    plain = open_ledger(folder / "store", tenant="t")
    fused = open_ledger(folder / "store", tenant="t")
    fused.database = FusedDatabase(fused.database, fuse)
    carrier = FolderCarrier(house.folder)
    try:
        story(fused, FusedCarrier(carrier, fuse), house)
    except Killed:
        story(plain, carrier, house)
    return plain, house


def test_the_story_on_either_database(ledger: Ledger, tmp_path: Path) -> None:
    house = House(tmp_path / "house")
    story(ledger, FolderCarrier(house.folder), house)
    check_story(ledger, house)


@dataclass
class Server:
    """A real sshd: where it listens, its folder, the client's key and pinned host key."""

    destination: str
    folder: Path
    key: Path
    known_hosts: Path

    def carrier(self) -> Carrier:
        return open_carrier(self.destination, known_hosts=self.known_hosts, identity=self.key)


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"OpenSSH's {name} is not installed")
    return found


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[Server]:
    sshd, keygen = _program("sshd"), _program("ssh-keygen")
    _program("sftp")
    for name in ("host", "client"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    (tmp_path / "authorized").write_text((tmp_path / "client.pub").read_text())
    port, inbox = free_port(), tmp_path / "inbox"
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd refuses to start as root without it
    config = tmp_path / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path / 'host'}\nPidFile none\nStrictModes no\n"
        f"AuthorizedKeysFile {tmp_path / 'authorized'}\nPermitRootLogin prohibit-password\n"
        "PasswordAuthentication no\nUsePAM no\nSubsystem sftp internal-sftp\n"
    )
    known = tmp_path / "known_hosts"
    host_key = " ".join((tmp_path / "host.pub").read_text().split()[:2])
    known.write_text(f"[127.0.0.1]:{port} {host_key}\n")
    inbox.mkdir()
    server = subprocess.Popen([sshd, "-D", "-e", "-f", config], stderr=subprocess.PIPE, text=True)
    try:
        for line in server.stderr:
            if "listening" in line:
                break
        else:
            pytest.fail("sshd did not start")
        user = getpass.getuser()
        yield Server(f"sftp://{user}@127.0.0.1:{port}{inbox}", inbox, tmp_path / "client", known)
    finally:
        server.terminate()
        server.stderr.close()
        server.wait()


@pytest.mark.slow
def test_the_story_over_real_sftp(sftp: Server, tmp_path: Path) -> None:
    ledger, house = open_ledger(tmp_path / "store", tenant="t"), House(sftp.folder)
    story(ledger, sftp.carrier(), house)
    check_story(ledger, house)
    assert list(sftp.folder.iterdir()) == []


@dataclass
class KillingFuse(Fuse):
    """Kill -9 of the process itself: nothing is rolled back, closed or cleaned up by it."""

    def step(self) -> None:
        try:
            super().step()
        except Killed:
            os.kill(os.getpid(), signal.SIGKILL)


def _killed_for_good(work: Callable[[], None]) -> None:
    """Run ``work`` in a process of its own that is expected to die by SIGKILL."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_kill_9_at_every_step_outside_over_real_sftp(sftp: Server, tmp_path: Path) -> None:
    whole = Fuse()
    ledger, house = open_ledger(tmp_path / "whole", tenant="t"), House(sftp.folder)
    story(ledger, FusedCarrier(sftp.carrier(), whole), house)
    assert whole.steps == 8, "two files, each staged and finished"
    for step in range(whole.steps):
        ledger, house = open_ledger(tmp_path / str(step), tenant="t"), House(sftp.folder)
        taken = tmp_path / f"taken{step}"
        taken.mkdir()

        def die(ledger=ledger, step=step, taken=taken) -> None:
            story(ledger, FusedCarrier(sftp.carrier(), KillingFuse(left=step)), Keeping(sftp.folder, taken))

        _killed_for_good(die)
        house = Keeping(sftp.folder, taken)
        story(ledger, sftp.carrier(), house)
        check_story(ledger, house)


class Keeping(House):
    """A clearinghouse that outlives the sender: what it took away is kept on disk."""

    def __init__(self, folder: Path, taken: Path) -> None:
        super().__init__(folder)
        self.taken = taken

    def collect(self) -> list[Sent]:
        for path in sorted(p for p in self.folder.iterdir() if p.suffix == ".x12"):
            path.rename(self.taken / path.name)
        self.received = [Sent(p.read_text()) for p in sorted(self.taken.iterdir())]
        return self.received


@pytest.mark.slow
def test_a_rename_over_sftp_that_was_done_already_is_known(sftp: Server) -> None:
    carrier = sftp.carrier()
    carrier.stage(".a.tmp", b"ISA")
    assert [p.name for p in sftp.folder.iterdir()] == [".a.tmp"]
    assert carrier.finish(".a.tmp", "a.x12", b"ISA")
    assert carrier.finish(".a.tmp", "a.x12", b"ISA") is False
    assert (sftp.folder / "a.x12").read_bytes() == b"ISA"
    carrier.stage(".b.tmp", b"ISA")
    carrier.discard(".b.tmp")
    assert [p.name for p in sftp.folder.iterdir()] == ["a.x12"]


def test_a_server_with_another_host_key_gets_nothing(sftp: Server, tmp_path: Path) -> None:
    other = (tmp_path / "client.pub").read_text().split()[1]
    kind, _ = sftp.known_hosts.read_text().rsplit(" ", 1)
    sftp.known_hosts.write_text(f"{kind} {other}\n")
    ledger = open_ledger(tmp_path / "store", tenant="t")
    prepare(ledger, [item(make_claim("SB1"))], PARTNER, sftp.destination)
    with pytest.raises(DeliveryError, match="sftp 127"):
        deliver(ledger, sftp.carrier(), sftp.destination)
    assert list(sftp.folder.iterdir()) == []
    assert states(ledger) == {"SB1": "emitted"}
