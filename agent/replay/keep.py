"""A what-if kept in a folder of its own, marked so that nobody takes it for a claim that was made."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import orjson

from agent import vault
from agent.outputs import make_folder, write_drafts
from agent.replay.errors import ForkError
from agent.replay.fork import Forked
from agent.state import Reason, State
from agent.trace import dump_trace

MARK = "what-if.json"


def keep(told: Forked, out: Path) -> None:
    """Write the draft claim, the coding, the report, the marked trace and ``what-if.json`` into a new folder.

    Raises:
        ForkError: the folder exists, or can not be made.
    """
    if out.exists():
        raise ForkError(f"{out}: exists; a what-if replaces nothing, name a new folder with --out")
    try:
        make_folder(out.parent)
        made = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise ForkError(
            f"{out}: can not be written ({error.strerror}); name another folder with --out"
        ) from error
    try:
        folder = made / out.name
        write_drafts(_draft(told), replace(told.context, out=folder))
        vault.write(folder / "trace.jsonl", dump_trace(told.events))
        mark = {"what_if": told.change.model_dump(mode="json"), "at": told.at, "notes": told.notes}
        beside = told.compared.model_dump(mode="json")
        vault.write(folder / MARK, orjson.dumps({**mark, "compared": beside}, option=orjson.OPT_INDENT_2))
        folder.rename(out)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _draft(told: Forked) -> State:
    """The state with a draft claim and the mark as the first reason, whatever triage would have said."""
    state = told.state.copy()
    claim = state["claim"]
    mark = Reason(kind="policy", text=f"a what-if, never sent: {told.change.told()}")
    state.update(
        {
            "claim": claim.model_copy(update={"draft": True}) if claim else None,
            "status": "held",
            "reasons": (mark, *state["reasons"]),
        }
    )
    return state
