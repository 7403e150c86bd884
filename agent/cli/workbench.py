"""``superbill workbench`` and ``superbill user``: the pages for people, and who may sign in."""

import argparse
import getpass
import logging
import secrets
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli.errors import EXIT_OK, UsageError
from agent.settings import Settings, load_settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from agent.desk.desk import Desk
    from agent.workbench.users import Users

DEMO_USERS = (("demo", "reviewer"), ("demo2", "reviewer"), ("coder", "coder"), ("doctor", "physician"))


def add(name: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command ``name``."""
    parser.add_argument(
        "--store", type=Path, help="folder of worklist, users, control numbers and checkpoints"
    )
    if name == "user":
        _add_user(parser)
        return
    add_reach(parser, port=8000)
    parser.add_argument(
        "--name", action="append", default=[], help="host name under which it is reached (repeatable)"
    )
    parser.add_argument("--model", help="the model that codes and answers (default: the settings')")
    parser.add_argument("--policy", type=Path, help="review policy (TOML)")
    parser.add_argument("--demo", action="store_true", help="shipped encounters, a throw-away store and user")
    parser.set_defaults(run=workbench)


def add_reach(parser: argparse.ArgumentParser, *, port: int) -> None:
    """Declare where the server is reached."""
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: this machine only)"
    )
    parser.add_argument("--port", type=int, default=port, help=f"port (default {port}; 0 for any free one)")
    parser.add_argument("--tls-cert", type=Path, help="certificate chain (PEM); needed beyond this machine")
    parser.add_argument("--tls-key", type=Path, help="its private key (PEM)")
    parser.add_argument("--behind-proxy", action="store_true", help="a proxy on this machine terminates TLS")


def _add_user(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("add", "list", "disable", "enable", "password"))
    parser.add_argument("user", nargs="?", metavar="NAME")
    parser.add_argument("--role", choices=("viewer", "coder", "reviewer", "physician", "admin"))
    parser.add_argument("--tenant", help="practice (default: the settings')")
    parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    parser.set_defaults(run=user)


def user(options: argparse.Namespace) -> int:
    """Add, list, disable, enable users, or change a password."""
    settings = load_settings()
    with _users(options.store or settings.home / "store") as users:
        if options.action == "list":
            for one in users.all():
                state = "disabled" if one.disabled else "active"
                sys.stdout.write(f"{one.name:<24} {one.tenant:<16} {one.role:<10} {state}\n")
            return EXIT_OK
        if not options.user:
            raise UsageError(f"user {options.action} needs a NAME")
        sys.stdout.write(_change_user(users, options, settings) + "\n")
    return EXIT_OK


def _change_user(users: "Users", options: argparse.Namespace, settings: Settings) -> str:
    name = options.user
    if options.action == "add":
        if options.role is None:
            raise UsageError("user add needs --role")
        made = users.add(
            name, role=options.role, tenant=options.tenant or settings.tenant, password=_password(options)
        )
        return f"{made.name}: {made.role} of {made.tenant}"
    if options.action == "password":
        users.set_password(name, _password(options))
        return f"{name}: password changed, signed out everywhere"
    users.disable(name, disabled=options.action == "disable")
    return f"{name}: {options.action}d"


def _password(options: argparse.Namespace) -> str:
    if options.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    given = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != given:
        raise UsageError("the two passwords differ")
    return given


@contextmanager
def _users(store: Path) -> "Iterator[Users]":
    from agent.workbench.database import Database
    from agent.workbench.users import Users

    database = Database(store)
    try:
        yield Users(database)
    finally:
        database.close()


def workbench(options: argparse.Namespace) -> int:
    """Serve the pages until interrupted or told to end; both are a clean end, with everything closed and tidied."""
    try:
        return _start(options)
    except KeyboardInterrupt:
        return EXIT_OK


def _end(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _start(options: argparse.Namespace) -> int:
    settings = load_settings()
    check_reach(options)
    if options.demo:
        with tempfile.TemporaryDirectory(prefix="superbill-demo-") as folder:
            return _demo(options, settings, Path(folder) / "store")
    store = options.store or settings.home / "store"
    with _users(store) as users:
        if not users.all():
            raise UsageError("nobody can sign in yet; superbill user add NAME --role reviewer, or try --demo")
    return _serve(options, settings, store, options.policy)


def check_reach(options: argparse.Namespace) -> None:
    """Passwords and records do not travel in the clear beyond this machine."""
    local = options.host in {"127.0.0.1", "::1", "localhost"}
    if (options.tls_cert is None) != (options.tls_key is None):
        raise UsageError("--tls-cert and --tls-key belong together")
    if not local and options.tls_cert is None:
        raise UsageError(
            f"--host {options.host} is reached from other machines; give --tls-cert and --tls-key"
        )


def _demo(options: argparse.Namespace, settings: Settings, store: Path) -> int:
    from importlib.resources import files

    password = secrets.token_urlsafe(9)
    with _users(store) as users:
        for name, role in DEMO_USERS:
            users.add(name, role=role, tenant=settings.tenant, password=password)
    policy = Path(str(files("agent.workbench") / "demo.toml"))
    names = ", ".join(f"{name} ({role})" for name, role in DEMO_USERS)
    return _serve(options, settings, store, policy, note=f"Sign in as {names}; password {password}")


def _serve(
    options: argparse.Namespace, settings: Settings, store: Path, policy: Path | None, note: str = ""
) -> int:
    from agent.workbench.app import Options, create_app
    from agent.workbench.desks import Desks

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    with listening(options) as listener, _desk(settings, store, policy, options.model) as desk:
        signal.signal(signal.SIGTERM, _end)
        if options.demo:
            _code_demo(desk)
        app = create_app(Desks(desk), settings, Options(store=store, hosts=tuple(options.name)))
        scheme = "https" if options.tls_cert else "http"
        port = listener.getsockname()[1]
        sys.stdout.write(f"Workbench on {scheme}://{options.host}:{port}/\n{note}\n".rstrip() + "\n")
        sys.stdout.flush()
        with _warming(desk):
            run_server(app, options, listener)
    return EXIT_OK


@contextmanager
def _warming(desk: "Desk") -> "Iterator[None]":
    """The first pages are answered meanwhile."""
    from threading import Thread

    thread = Thread(target=desk.warm, name="warm")
    thread.start()
    try:
        yield
    finally:
        thread.join()


@contextmanager
def listening(options: argparse.Namespace) -> "Iterator[socket.socket]":
    """The socket is bound before anything else is done, so that a port in use costs no waiting."""
    if not 0 <= options.port <= 65535:
        raise UsageError(f"port {options.port}: there is no such port; choose another with --port")
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    try:
        listener = socket.create_server((options.host, options.port), family=family)
    except OSError as error:
        raise UsageError(
            f"port {options.port} of {options.host}: {error.strerror}; choose another with --port"
        ) from error
    with listener:
        yield listener


def run_server(app: "FastAPI", options: argparse.Namespace, listener: socket.socket) -> None:
    """Serve on the bound socket until a signal ends it."""
    import uvicorn

    config = uvicorn.Config(
        app,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=options.behind_proxy,
        ssl_certfile=options.tls_cert,
        ssl_keyfile=options.tls_key,
        timeout_graceful_shutdown=10,
    )
    uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def _desk(settings: Settings, store: Path, policy: Path | None, model: str | None) -> "Iterator[Desk]":
    from agent.desk import open_desk

    with open_desk(settings, store=store, model_spec=model, policy=policy) as desk:
        yield desk


def _code_demo(desk: "Desk") -> None:
    """Code the shipped encounters into the throw-away store."""
    from importlib.resources import files

    from agent.cli.progress import item_progress
    from agent.desk import Person
    from tools.intake import members, read_one

    coder = Person(name="coder", role="coder", tenant=desk.tenant)
    found = members(Path(str(files("evals") / "encounters")))
    with item_progress(len(found), quiet=False) as step:
        for file in found:
            coded = desk.submit(read_one(file, None)).coding
            for chance in coded.opportunities[:1]:  # so that the physician of the demo has a query to answer
                desk.opportunity(coded.encounter_id, coder, code=chance.code, accept=True, reason="demo")
            step(file.stem)
