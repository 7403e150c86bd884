"""What a run depended on besides the encounter and the model's replies, as the trace keeps it and a replay restores it."""

import hashlib
from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

from agent.context import Context, Limits
from agent.policy import Policy
from tools.checks import CheckPolicy

if TYPE_CHECKING:
    from tools.claim.model import Claim
    from tools.encounter import EncounterFacts

Json = dict[str, Any]


def surroundings(context: Context, facts: "EncounterFacts", claim: "Claim | None") -> Json:
    """Settings that decide an outcome: the coding date, both policies in full, limits, charges, the payer's pack, editions.

    Nothing of it depends on the clock except the coding date itself, which is an input.
    """
    return {
        "today": context.today.isoformat(),
        "review": context.review,
        "policy": context.policy.model_dump(mode="json"),
        "check_policy": context.check_policy.model_dump(mode="json"),
        "limits": {k: str(v) for k, v in asdict(context.limits).items()},
        "charge_multiple": context.charge_multiple,
        "charge_master": _digest(context.charge_master.rows) if context.charge_master else None,
        "locality": context.locality,
        "search_limit": context.search_limit,
        "contact_phone": context.contact_phone,
        "payer_pack": _pack(context, facts),
        "editions": claim.editions if claim else {},
        **_learned(context),
    }


def restored(recorded: Json, context: Context) -> Context:
    """``context`` with the recorded settings in place of its own; bookshelf, model and charge master stay its own."""
    limits = {k: type(v)(recorded["limits"][k]) for k, v in asdict(Limits()).items()}
    return replace(
        context,
        today=date.fromisoformat(recorded["today"]),
        review=recorded["review"],
        policy=Policy.model_validate(recorded["policy"]),
        check_policy=CheckPolicy.model_validate(recorded["check_policy"]),
        limits=Limits(**limits),
        charge_multiple=recorded["charge_multiple"],
        locality=recorded["locality"],
        search_limit=recorded["search_limit"],
        contact_phone=recorded["contact_phone"],
    )


def _learned(context: Context) -> Json:
    """Digest of what was learned from the practice's own cases; nothing where nothing was."""
    folder = context.bookshelf.learned
    if folder is None:
        return {}
    files = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.glob("*.csv"))}
    return {"learned": _digest(files)}


def _pack(context: Context, facts: "EncounterFacts") -> Json:
    """Id and hash of the payer's pack (the payer policy that the checks read)."""
    primary = facts.primary
    pack = context.bookshelf.payers.for_kind((primary.pack if primary else None) or facts.payer_kind)
    return {"id": pack.id, "sha256": _digest(pack.model_dump(mode="json"))}


def _digest(value: object) -> str:
    said = orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=_plain)
    return hashlib.sha256(said).hexdigest()[:16]


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a digest")
