"""superbill user and superbill workbench, as a person runs them."""

import io
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from agent.cli import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("SUPERBILL_HOME", str(tmp_path / "home"))
    return tmp_path / "store"


def run(monkeypatch, capsys, *arguments, password="a good password\n"):
    monkeypatch.setattr(sys, "stdin", io.StringIO(password))
    code = main(list(arguments))
    out = capsys.readouterr()
    return code, out.out, out.err


def test_users_are_added_listed_disabled_and_given_another_password(store, monkeypatch, capsys):
    def user(*arguments, **kw):
        return run(monkeypatch, capsys, "user", *arguments, "--store", str(store), **kw)

    added = user("add", "ann", "--role", "coder", "--tenant", "north", "--password-stdin")
    assert added[:2] == (0, "ann: coder of north\n")
    assert user("list")[1].split() == ["ann", "north", "coder", "active"]
    assert user("disable", "ann")[0] == 0
    assert user("list")[1].split()[-1] == "disabled"
    assert user("enable", "ann")[0] == 0
    assert user("password", "ann", "--password-stdin", password="another password\n")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("add", "ann"), "needs --role"),
        (("add",), "needs a NAME"),
        (("disable", "ann"), "no such user"),
        (("add", "ann", "--role", "coder", "--password-stdin"), "10 to 256"),
    ],
)
def test_what_is_wrong_is_one_line(store, monkeypatch, capsys, arguments, told):
    code, out, err = run(monkeypatch, capsys, "user", *arguments, "--store", str(store), password="short\n")
    assert code == 2
    assert out == ""
    assert told in err
    assert err.count("\n") == 1


def test_a_password_typed_twice_must_agree(store, monkeypatch, capsys):
    typed = iter(["a good password", "another password"])
    monkeypatch.setattr("getpass.getpass", lambda _: next(typed))
    code, _, err = run(monkeypatch, capsys, "user", "add", "ann", "--role", "coder", "--store", str(store))
    assert (code, "differ" in err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "nobody can sign in yet"),
        (("--host", "0.0.0.0"), "--tls-cert"),
        (("--tls-cert", "x.pem"), "belong together"),
    ],
)
def test_it_does_not_start_where_nobody_could_or_should_use_it(store, monkeypatch, capsys, arguments, told):
    code, _, err = run(monkeypatch, capsys, "workbench", *arguments, "--store", str(store))
    assert (code, told in err) == (2, True)


@pytest.mark.parametrize("port", ["taken", "99999"])
def test_a_port_that_can_not_be_had_is_told_at_once(store, monkeypatch, capsys, port):
    run(
        monkeypatch,
        capsys,
        "user",
        "add",
        "ann",
        "--role",
        "coder",
        "--password-stdin",
        "--store",
        str(store),
    )
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = str(taken.getsockname()[1]) if port == "taken" else port
        code, _, err = run(monkeypatch, capsys, "workbench", "--port", wanted, "--store", str(store))
    assert (code, "--port" in err) == (2, True)


@pytest.mark.slow
def test_the_demo_serves_the_shipped_encounters_and_leaves_nothing(home, tmp_path):
    command = [sys.executable, "-m", "agent", "workbench", "--demo", "--port", "0"]
    environment = {**os.environ, "SUPERBILL_HOME": str(home), "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as demo:
        said = demo.stdout.readline() + demo.stdout.readline()
        url, password = re.search(r"http\S+", said).group(), re.search(r"password (\S+)", said).group(1)
        with httpx.Client(base_url=url, follow_redirects=True, trust_env=False) as client:
            mark = re.search(r'name="mark" value="(\w+)"', client.get("/signin").text).group(1)
            page = client.post("/signin", data={"name": "demo", "password": password, "mark": mark})
        demo.send_signal(signal.SIGTERM)
        _, log = demo.communicate(timeout=30)
    assert page.text.count("data-row") == 10
    assert "Held" in page.text
    assert demo.returncode == 0
    assert list(tmp_path.iterdir()) == []
    assert "Traceback" not in log
    assert "POST /signin 303" in log
