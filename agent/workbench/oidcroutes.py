"""Routes of the sign-in by an organisation's issuer."""

from secrets import compare_digest
from typing import Final

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from agent.workbench.oidc import Oidc, OidcError
from agent.workbench.seat import Bench, NoSuchPageError, bench_of
from agent.workbench.signin import form_page, set_session
from agent.workbench.users import User

router = APIRouter()
COOKIE: Final = "superbill_oidc"
PATH: Final = "/signin/oidc"


@router.get("/signin/oidc")
def begin(request: Request) -> Response:
    """Send the browser to the issuer; what it must bring back is sealed in a cookie."""
    bench = bench_of(request)
    oidc = _oidc(bench)
    try:
        begun = oidc.begin()
    except OidcError as error:
        return form_page(request, f"Your organisation's sign-in can not be used: {error}.", 502)
    answer = RedirectResponse(begun.url, status_code=303)
    sealed = bench.seal.close("", "oidc", begun.packed())
    answer.set_cookie(
        COOKIE,
        sealed,
        max_age=600,
        path=PATH,
        httponly=True,
        samesite="lax",  # the issuer sends the browser back from another site
        secure=request.url.scheme == "https",
    )
    return answer


@router.get("/signin/oidc/back")
def back(request: Request, state: str = "", code: str = "") -> Response:
    """Finish: the state is ours, the code is exchanged, the person is known."""
    bench = bench_of(request)
    oidc = _oidc(bench)
    kept = bench.seal.open("", "oidc", request.cookies.get(COOKIE, ""))
    wanted, nonce, verifier = orjson.loads(kept) if kept else ("", "", "")
    if not kept or not compare_digest(state.encode(), wanted.encode()) or not code:
        return form_page(request, "The sign-in was not finished, or begun in another window; try again.", 403)
    try:
        user = _known(bench, oidc.finish(code, nonce, verifier))
    except OidcError as error:
        return form_page(request, f"Your organisation's sign-in did not succeed: {error}.", 403)
    answer = HTMLResponse(bench.pages.render("arrived.html", {}))
    set_session(answer, request, bench.sessions.open(user))
    answer.delete_cookie(COOKIE, path=PATH)
    return answer


def _known(bench: Bench, user: User) -> User:
    """A name that a local user has is not another's to act under: the audit tells people apart by name."""
    if bench.users.find(user.name) is not None:
        raise OidcError("a local user has this name; ask an administrator")
    return user


def _oidc(bench: Bench) -> Oidc:
    if bench.oidc is None:
        raise NoSuchPageError
    return bench.oidc
