"""A seat: one signed-in person at the workbench during one request, with the desk of the person's tenant and nothing else."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from secrets import compare_digest
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from agent.desk import Person
from agent.desk.people import MAY, Act
from agent.workbench.pages import Pages
from agent.workbench.seal import Seal
from agent.workbench.sessions import Session, Sessions, SignInLimit
from agent.workbench.users import Users

if TYPE_CHECKING:
    from agent.desk.desk import Desk
    from agent.desk.records import Lease
    from agent.workbench.database import Database
    from agent.workbench.oidc import Oidc
    from agent.workbench.talks import Talks

DeskFactory = Callable[[str], "Desk"]
COOKIE: Final = "superbill"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
NO_PAGE: Final = "There is no such page."


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What the application holds for all requests."""

    desks: DeskFactory
    database: "Database"
    users: Users
    sessions: Sessions
    limit: SignInLimit
    seal: Seal
    pages: Pages
    talks: "Talks"
    oidc: "Oidc | None" = None


class NotSignedInError(Exception):
    """Nobody is signed in: the sign-in page is next."""


class RefusedError(Exception):
    """The person may not do this, or the form was not ours; ``status`` is the HTTP status, the text is for people."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class NoSuchPageError(RefusedError):
    """Not there, or not for this practice: both look alike."""

    def __init__(self) -> None:
        super().__init__(404, NO_PAGE)


@dataclass(frozen=True, kw_only=True)
class Seat:
    """Who asks, and what may be reached from there."""

    bench: Bench
    session: Session
    request: Request

    @property
    def desk(self) -> "Desk":
        """The desk of the person's own tenant; there is no way to another one."""
        return self.bench.desks(self.session.tenant)

    @property
    def person(self) -> Person:
        """The person as the desk knows people."""
        return Person(name=self.session.name, role=self.session.role, tenant=self.session.tenant)

    @property
    def fragment(self) -> bool:
        """The page's own script asks, for a part of the page."""
        return "x-fragment" in self.request.headers

    def can(self, act: Act) -> bool:
        """The desk lets the person's role do this."""
        return act in MAY[self.session.role]

    def is_other(self, lease: "Lease | None") -> bool:
        """Somebody else has the case in hand."""
        return lease is not None and lease.by != self.session.name

    def token(self, kind: str, name: str) -> str:
        """The opaque id of a case or a query."""
        return self.bench.seal.close(self.session.tenant, kind, name)

    def opened(self, kind: str, token: str) -> str:
        """The id behind a token of this tenant.

        Raises:
            NoSuchPageError: it is no token of this tenant (another tenant's looks as if it did not exist).
        """
        name = self.bench.seal.open(self.session.tenant, kind, token)
        if name is None:
            raise NoSuchPageError
        return name

    def render(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A page or a fragment, with the seat in it."""
        return HTMLResponse(
            self.bench.pages.render(
                template, {"seat": self, "request_path": self.request.url.path, **values}
            ),
            status_code=status,
        )


def bench_of(request: Request) -> Bench:
    """The application's bench."""
    bench: Bench = request.app.state.bench
    return bench


async def seat_of(request: Request) -> Seat:
    """The seat of a request; unsafe methods must carry the session's CSRF token.

    Raises:
        NotSignedInError: no live session.
        RefusedError: the token is missing or another's.
    """
    bench = bench_of(request)
    active = "x-background" not in request.headers
    session = bench.sessions.find(request.cookies.get(COOKIE), active=active)
    if session is None:
        raise NotSignedInError
    if request.method not in SAFE:
        given = request.headers.get("x-csrf-token") or (await request.form()).get("csrf")
        if not isinstance(given, str) or not compare_digest(given.encode(), session.csrf.encode()):
            raise RefusedError(403, "This form is out of date. Go back, reload the page and try again.")
    return Seat(bench=bench, session=session, request=request)


def seat_for(*acts: Act) -> Callable[[Seat], Awaitable[Seat]]:
    """A dependency that lets in whose role may do one of the acts."""

    async def check(seat: Annotated[Seat, Depends(seat_of)]) -> Seat:  # async: needs no thread of its own
        if not any(seat.can(act) for act in acts):
            raise RefusedError(403, f"The role {seat.session.role} may not do this.")
        return seat

    return check


Anyone = Annotated[Seat, Depends(seat_of)]
Reader = Annotated[Seat, Depends(seat_for("look"))]
Coder = Annotated[Seat, Depends(seat_for("amend"))]
Reviewer = Annotated[Seat, Depends(seat_for("approve"))]
Dismisser = Annotated[Seat, Depends(seat_for("dismiss"))]
Answerer = Annotated[Seat, Depends(seat_for("answer"))]
Asked = Annotated[Seat, Depends(seat_for("look", "answer"))]
