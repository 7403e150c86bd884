"""The application: one FastAPI over the desk. ``create_app`` makes it; nothing is opened at import."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from agent.desk import DeskError, NoSuchEncounter, NoSuchQuery, NotAllowed
from agent.door import Door
from agent.settings import Settings
from agent.workbench import audit, case, chat, claim, lookup, oidcroutes, queries, signin, worklist
from agent.workbench.changes import ChangeError
from agent.workbench.database import Database, secret_key
from agent.workbench.guard import guard
from agent.workbench.oidc import Oidc, load_oidc
from agent.workbench.pages import Pages
from agent.workbench.seal import Seal
from agent.workbench.seat import NO_PAGE, Bench, DeskFactory, NotSignedInError, RefusedError, bench_of
from agent.workbench.sessions import Sessions, SignInLimit
from agent.workbench.talks import Talks
from agent.workbench.users import Users

if TYPE_CHECKING:
    from argon2 import PasswordHasher

HOSTS = ("127.0.0.1", "localhost", "[::1]")
TITLES = {403: "Not allowed", 404: "Not found", 409: "Not now", 422: "Not understood"}


@dataclass(frozen=True, kw_only=True)
class Options:
    """How the application is served.

    Attributes:
        store: folder of users, sessions and the key; None for ``store`` in the settings' home.
        hosts: names under which it may be reached besides loopback.
        hasher: of passwords; None for argon2id as the library recommends.
    """

    store: Path | None = None
    hosts: tuple[str, ...] = ()
    hasher: "PasswordHasher | None" = None


def create_app(desk_factory: DeskFactory, settings: Settings, options: Options | None = None) -> FastAPI:
    """Make the application.

    Args:
        desk_factory: gives the desk of a tenant; called at every request.
        settings: of the process.
        options: how it is served.
    """
    options = options or Options()
    bench = _bench(desk_factory, settings, options)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        bench.database.close()
        if bench.oidc is not None:
            bench.oidc.close()

    app = FastAPI(
        title="Superbill workbench", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan
    )
    app.state.bench = bench
    for part in (signin, oidcroutes, worklist, case, claim, lookup, chat, queries, audit):
        app.include_router(part.router)
    app.mount("/static", _Static(directory=str(files(__package__) / "static")), name="static")
    _add_handlers(app)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*HOSTS, *options.hosts], www_redirect=False)
    app.add_middleware(Door, **guard())
    return app


def _bench(desks: DeskFactory, settings: Settings, options: Options) -> Bench:
    folder = options.store or settings.home / "store"
    database = Database(folder)
    return Bench(
        desks=desks,
        database=database,
        users=Users(database, options.hasher),
        sessions=Sessions(database),
        limit=SignInLimit(database),
        seal=Seal(secret_key(folder)),
        pages=Pages(),
        talks=Talks(),
        oidc=Oidc(load_oidc(settings.oidc)) if settings.oidc else None,
    )


class _Static(StaticFiles):
    """Our own files; their address carries a mark of their content, so a browser may keep them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        answer.headers["cache-control"] = "public, max-age=86400"
        return answer


def _add_handlers(app: FastAPI) -> None:
    app.add_exception_handler(NotSignedInError, _not_signed_in)
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(DeskError, _desk_error)
    app.add_exception_handler(ChangeError, _desk_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _unread)


async def _not_signed_in(request: Request, _: Exception) -> Response:
    if "x-fragment" in request.headers:
        return PlainTextResponse("You are signed out.", status_code=401)
    return RedirectResponse("/signin", status_code=303)


async def _refused(request: Request, error: Exception) -> Response:
    return _tell(request, error.status if isinstance(error, RefusedError) else 403, str(error))


async def _desk_error(request: Request, error: Exception) -> Response:
    if isinstance(error, NoSuchEncounter | NoSuchQuery):
        return _tell(request, 404, NO_PAGE)
    return _tell(request, 403 if isinstance(error, NotAllowed) else 409, str(error))


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _tell(request, status, NO_PAGE if status == 404 else "The request can not be met.")


async def _unread(request: Request, _: Exception) -> Response:
    return _tell(request, 422, "A field is missing, too long, or not of its kind.")


def _tell(request: Request, status: int, text: str) -> Response:
    if "x-fragment" in request.headers:
        return PlainTextResponse(text, status_code=status)
    title = TITLES.get(status, "Not possible")
    page = bench_of(request).pages.render("refused.html", {"status": status, "title": title, "text": text})
    return HTMLResponse(page, status_code=status)
