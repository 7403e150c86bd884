"""People and what their role lets them do."""

from typing import Literal

from agent.desk.errors import NotAllowed
from knowledge.records import Record

Role = Literal["viewer", "coder", "reviewer", "physician", "admin"]
Act = Literal[
    "look",
    "lease",
    "amend",
    "opportunity",
    "submit",
    "approve",
    "reject",
    "override",
    "dismiss",
    "answer",
    "purge",
]

_CODER: frozenset[Act] = frozenset({"look", "lease", "amend", "opportunity", "submit"})
_REVIEWER: frozenset[Act] = _CODER | {"approve", "reject", "override", "dismiss"}
MAY: dict[Role, frozenset[Act]] = {
    "viewer": frozenset({"look"}),
    "coder": _CODER,
    "reviewer": _REVIEWER,
    "physician": frozenset({"answer"}),
    "admin": _REVIEWER | {"purge"},
}
"""A physician answers queries and does nothing else; nobody else answers them."""


class Person(Record):
    """Who acts, in which role, for which practice."""

    name: str
    role: Role
    tenant: str


def check(person: Person, act: Act, tenant: str) -> None:
    """Refuse what the role does not allow, or a person of another practice.

    Raises:
        NotAllowed: saying which roles may.
    """
    if person.tenant != tenant:
        raise NotAllowed("this person belongs to another practice")
    if act not in MAY[person.role]:
        roles = ", ".join(role for role, acts in MAY.items() if act in acts)
        raise NotAllowed(f"the role {person.role} may not {act}; it takes {roles}")
