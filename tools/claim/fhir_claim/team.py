"""Claim.careTeam: who did, referred, ordered, supervised or supplied; lines point to it by sequence."""

from dataclasses import dataclass, field

from tools.claim.fhir_claim.codes import CARE_TEAM, NUCC, OWN_INFO, PCT_ROLE, Json, concept
from tools.claim.fhir_claim.parties import provider_resource
from tools.claim.model import Claim, ClaimLine
from tools.encounter import Provider

ROLES = {
    "rendering": (PCT_ROLE, "rendering"),
    "referring": (PCT_ROLE, "referring"),
    "supervising": (CARE_TEAM, "supervisor"),
    "ordering": (OWN_INFO, "ordering"),
    "purchased": (PCT_ROLE, "purchasedservice"),
}
"""Our role -> code system and code."""


@dataclass(slots=True)
class CareTeam:
    """Collects members once each; ``resources`` are what they point to."""

    entries: list[Json] = field(default_factory=list)
    resources: list[Json] = field(default_factory=list)
    _known: dict[tuple[str, bool, Provider], int] = field(default_factory=dict)
    _ids: dict[Provider, str] = field(default_factory=dict)

    def of_claim(self, claim: Claim) -> list[int]:
        """Members of the whole claim, marked responsible; returns the sequences that concern every line."""
        return [
            self._member(role, provider, whole=True)
            for role, provider in (
                ("rendering", claim.rendering_provider),
                ("referring", claim.referring_provider),
                ("supervising", claim.supervising_provider),
            )
            if provider
        ]

    def of_line(self, line: ClaimLine, whole: list[int]) -> list[int]:
        """Sequences of the members that concern this line; its own take the place of the claim's."""
        own = {
            "rendering": line.rendering,
            "referring": line.referring,
            "supervising": line.supervising,
            "ordering": line.ordering,
            "purchased": line.purchased.provider if line.purchased else None,
        }
        replaced = {role for role, provider in own.items() if provider}
        kept = [sequence for sequence in whole if self._role(sequence) not in replaced]
        return kept + [self._member(role, p, whole=False) for role, p in own.items() if p]

    def _role(self, sequence: int) -> str:
        return next(role for (role, _, _), number in self._known.items() if number == sequence)

    def _member(self, role: str, provider: Provider, *, whole: bool) -> int:
        key = (role, whole, provider)
        if key in self._known:
            return self._known[key]
        sequence = self._known[key] = len(self.entries) + 1
        entry: Json = {"sequence": sequence, "provider": {"reference": f"#{self._resource(provider)}"}}
        if whole:
            entry["responsible"] = True
        entry["role"] = concept(*ROLES[role])
        if provider.taxonomy:
            entry["qualification"] = concept(NUCC, provider.taxonomy)
        self.entries.append(entry)
        return sequence

    def _resource(self, provider: Provider) -> str:
        if provider not in self._ids:
            key = self._ids[provider] = f"provider-{len(self._ids) + 1}"
            self.resources.append(provider_resource(provider, key))
        return self._ids[provider]
