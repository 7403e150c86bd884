"""Who calls: a program with a token, acting in one role for one practice, and the desk of that practice."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from agent.desk import Person
from agent.desk.people import MAY, Act

if TYPE_CHECKING:
    from agent.api.jobs import Jobs
    from agent.api.metrics import Metrics
    from agent.api.tokens import Tokens
    from agent.api.workers import Runner
    from agent.desk.desk import Desk
    from agent.settings import Settings
    from agent.workbench.seal import Seal
    from agent.workbench.talks import Talks


class RefusedError(Exception):
    """The request is refused: the HTTP status, and one line for people."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class House:
    """What the service holds for all requests."""

    settings: "Settings"
    desks: "Callable[[str], Desk]"
    tokens: "Tokens"
    jobs: "Jobs"
    runner: "Runner"
    seal: "Seal"
    talks: "Talks"
    metrics: "Metrics"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """One authenticated request."""

    house: House
    person: Person

    @property
    def desk(self) -> "Desk":
        """The desk of the token's own practice; there is no way to another one."""
        return self.house.desks(self.person.tenant)

    def token(self, kind: str, name: str) -> str:
        """The opaque id under which an encounter or a query is known outside."""
        return self.house.seal.close(self.person.tenant, kind, name)

    def opened(self, kind: str, token: str) -> str:
        """The id behind an opaque one.

        Raises:
            RefusedError: it is none of this practice's (404: another practice's looks as if it did not exist).
        """
        name = self.house.seal.open(self.person.tenant, kind, token)
        if name is None:
            raise RefusedError(404, f"no such {kind}")
        return name


_bearer = HTTPBearer(auto_error=False, description="superbill token add NAME --role ROLE")


def house_of(request: Request) -> House:
    """The service's house."""
    house: House = request.app.state.house
    return house


def caller_for(*acts: Act) -> Callable[..., Caller]:
    """A dependency that lets in a live token whose role may do one of the acts."""

    def check(
        request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> Caller:
        house = house_of(request)
        person = house.tokens.person(given.credentials) if given else None
        if person is None:
            raise RefusedError(401, "a live token is needed: Authorization: Bearer sb_...")
        if MAY[person.role].isdisjoint(acts):
            raise RefusedError(403, f"the role {person.role} may not {' or '.join(acts)}")
        return Caller(house=house, person=person)

    return check


Looking = Annotated[Caller, Depends(caller_for("look"))]
Submitting = Annotated[Caller, Depends(caller_for("submit"))]
Amending = Annotated[Caller, Depends(caller_for("amend"))]
Answering = Annotated[Caller, Depends(caller_for("answer"))]
Reviewing = Annotated[Caller, Depends(caller_for("dismiss"))]
Asked = Annotated[Caller, Depends(caller_for("look", "answer"))]
