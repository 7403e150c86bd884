"""One member of a batch, on one machine or in a Lambda function: fetch it, code it into its place, say how it went."""

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from agent.aws.clients import AwsBusyError
from agent.aws.place import Place, read_object
from agent.batch.journal import Outcome
from agent.batch.manifest import Item
from agent.cli.errors import BY_STATUS, EXIT_INPUT, EXIT_INTERNAL, fault_line, one_line, user_errors
from agent.desk.source import unpacked
from agent.fhir import Fetch
from tools.fhir.context_file import ContextFile, context_of, read_context
from tools.fhir.errors import InputError
from tools.intake import INPUT_LIMIT, read_bytes, read_one

if TYPE_CHECKING:
    from agent.run import CodingResult
    from agent.session import Session
    from tools.fhir.source import RawEncounter

OPTIONS = {"context", "pdf", "review"}
FETCHED = ".source"
"""Ending of an object that holds an encounter as ``agent.desk.source.packed`` keeps it."""
REVIEWS = {"auto", "always", "never"}


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where the encounters of the members come from.

    Attributes:
        folder: relative paths of the manifest are looked up here first, then where the command runs.
        fhir: reads ``Encounter/<id>``; None where no FHIR server is configured.
        region: AWS region for ``s3://`` addresses.
    """

    folder: Path
    fhir: Fetch | None = None
    region: str | None = None

    def fetch(self, item: Item) -> "RawEncounter":
        """The encounter of a member, wherever it is.

        Raises:
            InputError: it can not be read as one documented encounter; AwsError: it can not be fetched.
        """
        given, context = item.encounter, _context(item, self.folder)
        if isinstance(given, dict):
            return read_bytes(orjson.dumps(given), f"{item.id}.json", context)
        if given.startswith("s3://"):
            data = read_object(given, INPUT_LIMIT, self.region)
            if given.endswith(FETCHED):
                return unpacked(zlib.decompress(data))
            return read_bytes(data, given.rpartition("/")[2], context)
        if given.startswith("Encounter/"):
            if self.fhir is None:
                raise InputError(f"{item.id}: no FHIR server is configured to read Encounter/<id> from")
            return self.fhir(given, context)
        return read_one(_beside(self.folder, given), context)


@dataclass(frozen=True, kw_only=True)
class Job(Sources):
    """What all members share: the sources, and ``session``: bookshelf, model, graph, store, opened once."""

    session: "Session"

    def code(self, item: Item, out: Place, number: int | None) -> "CodingResult":
        """Code one member.

        Raises:
            InputError: the encounter or an option can not be used.
            AwsError: it can not be fetched, or its outputs not written.
        """
        if item.fault:
            raise InputError(item.fault)
        return code_raw(self.session, self.fetch(item), item, out, number)


def code_raw(
    session: "Session", raw: "RawEncounter", item: Item, out: Place, number: int | None
) -> "CodingResult":
    """Code what was fetched, as known today (a worker or a warm function may have been opened on an earlier day).

    Raises:
        InputError: the encounter or an option can not be used; AwsError: its outputs can not be written.
    """
    from agent.run import code_encounter

    context = session.context_of(session.context.tenant)
    context = replace(context, out=out, control_number=number, **_options(item))
    return code_encounter(raw, context=context, graph=session.graph)


def outcome_of(item: Item, out: Place, work: "Callable[[], CodingResult]") -> Outcome:
    """Do the work and say how it went; a fault of one member must not stop the others, and is told without its values."""
    started = time.perf_counter()
    try:
        result = work()
    except AwsBusyError as error:
        return _failed(item, EXIT_INTERNAL, str(error))
    except user_errors() as error:
        return _failed(item, EXIT_INPUT, one_line(error))
    except Exception as error:  # the boundary of one member
        return _failed(item, EXIT_INTERNAL, fault_line(error))
    coding = result.coding
    return Outcome(
        id=item.id,
        line=item.line,
        exit=BY_STATUS[coding.status],
        status=coding.status,
        encounter=coding.encounter_id,
        reason="; ".join(r.text for r in coding.review.reasons),
        out=str(out),
        seconds=round(time.perf_counter() - started, 3),
    )


def _failed(item: Item, code: int, reason: str) -> Outcome:
    return Outcome(id=item.id, line=item.line, exit=code, status="failed", reason=reason)


def _options(item: Item) -> dict[str, Any]:
    given = item.options
    if unknown := sorted(set(given) - OPTIONS):
        raise InputError(f"{item.id}: unknown option {unknown[0][:40]!r}; known are context, pdf, review")
    if given.get("review", "auto") not in REVIEWS:
        raise InputError(f"{item.id}: option review must be auto, always or never")
    if not isinstance(given.get("pdf", True), bool):
        raise InputError(f"{item.id}: option pdf must be true or false")
    return {name: given[name] for name in ("pdf", "review") if name in given}


def _context(item: Item, folder: Path) -> ContextFile | None:
    given = item.options.get("context")
    if given is None:
        return None
    if isinstance(given, dict):
        return context_of(given, f"{item.id}: context")
    if not isinstance(given, str):
        raise InputError(f"{item.id}: option context must be a path or an object")
    try:
        return read_context(_beside(folder, given).read_bytes(), given)
    except OSError as fault:
        raise InputError(f"{item.id}: context can not be read ({fault.strerror})") from None


def _beside(folder: Path, given: str) -> Path:
    """A path as the manifest gives it: beside the manifest, else from where the command runs."""
    beside = folder / given
    return beside if beside.exists() else Path(given)
