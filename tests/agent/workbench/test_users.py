import stat

import pytest
from argon2 import PasswordHasher

from agent.store import StoreError
from agent.workbench.database import Database, secret_key
from agent.workbench.errors import UserError
from agent.workbench.sessions import Sessions
from agent.workbench.users import Users
from tests.agent.workbench.conftest import CHEAP, PASSWORD


@pytest.fixture
def database(tmp_path):
    made = Database(tmp_path / "store")
    yield made
    made.close()


@pytest.fixture
def users(database):
    made = Users(database, CHEAP)
    made.add("ann", role="coder", tenant="north", password=PASSWORD)
    return made


def test_the_right_password_gives_the_user(users):
    user = users.check("ann", PASSWORD)
    assert (user.name, user.role, user.tenant) == ("ann", "coder", "north")


@pytest.mark.parametrize(("name", "password"), [("ann", "wrong password"), ("bob", PASSWORD), ("ann", "")])
def test_anything_else_gives_nobody(users, name, password):
    assert users.check(name, password) is None


def test_a_disabled_user_is_nobody_until_enabled(users):
    users.disable("ann")
    assert users.check("ann", PASSWORD) is None
    users.disable("ann", disabled=False)
    assert users.check("ann", PASSWORD) is not None


def test_passwords_are_kept_as_argon2id_of_the_recommended_cost(database):
    Users(database).add("eve", role="viewer", tenant="north", password=PASSWORD)
    with database.reading() as db:
        kept = db.execute("select password from user where name = 'eve'").fetchone()[0]
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


class Counting(PasswordHasher):
    """Counts the verifications: a missing name must cost what a wrong password costs."""

    def __init__(self):
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified = 0

    def verify(self, hash, password):
        self.verified += 1
        return super().verify(hash, password)


@pytest.mark.parametrize("name", ["ann", "nobody"])
def test_one_verification_whether_or_not_the_name_exists(database, name):
    hasher = Counting()
    users = Users(database, hasher)
    users.add("ann", role="coder", tenant="north", password=PASSWORD)
    assert users.check(name, "wrong password") is None
    assert hasher.verified == 1


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"name": "ann"}, "there is such a user"),
        ({"name": "an n"}, "user name"),
        ({"role": "king"}, "no role"),
        ({"password": "short"}, "10 to 256"),
        ({"password": "x" * 257}, "10 to 256"),
    ],
)
def test_what_can_not_be_added_is_told(users, changed, told):
    wanted = {"name": "bob", "role": "viewer", "tenant": "north", "password": PASSWORD, **changed}
    with pytest.raises(UserError, match=told):
        users.add(wanted.pop("name"), **wanted)
    assert [u.name for u in users.all()] == ["ann"]


@pytest.mark.parametrize("change", ["password", "disable"])
def test_a_change_ends_open_sessions(database, users, change):
    sessions = Sessions(database)
    made = sessions.open(users.find("ann"))
    assert sessions.find(made) is not None
    users.set_password("ann", "another password") if change == "password" else users.disable("ann")
    assert sessions.find(made) is None


def test_changing_nobody_is_told(users):
    with pytest.raises(UserError, match="no such user"):
        users.set_password("bob", PASSWORD)


def test_processes_that_start_at_once_get_one_key(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: secret_key(tmp_path), range(16)))
    assert len(keys) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["workbench.key"]


def test_a_damaged_key_is_told(tmp_path):
    (tmp_path / "workbench.key").write_bytes(b"short")
    with pytest.raises(StoreError, match="5 bytes"):
        secret_key(tmp_path)


def test_files_are_the_owners_only(database, tmp_path):
    secret_key(tmp_path / "store")
    for name in ("people.sqlite", "workbench.key"):
        assert stat.S_IMODE((tmp_path / "store" / name).stat().st_mode) == 0o600
    assert secret_key(tmp_path / "store") == secret_key(tmp_path / "store")
