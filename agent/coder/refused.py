"""Conditions that the record mentions without establishing them, and why each is not coded (IV.H, IV.J, I.C.21.c.4)."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.coder.candidates import Candidate
from agent.coder.case import Case, Seen


@dataclass(frozen=True, kw_only=True)
class Unestablished:
    """A condition that the record mentions without establishing it."""

    seen: Seen
    reason: str
    rule: str

    @property
    def query(self) -> str:
        """The words a coder would look up."""
        return str(self.seen.concept or self.seen.text)


def unestablished(case: Case, established: Sequence[Candidate]) -> list[Unestablished]:
    """Conditions to reject with a reason, each concept once; what is established elsewhere is not rejected."""
    coded = {c.seen.concept for c in established}
    found: dict[str, Unestablished] = {}
    for seen in case.of("problem", "family"):
        reason = _why_not(seen)
        if reason and seen.concept not in coded and seen.concept not in found:
            found[seen.concept] = Unestablished(seen=seen, reason=reason[0], rule=reason[1])
    return list(found.values())


def _why_not(seen: Seen) -> tuple[str, str] | None:
    if seen.kind == "family" or seen.experiencer == "family":
        return (f"'{seen.text}' is a relative's condition, not the patient's", "I.C.21.c.4")
    if seen.assertion == "uncertain":
        return (
            f"'{seen.text}' is documented as uncertain; outpatient claims code the sign or symptom instead",
            "IV.H",
        )
    if seen.assertion == "absent" and seen.in_assessment:
        return (f"'{seen.text}' is documented as absent", "IV.J")
    return None
