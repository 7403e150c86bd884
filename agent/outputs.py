"""The output folder of one encounter: everything is made in memory, written to a temporary folder, then renamed."""

import glob
import os
import re
import shutil
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from agent import vault
from agent.coding import Coding, ModelInfo, build_coding
from agent.context import Context
from agent.prompts import prompt_hashes
from agent.state import State
from agent.trace import dump_trace, trace_events
from tools.claim.model import Claim

if TYPE_CHECKING:
    from tools.claim.x12.envelope import Envelope

RENDERINGS = {"claim_837": "claim.837", "claim_cms1500": "claim.cms1500.pdf", "claim_fhir": "claim.fhir.json"}
ALWAYS = {"coding": "coding.json", "claim": "claim.json", "report": "report.html", "trace": "trace.jsonl"}
FILES = frozenset({*ALWAYS.values(), *RENDERINGS.values()})
"""Every file that an output folder of ours may hold."""


def emit_outputs(state: State, context: Context) -> Claim:
    """Reserve the control number, render the final claim and write its folder.

    Returns:
        The claim as it went out: emitted before and unchanged, it keeps the day on which it was first made.

    Raises:
        BilledElsewhereError: lines of it went out under another encounter since it was judged; nothing is written.
    """
    claim = state["claim"]
    if claim is None:
        raise ValueError("nothing to emit")
    number = 1
    if context.store:
        emission = context.store.reserve_emission(
            claim, _partner(claim), context.out, context.control_number, accepted=state["rounds"][-1].doubles
        )
        number, claim = emission.number, claim.model_copy(update={"created": emission.created})
    done = state.copy()
    done.update({"claim": claim})
    write_outputs(done, context, renderings(claim, number, pdf=context.pdf, phone=context.contact_phone))
    return claim


def write_drafts(state: State, context: Context) -> None:
    """Write the folder of an encounter that was not emitted: a draft claim, none of the renderings."""
    write_outputs(state, context, {})


def renderings(claim: Claim, control_number: int, *, pdf: bool, phone: str | None = None) -> dict[str, bytes]:
    """The claim's renderings by file name, from one claim object."""
    from tools.claim.cms1500 import render_cms1500
    from tools.claim.fhir_claim import dump_fhir_claim
    from tools.claim.x12.writer import write_837

    made = {
        "claim.837": write_837([claim], envelope(claim, control_number, phone)).encode("ascii"),
        "claim.fhir.json": dump_fhir_claim(claim),
    }
    return {**made, "claim.cms1500.pdf": render_cms1500(claim)} if pdf else made


def render_one(claims: Sequence[Claim], form: str, control_number: int, phone: str | None = None) -> bytes:
    """Claims of a file in one form: ``837``, ``fhir``, ``cms1500`` or ``json`` (the last three take a single claim).

    Raises:
        ClaimError: a form that takes one claim got several, or something mandatory is missing.
    """
    from tools.claim.cms1500 import render_cms1500
    from tools.claim.errors import ClaimError
    from tools.claim.fhir_claim import dump_fhir_claim
    from tools.claim.x12.writer import write_837

    if form == "837":
        return write_837(list(claims), envelope(claims[0], control_number, phone)).encode("ascii")
    if len(claims) != 1:
        raise ClaimError([f"the source holds {len(claims)} claims; {form} takes one"])
    if form == "fhir":
        return dump_fhir_claim(claims[0])
    return render_cms1500(claims[0]) if form == "cms1500" else _claim_json(claims[0])


def result(state: State, context: Context, files: list[str]) -> Coding:
    """coding.json of a run whose folder holds ``files``."""
    names = {kind: name for kind, name in {**ALWAYS, **RENDERINGS}.items() if name in files}
    model = ModelInfo(spec=context.model_spec, prompt_hashes=prompt_hashes())
    usage = state["usage"]
    seconds = time.time() - usage.started if usage.started else 0.0
    if state.get("decisions"):
        seconds = usage.seconds  # a person decided meanwhile: that took no time of ours
    return build_coding(state, model=model, artifacts=names, seconds=seconds)


def write_outputs(state: State, context: Context, rendered: dict[str, bytes]) -> None:
    """Write one encounter's folder under ``context.out``; the old folder is replaced only when all is written."""
    if context.out is None:
        return
    from agent.report import render_report

    coding = result(state, context, [*ALWAYS.values(), *rendered])
    claim = state["claim"]
    files = {
        "coding.json": orjson.dumps(coding.model_dump(mode="json"), option=orjson.OPT_INDENT_2),
        "claim.json": _claim_json(claim),
        "report.html": render_report(coding, state).encode(),
        "trace.jsonl": dump_trace(trace_events(state, context)),
        **rendered,
    }
    if isinstance(context.out, Path):
        write_folder(context.out, files)
    else:
        context.out.write(files)


def _claim_json(claim: Claim | None) -> bytes:
    said: dict[str, object] = (
        claim.model_dump(mode="json") if claim else {"schema_version": "1", "draft": True, "lines": []}
    )
    return orjson.dumps(said, option=orjson.OPT_INDENT_2)


def write_folder(folder: Path, files: dict[str, bytes]) -> None:
    """Write beside and rename; what a killed run of the same folder left is removed first (the caller is alone with it)."""
    make_folder(folder.parent)
    sweep(folder)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        (made / "new").mkdir(mode=0o700)
        for name, content in files.items():
            vault.write(made / "new" / name, content)
        _swap(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _swap(made: Path, folder: Path) -> None:
    if folder.exists():
        os.replace(folder, made / "old")  # noqa: PTH105 - the atomic rename is the point
    try:
        os.replace(made / "new", folder)  # noqa: PTH105
    except OSError:
        if (made / "old").exists():
            os.replace(made / "old", folder)  # noqa: PTH105
        raise


def sweep(folder: Path) -> None:
    """Remove what a killed run left beside an output folder: ``.<name>-<random>``, with nothing in it but files of ours."""
    left = re.compile(rf"\.{re.escape(folder.name)}-[a-z0-9_]{{8}}")
    for path in folder.parent.glob(f".{glob.escape(folder.name)}-*"):
        if left.fullmatch(path.name) and path.is_dir():
            inside = [p for p in path.rglob("*") if p.is_file()]
            if all(p.name in FILES for p in inside):
                shutil.rmtree(path)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing, for their owner only."""
    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)


def envelope(claim: Claim, control_number: int, phone: str | None = None) -> "Envelope":
    """The X12 envelope of a claim that goes out alone: the billing provider sends to the payer it bills.

    Args:
        claim: the claim.
        control_number: of interchange and group, 1 to 999999999, never used before with this payer.
        phone: the billing office's telephone, used when the billing provider gives none.

    Raises:
        ClaimError: no billing provider, no payer, or a control number out of range.
    """
    from tools.claim.errors import ClaimError
    from tools.claim.x12.envelope import Envelope

    billing, payer = claim.billing_provider, claim.billed
    if billing is None or payer is None:
        raise ClaimError("a claim without billing provider or payer can not be sent; complete it first")
    if not 1 <= control_number <= 999_999_999:
        raise ClaimError(f"control number {control_number} is not within 1 to 999999999; give another")
    return Envelope(
        sender_id=_trading_id(billing.tax_id or billing.npi, "SENDER"),
        submitter_name=billing.name.display,
        receiver_id=_trading_id(payer.payer_id, "RECEIVER"),
        receiver_name=payer.payer_name,
        contact_name="BILLING OFFICE",
        contact_phone=billing.phone or phone,
        interchange_control=control_number,
        group_control=control_number,
        batch_reference=f"{claim.claim_id}{control_number}"[-27:],  # the number alone makes it unique
        created=datetime.combine(claim.created, datetime.min.time(), tzinfo=UTC),
    )


def _partner(claim: Claim) -> str:
    return f"{claim.tenant}:{claim.billed.payer_id if claim.billed else ''}"


def _trading_id(given: str | None, fallback: str) -> str:
    """An ISA06/ISA08 id: 2 to 15 characters."""
    return given[:15] if given and len(given) > 1 else fallback
