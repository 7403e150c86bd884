"""Is a line billed that went out before, under another encounter of the same patient and day?

A visit that comes twice under two ids (a resent message, two source systems) is one visit. A repeat on the same claim is the
self-check's matter (modifiers 76, 77, 91; NCCI policy manual ch. 1 s. K), not this file's.
"""

import hashlib

from tools.claim.model import Claim

SCHEMA = """
create table if not exists billed (
  tenant text not null, line text not null, encounter text not null, code text not null,
  primary key (tenant, line, encounter)) strict;
"""


class BilledElsewhereError(Exception):
    """Lines of a claim went out under another encounter after the claim was judged; it may not follow unseen."""

    def __init__(self, codes: tuple[str, ...]) -> None:
        """Name the codes of those lines."""
        super().__init__(f"{', '.join(codes)}: billed meanwhile under another encounter")
        self.codes = codes


def refuse_unseen(elsewhere: tuple[str, ...], accepted: tuple[str, ...]) -> None:
    """Let nothing go out twice that nobody has seen to be billed elsewhere.

    Raises:
        BilledElsewhereError: another encounter billed lines that are not among ``accepted``.
    """
    if set(elsewhere) - set(accepted):
        raise BilledElsewhereError(elsewhere)


def billed_lines(claim: Claim) -> dict[str, str]:
    """Each line as a hash of patient, day, rendering provider, code and modifiers -> its code; names no one."""
    who = claim.patient
    rendering = claim.rendering_provider or claim.billing_provider
    patient = (
        who.name.last.casefold(),
        (who.name.first or "").casefold(),
        str(who.birth_date),
        (rendering.npi or "") if rendering else "",
    )
    found = {}
    for line in claim.lines:
        said = "\0".join((*patient, line.date_from.isoformat(), line.code, *sorted(line.modifiers)))
        found[hashlib.sha256(said.encode()).hexdigest()[:32]] = line.code
    return found
