"""What can go wrong with a claim on its way in or out.

ClaimError          a claim can not be written as asked; ``problems`` lists every reason at once
UnreadableClaim     the input is no 837P, FHIR Claim or claim.json, or a broken one
 |- X12Error        an X12 file is malformed: names the segment and its position
"""

from collections.abc import Sequence


class ClaimError(Exception):
    """A claim lacks something mandatory or breaks a rule of the form it is to be written in."""

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("; ".join(self.problems))


class UnreadableClaim(Exception):  # noqa: N818  the name is part of the agreed interface
    """The bytes hold no claim that can be read; the message says what, where and what to do in one line."""


class X12Error(UnreadableClaim):
    """An X12 file breaks its own syntax at one place."""

    def __init__(self, reason: str, segment: str = "", position: int = 0) -> None:
        self.reason = reason
        self.segment = segment
        self.position = position
        super().__init__(f"segment {position} ({segment}): {reason}" if segment else reason)
