"""The review policy: what is held for a person, and why. Data in TOML, checked on load; the first reason is the reason."""

import random
import tomllib
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator

from agent.state import Reason
from knowledge.errors import TableError
from knowledge.records import Finding, Record
from tools.checks import RULES_BY_ID
from tools.claim.model import Claim
from tools.encounter import EncounterFacts
from tools.proposal import Proposal


class Policy(Record):
    """What holds an encounter.

    Rates and confidences are 0..1, amounts US dollars. Lists of codes take patterns: ``*`` any characters, ``?`` one.

    Attributes:
        accept_derived_charges: charges taken from the fee schedule do not hold.
        hold_warnings: rule ids whose warnings hold; ``*`` for all.
        confidence_floor: a code whose confidence is known and lower holds.
        hold_new_patients: every new patient holds.
        hold_em_codes: E/M codes (levels) that hold, e.g. ``99205``, ``992?5``.
        hold_codes: any diagnosis or procedure that holds, e.g. ``G2211``, ``Z79*``.
        hold_modifiers: modifiers that hold, e.g. ``25``, ``59``.
        hold_payers: payers that hold, by kind, payer id or name.
        hold_queries: an open query holds.
        hold_amended: what a person amended or overrode waits for approval.
        amount_over: a total above it holds.
        audit_rate: share of the encounters that is drawn for audit; ``audit_seed`` draws another, equally reproducible share.
    """

    accept_derived_charges: bool = False
    hold_warnings: tuple[str, ...] = ()
    confidence_floor: float | None = Field(default=None, ge=0, le=1)
    hold_new_patients: bool = False
    hold_em_codes: tuple[str, ...] = ()
    hold_codes: tuple[str, ...] = ()
    hold_modifiers: tuple[Annotated[str, Field(pattern=r"^[0-9A-Z]{2}$")], ...] = ()
    hold_payers: tuple[str, ...] = ()
    hold_queries: bool = False
    hold_amended: bool = True
    amount_over: Decimal | None = Field(default=None, ge=0)
    audit_rate: float = Field(default=0.0, ge=0, le=1)
    audit_seed: int = 0

    @field_validator("hold_warnings")
    @classmethod
    def _known_rules(cls, rules: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [r for r in rules if r != "*" and r not in RULES_BY_ID]
        if unknown:
            raise ValueError(f"the catalogue has no rule {unknown[0]!r}")
        return rules


def load_policy(path: Path | None) -> Policy:
    """Read a policy file; the built-in policy when no path is given.

    Raises:
        TableError: the file is not TOML, or holds an unknown key or a wrong value.
    """
    if path is None:
        return Policy()
    try:
        return Policy.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"{path}: policy can not be read ({type(error).__name__})") from error
    except tomllib.TOMLDecodeError as error:
        raise TableError(f"{path}: not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        said = "no such setting" if first["type"] == "extra_forbidden" else first["msg"]
        known = f"; known are {', '.join(Policy.model_fields)}" if first["type"] == "extra_forbidden" else ""
        raise TableError(f"{path}: {'.'.join(map(str, first['loc']))}: {said}{known}") from error


def policy_reasons(policy: Policy, facts: EncounterFacts, proposal: Proposal, claim: Claim) -> list[Reason]:
    """Every policy reason to hold this claim, in the order of the policy's fields."""
    checks = (
        _derived_charges(policy, claim),
        _low_confidence(policy, proposal),
        "new patient" if policy.hold_new_patients and facts.new_patient else None,
        _listed("E/M level", policy.hold_em_codes, [line.code for line in claim.lines]),
        _listed(
            "code", policy.hold_codes, [*(d.code for d in claim.diagnoses), *(x.code for x in claim.lines)]
        ),
        _listed("modifier", policy.hold_modifiers, [m for line in claim.lines for m in line.modifiers]),
        _listed("payer", policy.hold_payers, _payer(claim)),
        "a query to the provider is open" if policy.hold_queries and proposal.queries else None,
        _amount(policy, claim),
        "drawn for the random audit sample" if _sampled(policy, facts.encounter_id) else None,
    )
    return [Reason(kind="policy", text=text) for text in checks if text]


def warning_reasons(policy: Policy, findings: tuple[Finding, ...]) -> list[Reason]:
    """Warnings that the policy holds."""
    held = [f for f in findings if f.level == "warning" and _holds(policy, f.rule)]
    return [Reason(kind="policy", text=f"{f.rule}: {f.message}") for f in held]


def _holds(policy: Policy, rule: str) -> bool:
    return "*" in policy.hold_warnings or rule in policy.hold_warnings


def _derived_charges(policy: Policy, claim: Claim) -> str | None:
    derived = [line.code for line in claim.lines if line.charge_basis == "derived"]
    if not derived or policy.accept_derived_charges:
        return None
    return f"charges of {', '.join(derived)} are derived from the fee schedule; load a charge master or accept them"


def _low_confidence(policy: Policy, proposal: Proposal) -> str | None:
    floor = policy.confidence_floor
    if floor is None:
        return None
    rated = [(d.code, d.confidence) for d in proposal.diagnoses]
    rated += [(line.code, line.confidence) for line in proposal.service_lines]
    low = [code for code, confidence in rated if confidence is not None and confidence < floor]
    return f"confidence of {', '.join(low)} is under {floor:.2f}" if low else None


def _listed(what: str, listed: tuple[str, ...], used: list[str]) -> str | None:
    hit = [u for u in used if any(fnmatchcase(u, pattern) for pattern in listed)]
    return f"{what} {', '.join(dict.fromkeys(hit))} is on the policy's review list" if hit else None


def _payer(claim: Claim) -> list[str]:
    primary = claim.primary
    return [p for p in (primary.payer_kind, primary.payer_id, primary.payer_name) if p] if primary else []


def _amount(policy: Policy, claim: Claim) -> str | None:
    over = policy.amount_over
    return (
        f"total {claim.total_charge} is over {over}"
        if over is not None and claim.total_charge > over
        else None
    )


def _sampled(policy: Policy, encounter_id: str) -> bool:
    draw = random.Random(f"{policy.audit_seed}:{encounter_id}").random()  # noqa: S311 - a reproducible sample
    return draw < policy.audit_rate
