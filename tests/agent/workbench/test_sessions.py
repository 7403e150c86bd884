import pytest

from agent.workbench.database import Database
from agent.workbench.sessions import ABSOLUTE, IDLE, PER_ADDRESS, PER_USER, WINDOW, Sessions, SignInLimit
from agent.workbench.users import User

ANN = User(name="ann", tenant="north", role="coder")


class Clock:
    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def database(tmp_path):
    made = Database(tmp_path / "store")
    yield made
    made.close()


def test_a_session_is_found_by_its_id_only(database, clock):
    sessions = Sessions(database, clock)
    made = sessions.open(ANN)
    found = sessions.find(made)
    assert (found.name, found.tenant, found.role) == ("ann", "north", "coder")
    assert sessions.find(made + "x") is None
    assert sessions.find(None) is None
    assert sessions.find(found.hash) is None, "the kept hash is no way in"


def test_the_id_is_not_on_disk(database, clock, tmp_path):
    made = Sessions(database, clock).open(ANN)
    with database.writing() as db:
        assert db.execute("select count(*) from session").fetchone()[0] == 1
    database.close()
    kept = b"".join(p.read_bytes() for p in (tmp_path / "store").iterdir())
    assert b"ann" in kept
    assert made.encode() not in kept


def test_idle_sessions_end_and_used_ones_go_on(database, clock):
    sessions = Sessions(database, clock)
    made = sessions.open(ANN)
    for _ in range(3):
        clock.now += IDLE - 1
        assert sessions.find(made) is not None
    clock.now += IDLE
    assert sessions.find(made) is None


def test_no_session_outlives_the_absolute_limit(database, clock):
    sessions = Sessions(database, clock)
    made, begun = sessions.open(ANN), clock.now
    while clock.now - begun < ABSOLUTE - IDLE / 2:
        assert sessions.find(made) is not None
        clock.now += IDLE / 2
    clock.now = begun + ABSOLUTE
    assert sessions.find(made) is None


def test_a_closed_session_is_gone(database, clock):
    sessions = Sessions(database, clock)
    made = sessions.open(ANN)
    sessions.close(sessions.find(made))
    assert sessions.find(made) is None


def test_what_a_page_does_by_itself_keeps_no_session_alive(database, clock):
    sessions = Sessions(database, clock)
    made = sessions.open(ANN)
    for _ in range(IDLE // 120):
        assert sessions.find(made, active=False) is not None
        clock.now += 120
    assert sessions.find(made, active=False) is None


def test_a_name_is_refused_after_its_failures_and_let_in_after_the_window(database, clock):
    limit = SignInLimit(database, clock)
    for number in range(PER_USER):
        assert limit.attempt("ann", f"10.0.0.{number}") is not None
    assert limit.attempt("ann", "10.9.9.9") is None
    assert limit.attempt("bob", "10.9.9.9") is not None
    clock.now += WINDOW + 1
    assert limit.attempt("ann", "10.9.9.9") is not None


def test_an_address_is_refused_after_failures_of_many_names(database, clock):
    limit = SignInLimit(database, clock)
    for number in range(PER_ADDRESS):
        assert limit.attempt(f"user{number}", "10.0.0.1") is not None
    assert limit.attempt("somebody", "10.0.0.1") is None
    assert limit.attempt("somebody", "10.0.0.2") is not None


def test_success_clears_the_name_but_not_the_addresss_other_failures(database, clock):
    limit = SignInLimit(database, clock)
    for _ in range(PER_USER - 1):
        limit.attempt("ann", "10.0.0.1")
    limit.succeeded("ann", limit.attempt("ann", "10.0.0.1"))
    for _ in range(PER_ADDRESS - PER_USER + 1):
        limit.succeeded("bob", limit.attempt("bob", "10.0.0.1"))
    for number in range(PER_ADDRESS - PER_USER + 1):
        assert limit.attempt(f"user{number}", "10.0.0.1") is not None
    assert limit.attempt("ann", "10.0.0.1") is None


def test_many_attempts_at_once_are_no_more_than_the_limit(database, clock):
    from concurrent.futures import ThreadPoolExecutor

    limit = SignInLimit(database, clock)
    with ThreadPoolExecutor(8) as pool:
        let_in = list(pool.map(lambda n: limit.attempt("ann", f"10.0.0.{n}"), range(40)))
    assert sum(mark is not None for mark in let_in) == PER_USER
