"""What changed between two codings, in words of codes, lines and money."""

from collections.abc import Sequence
from decimal import Decimal

from agent.desk.records import Difference
from agent.identity import claim_sha256
from tools.claim.model import Claim, ClaimLine
from tools.proposal import Proposal


def difference(
    before: Claim | None, after: Claim | None, status_before: str, status_after: str
) -> Difference:
    """Compare two claims of one encounter; either may be missing."""
    had, have = _codes(before), _codes(after)
    lines_before, lines_after = _lines(before), _lines(after)
    return Difference(
        status_before=status_before,
        status_after=status_after,
        claim_before=claim_sha256(before) if before else None,
        claim_after=claim_sha256(after) if after else None,
        diagnoses_added=tuple(c for c in have if c not in had),
        diagnoses_removed=tuple(c for c in had if c not in have),
        diagnoses_before=had,
        diagnoses_after=have,
        lines_added=_without(lines_after, lines_before),
        lines_removed=_without(lines_before, lines_after),
        charge_before=before.total_charge if before else Decimal(0),
        charge_after=after.total_charge if after else Decimal(0),
    )


def line_text(line: ClaimLine) -> str:
    """A line as people write it: ``99213-25 x1 -> 1,2``."""
    modifiers = "".join(f"-{m}" for m in line.modifiers)
    return f"{line.code}{modifiers} x{line.units:f} -> {','.join(map(str, line.pointers))}"


def codes_of(proposal: Proposal | None) -> dict[str, list[str]]:
    """The codes of a proposal, for the audit."""
    if proposal is None:
        return {"diagnoses": [], "lines": []}
    return {
        "diagnoses": [d.code for d in proposal.diagnoses],
        "lines": ["-".join([x.code, *(m.code for m in x.modifiers)]) for x in proposal.service_lines],
    }


def _codes(claim: Claim | None) -> tuple[str, ...]:
    return tuple(d.code for d in claim.diagnoses) if claim else ()


def _lines(claim: Claim | None) -> tuple[str, ...]:
    return tuple(map(line_text, claim.lines)) if claim else ()


def _without(lines: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    left = list(others)
    found = []
    for line in lines:
        if line in left:
            left.remove(line)
        else:
            found.append(line)
    return tuple(found)
