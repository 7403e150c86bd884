"""Signing in and out."""

from secrets import compare_digest, token_urlsafe
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from agent.workbench.seat import COOKIE, Anyone, Bench, bench_of
from agent.workbench.sessions import ABSOLUTE
from agent.workbench.users import User

router = APIRouter()
PRE: Final = "superbill_signin"
WRONG: Final = "Name or password is wrong, or the user may not sign in."
TOO_MANY: Final = "Too many failed attempts. Wait a quarter of an hour and try again."


@router.get("/signin")
def signin_page(request: Request) -> HTMLResponse:
    """The form; its cookie and its mark belong together, so that no other site can sign a browser in."""
    return form_page(request)


@router.post("/signin")
def sign_in(
    request: Request,
    name: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    mark: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Check name and password and begin a session."""
    bench, name = bench_of(request), name.strip()
    wanted = bench.seal.mark(request.cookies.get(PRE, ""))
    if not request.cookies.get(PRE) or not compare_digest(mark.encode(), wanted.encode()):
        return form_page(request, "The sign-in form was out of date; try again.", 403)
    address = request.client.host if request.client else "unknown"
    attempt = bench.limit.attempt(name, address)
    if attempt is None:
        return form_page(request, TOO_MANY, 429)
    user = bench.users.check(name, password)
    if user is None:
        return form_page(request, WRONG, 401)
    bench.limit.succeeded(name, attempt)
    return _begin(bench, request, user)


@router.post("/signout")
def sign_out(seat: Anyone) -> Response:
    """End the session here and on the server."""
    seat.bench.sessions.close(seat.session)
    seat.bench.talks.forget(seat.session.hash)
    answer = RedirectResponse("/signin", status_code=303)
    answer.delete_cookie(COOKIE, path="/")
    return answer


def _begin(bench: Bench, request: Request, user: User) -> Response:
    """Open a session for ``user`` and go to the first page."""
    answer = RedirectResponse("/", status_code=303)
    set_session(answer, request, bench.sessions.open(user))
    answer.delete_cookie(PRE, path="/signin")
    return answer


def set_session(answer: Response, request: Request, made: str) -> None:
    """Give the browser its session id in a cookie no script and no other site can use."""
    secure = request.url.scheme == "https"
    answer.set_cookie(
        COOKIE, made, max_age=ABSOLUTE, path="/", httponly=True, samesite="strict", secure=secure
    )


def form_page(request: Request, fault: str = "", status: int = 200) -> HTMLResponse:
    """The sign-in page, with what went wrong."""
    bench, cookie = bench_of(request), token_urlsafe(24)
    page = bench.pages.render(
        "signin.html", {"fault": fault, "mark": bench.seal.mark(cookie), "oidc": bench.oidc is not None}
    )
    answer = HTMLResponse(page, status_code=status)
    secure = request.url.scheme == "https"
    answer.set_cookie(
        PRE, cookie, max_age=3600, path="/signin", httponly=True, samesite="strict", secure=secure
    )
    return answer
