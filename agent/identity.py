"""Hashes by which claims, runs and emissions are recognised."""

import hashlib

import orjson

from tools.claim.model import Claim
from tools.fhir.source import RawEncounter


def claim_sha256(claim: Claim) -> str:
    """Hash of what the claim says; being a draft, its creation day and its evidence do not belong to it."""
    said = claim.model_dump(mode="json", exclude={"draft", "created", "editions"})
    for row in (*said["diagnoses"], *said["lines"]):
        row.pop("evidence", None)
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def thread_id(tenant: str, raw: RawEncounter, model_spec: str) -> str:
    """One conversation thread per tenant, encounter content and model; hashed, so that it names no one."""
    text = (
        f"{tenant}\0{raw.sha256}\0{raw.encounter.id if raw.encounter else ''}\0{raw.context!r}\0{model_spec}"
    )
    return hashlib.sha256(text.encode()).hexdigest()[:32]
