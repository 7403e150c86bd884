"""Faults the server can be told to have, so that clients can be tried against them."""

from dataclasses import dataclass, field

KINDS = {
    "429": "too many requests, with Retry-After: 1",
    "503": "unavailable, without Retry-After",
    "500": "internal error",
    "throttle": "HTTP 400 with ThrottlingException, as AWS APIs word it",
    "drop": "the connection ends before the answer",
    "cut": "the answer's JSON ends in the middle",
    "foreign": "a page holds a resource of another patient",
    "loop": "the next link leads to the same page again",
    "elsewhere": "the next link leads to another host",
    "expired": "401: the token has expired",
    "skew": "403: signature expired, with the server's own date",
    "partial": "a page reports by an OperationOutcome entry that it is not whole",
    "short": "a page lacks its last resource, though the total counts it",
    "bare": "an entry without a resource",
}


@dataclass(kw_only=True)
class Fault:
    """One kind of fault, as often as ``times``; ``path`` is a part of method and address (``PUT /fhir/r4/Claim``)."""

    kind: str
    times: int = 1
    path: str = ""


@dataclass
class Faults:
    """The faults still to come."""

    planned: list[Fault] = field(default_factory=list)

    def add(self, kind: str, times: int = 1, path: str = "") -> None:
        """Plan a fault.

        Raises:
            ValueError: an unknown kind.
        """
        if kind not in KINDS:
            raise ValueError(f"unknown fault '{kind}'; known are {', '.join(KINDS)}")
        self.planned.append(Fault(kind=kind, times=times, path=path))

    def take(self, path: str) -> str | None:
        """The fault of this request, used up by it."""
        for one in self.planned:
            if one.times > 0 and one.path in path:
                one.times -= 1
                return one.kind
        return None


def fault_of(given: str) -> Fault:
    """A fault as the command line names it: ``KIND[:TIMES[:PATH]]``.

    Raises:
        ValueError: an unknown kind, or a number that is none.
    """
    kind, _, rest = given.partition(":")
    times, _, path = rest.partition(":")
    if kind not in KINDS or not (times or "1").isdigit():
        raise ValueError(f"'{given}' is no KIND[:TIMES[:PATH]]; kinds are {', '.join(KINDS)}")
    return Fault(kind=kind, times=int(times or "1"), path=path)
