"""The service: one FastAPI over the desk. ``create_api`` makes it; nothing is opened at import."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from agent.api import encounters, health, review
from agent.api.caller import House, RefusedError
from agent.api.counter import counter
from agent.api.jobs import Job, Jobs
from agent.api.metrics import Metrics
from agent.api.tokens import Tokens
from agent.api.workers import Crew, InThisProcess, Runner
from agent.cli.errors import one_line, user_errors
from agent.desk import EditRefused, NoSuchEncounter, NoSuchQuery, NotAllowed
from agent.desk.errors import DeskError
from agent.door import Door
from agent.workbench.database import secret_key
from agent.workbench.seal import Seal
from agent.workbench.talks import Talks

if TYPE_CHECKING:
    from agent.desk.desk import Desk
    from agent.settings import Settings

STATUS: dict[type[DeskError], int] = {
    NoSuchEncounter: 404,
    NoSuchQuery: 404,
    NotAllowed: 403,
    EditRefused: 422,
}
"""What the desk refuses, as an HTTP status; 409 for the rest (leased, stale, not waiting)."""


def create_api(
    desks: "Callable[[str], Desk]",
    settings: "Settings",
    store: Path,
    *,
    crew: Crew | None = None,
    threads: int = 1,
) -> FastAPI:
    """Make the application.

    Args:
        desks: gives the desk of a tenant.
        settings: of the process.
        store: folder of tokens, the queue and the key of the opaque ids.
        crew: who codes; this process when not given.
        threads: how many encounters are coded at once.
    """
    metrics, jobs = Metrics(), Jobs(store)

    def told(_: Job, error: str | None) -> None:
        metrics.encounters.labels("failed" if error else "coded").inc()

    house = House(
        settings=settings,
        desks=desks,
        tokens=Tokens(store),
        jobs=jobs,
        runner=Runner(jobs, crew or InThisProcess(desks), threads=threads, told=told),
        seal=Seal(secret_key(store)),
        talks=Talks(),
        metrics=metrics,
    )
    app = FastAPI(
        title="Superbill",
        summary="Medical coding per encounter",
        description="An encounter in, an explained and self-checked claim out. Ids are opaque; errors are one line.",
        version="1",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan(house),
    )
    app.state.house = house
    for part in (encounters, review, health):
        app.include_router(part.router)
    _add_handlers(app)
    app.add_middleware(Door, **counter(metrics))
    return app


def _lifespan(house: House) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        house.runner.start()
        yield
        await run_in_threadpool(house.runner.stop)
        house.jobs.close()
        house.tokens.close()

    return lifespan


def _add_handlers(app: FastAPI) -> None:
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(DeskError, _desk_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _unread)
    for kind in user_errors():
        if not issubclass(kind, DeskError):
            app.add_exception_handler(kind, _user_error)


async def _refused(_: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, RefusedError) else 403
    headers = {"www-authenticate": "Bearer"} if status == 401 else None
    return JSONResponse({"error": str(error)}, status_code=status, headers=headers)


async def _desk_error(_: Request, error: Exception) -> Response:
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 409)
    return JSONResponse({"error": str(error)}, status_code=status)


async def _user_error(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": one_line(error)}, status_code=422)


async def _http_error(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    text = {404: "no such address", 405: "not this method"}.get(status, "the request can not be met")
    return JSONResponse({"error": text}, status_code=status, headers=headers)


async def _unread(_: Request, error: Exception) -> Response:
    """Where the body is wrong and why, without the value that stood there."""
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    first = faults[0] if faults else {"loc": ("body",), "msg": "not understood"}
    where = ".".join(map(str, first["loc"]))
    return JSONResponse({"error": f"{where}: {first['msg']}"}, status_code=422)
