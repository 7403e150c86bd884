"""The key, sealed files and encrypted databases by themselves: what fits opens, everything else is refused in one line."""

import base64
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agent import vault
from agent.settings import SettingsError
from agent.store import Store
from agent.vault.rotate import Turn, rotate, targets
from agent.vault.seal import HEADER

Patch = pytest.MonkeyPatch
SECRET = b"Whitcombe, Jamal: sprain of the left ankle"


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("one", "two"):
        vault.new_key(tmp_path / name)
    return tmp_path / "one", tmp_path / "two"


def use(patch: Patch, file: Path | None) -> None:
    if file is None:
        patch.delenv("SUPERBILL_KEY_FILE", raising=False)
    else:
        patch.setenv("SUPERBILL_KEY_FILE", str(file))


def test_a_new_key_is_random_owner_only_and_never_overwrites(keys: tuple[Path, Path]) -> None:
    one, two = keys
    assert one.stat().st_mode & 0o777 == 0o600
    assert len(one.read_bytes()) == 32
    assert vault.read_key(one).id != vault.read_key(two).id
    before = one.read_bytes()
    with pytest.raises(vault.VaultError, match="never overwritten"):
        vault.new_key(one)
    assert one.read_bytes() == before
    assert one.read_bytes().hex() not in repr(vault.read_key(one))


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        (bytes(range(32)), 0o640, "others may read"),
        (bytes(range(32)), 0o604, "others may read"),
        (bytes(range(31)), 0o600, "31 bytes"),
        (b"", 0o600, "0 bytes"),
        (None, 0o600, "can not be read"),
    ],
)
def test_what_is_no_private_key_is_refused(
    tmp_path: Path, monkeypatch: Patch, content: bytes | None, mode: int, said: str
) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
        file.chmod(mode)
    use(monkeypatch, file)
    with pytest.raises(vault.VaultError, match=said):
        vault.current_key()


def test_a_key_may_come_as_base64_but_not_beside_a_file(keys: tuple[Path, Path], monkeypatch: Patch) -> None:
    monkeypatch.setenv("SUPERBILL_KEY", base64.b64encode(keys[0].read_bytes()).decode())
    assert vault.current_key() == vault.read_key(keys[0])
    use(monkeypatch, keys[0])
    with pytest.raises(SettingsError, match="both set"):
        vault.current_key()
    use(monkeypatch, None)
    for text, said in (("no base64!", "not base64"), ("AAAA", "3 bytes")):
        monkeypatch.setenv("SUPERBILL_KEY", text)
        with pytest.raises(vault.VaultError, match=said) as refused:
            vault.current_key()
        assert text not in str(refused.value)


def test_a_file_is_sealed_under_its_name_and_reads_back(
    keys: tuple[Path, Path], tmp_path: Path, monkeypatch: Patch
) -> None:
    use(monkeypatch, keys[0])
    path = tmp_path / "claim.json"
    vault.write(path, SECRET)
    first = path.read_bytes()
    assert (vault.is_sealed(first), SECRET in first, path.stat().st_mode & 0o777) == (True, False, 0o600)
    assert vault.read(path) == SECRET
    vault.write(path, SECRET)
    assert path.read_bytes()[HEADER - 28 :] != first[HEADER - 28 :]  # salt, nonce and ciphertext are new
    vault.write(tmp_path / "coding.json", b"")
    assert vault.read(tmp_path / "coding.json") == b""


def test_a_plain_file_is_read_as_it_is_with_or_without_a_key(
    keys: tuple[Path, Path], tmp_path: Path, monkeypatch: Patch
) -> None:
    path = tmp_path / "claim.json"
    use(monkeypatch, None)
    vault.write(path, SECRET)
    assert path.read_bytes() == SECRET
    use(monkeypatch, keys[0])
    assert vault.read(path) == SECRET


def test_no_key_another_key_and_every_kind_of_damage_are_refused(
    keys: tuple[Path, Path], tmp_path: Path, monkeypatch: Patch
) -> None:
    use(monkeypatch, keys[0])
    path = tmp_path / "claim.json"
    vault.write(path, SECRET)
    data = path.read_bytes()
    for wrong, said in ((None, "set SUPERBILL_KEY_FILE"), (keys[1], "set the right one")):
        use(monkeypatch, wrong)
        with pytest.raises(vault.VaultError, match=said) as refused:
            vault.read(path)
        assert str(path) in str(refused.value)
    use(monkeypatch, keys[0])
    moved = tmp_path / "coding.json"
    moved.write_bytes(data)
    with pytest.raises(vault.VaultError, match="altered, cut or renamed"):
        vault.read(moved)
    for place in range(16, len(data)):  # every byte behind magic and key id
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(vault.VaultError, match="altered"):
            vault.read(path)
    for length in range(16, len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(vault.VaultError, match="altered"):
            vault.read(path)


def filled(path: Path) -> None:
    """A database with our text in its file and in its journal."""
    with closing(vault.connect(path)) as db:
        db.execute("pragma journal_mode = wal")
        db.execute("create table if not exists said (what text) strict")
        db.execute("insert into said values (?)", (SECRET.decode(),))


def content(path: Path) -> list[str]:
    with closing(vault.connect(path)) as db:
        return [row[0] for row in db.execute("select what from said")]


def test_a_database_under_a_key_has_no_clear_byte_journal_included(
    keys: tuple[Path, Path], tmp_path: Path, monkeypatch: Patch
) -> None:
    use(monkeypatch, keys[0])
    folder = tmp_path / "store"
    folder.mkdir()
    path = folder / "store.sqlite"
    filled(path)
    with closing(vault.connect(path)) as open_one:
        open_one.execute("select * from said").fetchall()
        filled(path)
        names = {p.name for p in folder.iterdir()}
        assert names == {"store.sqlite", "store.sqlite-wal", "store.sqlite-shm"}
        assert (folder / "store.sqlite-wal").stat().st_size > 4096
        held = b"".join(p.read_bytes() for p in folder.iterdir())
    assert not any(word in held for word in (b"Whitcombe", b"sprain", b"create table", b"SQLite format"))
    assert content(path) == [SECRET.decode()] * 2


def test_a_database_refuses_no_key_another_key_and_a_late_key(
    keys: tuple[Path, Path], tmp_path: Path, monkeypatch: Patch, capfd: pytest.CaptureFixture[str]
) -> None:
    sealed, plain = tmp_path / "sealed.sqlite", tmp_path / "plain.sqlite"
    use(monkeypatch, None)
    filled(plain)
    assert sqlite3.connect(plain).execute("select count(*) from said").fetchone() == (1,)
    use(monkeypatch, keys[0])
    filled(sealed)
    with pytest.raises(vault.VaultError, match="not encrypted yet"):
        vault.connect(plain)
    use(monkeypatch, keys[1])
    with pytest.raises(vault.VaultError, match="does not open it"):
        vault.connect(sealed)
    use(monkeypatch, None)
    with pytest.raises(vault.VaultError, match="is encrypted"):
        vault.connect(sealed)
    assert capfd.readouterr().err == ""


def test_an_altered_page_is_an_error_never_other_content(
    keys: tuple[Path, Path], tmp_path: Path, monkeypatch: Patch
) -> None:
    use(monkeypatch, keys[0])
    path = tmp_path / "store.sqlite"
    filled(path)
    data = bytearray(path.read_bytes())
    data[4096 + 100] ^= 1  # the page of the table
    path.write_bytes(data)
    with closing(vault.connect(path)) as db, pytest.raises(vault.database_errors()):
        db.execute("select what from said").fetchall()


def test_a_locked_database_under_a_key_is_the_stores_own_error(
    keys: tuple[Path, Path], tmp_path: Path, monkeypatch: Patch
) -> None:
    use(monkeypatch, keys[0])
    path = tmp_path / "x.sqlite"
    filled(path)
    with closing(vault.connect(path)) as first, closing(vault.connect(path, timeout=0)) as second:
        first.execute("begin immediate")
        with pytest.raises(vault.operational_errors(), match="locked"):
            second.execute("begin immediate")


class Cut(BaseException):
    """The process dies here."""


def at_rest(store: Path, outputs: Path) -> None:
    """A store with a worklist that names an output folder elsewhere, and what else may lie about."""
    Store(store).put_worklist("t", "e", "thread", "emitted", [{"text": SECRET.decode()}], outputs)
    filled(store / "jobs.sqlite")
    outputs.mkdir()
    for name in ("coding.json", "trace.jsonl"):
        vault.write(outputs / name, SECRET)
    (outputs / "mine.txt").write_bytes(b"not ours")
    (store / "examples").mkdir()


def check(store: Path, outputs: Path, *, clear: bool) -> None:
    assert Store(store).worklist("t")[0]["reasons"] == [{"text": SECRET.decode()}]
    assert content(store / "jobs.sqlite") == [SECRET.decode()]
    assert {vault.read(outputs / n) for n in ("coding.json", "trace.jsonl")} == {SECRET}
    assert (outputs / "mine.txt").read_bytes() == b"not ours"
    files = [p for place in (store, outputs) for p in place.rglob("*") if p.is_file()]
    assert any(b"Whitcombe" in p.read_bytes() for p in files) is clear
    assert not [p for p in files if p.name.startswith(".vault-")]
    assert {p.stat().st_mode & 0o077 for p in files if p.name != "mine.txt"} == {0}


def turned(store: Path, old: Path | None, new: Path | None, cut: int = -1) -> int:
    """Rotate (dying after ``cut`` files); how many were encrypted anew."""
    turn = Turn(old=old and vault.read_key(old), new=new and vault.read_key(new))
    left = [cut]

    def step(_: str) -> None:
        left[0] -= 1
        if left[0] == -1:
            raise Cut

    return rotate(store, targets(store, (), turn), turn, step).done


def test_from_plain_to_one_key_to_another_and_back(
    keys: tuple[Path, Path], tmp_path: Path, monkeypatch: Patch
) -> None:
    store, outputs = tmp_path / "store", tmp_path / "elsewhere"
    use(monkeypatch, None)
    at_rest(store, outputs)
    check(store, outputs, clear=True)
    before = None
    for after in (keys[0], keys[1], None):
        assert turned(store, before, after) == 4
        assert turned(store, before, after) == 0
        use(monkeypatch, after)
        check(store, outputs, clear=after is None)
        assert not (store / "examples").exists()
        before = after


@pytest.mark.parametrize("cut", range(4))
def test_a_rotation_cut_short_is_run_again(
    keys: tuple[Path, Path], tmp_path: Path, monkeypatch: Patch, cut: int
) -> None:
    store, outputs = tmp_path / "store", tmp_path / "elsewhere"
    use(monkeypatch, keys[0])
    at_rest(store, outputs)
    with pytest.raises(Cut):
        turned(store, *keys, cut=cut)
    (outputs / ".vault-left").write_bytes(SECRET)  # what a kill in the middle of a file leaves
    assert turned(store, *keys) == 3 - cut
    use(monkeypatch, keys[1])
    check(store, outputs, clear=False)


def test_a_store_in_use_is_not_rotated(keys: tuple[Path, Path], tmp_path: Path, monkeypatch: Patch) -> None:
    store, outputs = tmp_path / "store", tmp_path / "elsewhere"
    use(monkeypatch, keys[0])
    at_rest(store, outputs)
    with closing(vault.connect(store / "store.sqlite")) as held:
        held.execute("select * from worklist").fetchall()
        with pytest.raises(vault.VaultError, match="in use; stop every"):
            turned(store, *keys)
        assert held.execute("select count(*) from worklist").fetchone() == (1,)
    assert turned(store, *keys) == 1  # the store itself; the rest was done
    use(monkeypatch, keys[1])
    check(store, outputs, clear=False)


def test_a_third_key_is_refused(keys: tuple[Path, Path], tmp_path: Path, monkeypatch: Patch) -> None:
    use(monkeypatch, keys[0])
    at_rest(tmp_path / "store", tmp_path / "elsewhere")
    third = tmp_path / "three"
    vault.new_key(third)
    with pytest.raises(vault.VaultError, match=r"does not open it"):
        turned(tmp_path / "store", third, keys[1])
    check(tmp_path / "store", tmp_path / "elsewhere", clear=False)
