"""Encounters that come in: kept before they are coded, so that a kill in between loses none."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from agent.desk.errors import NoSuchEncounter
from agent.desk.places import place_for
from agent.desk.source import encounter_id, packed, unpacked
from agent.run import CodingResult, code_encounter
from tools.fhir.errors import InputError

if TYPE_CHECKING:
    from agent.desk.desk import Desk
    from agent.store import Store
    from tools.fhir.source import RawEncounter


def accept(desk: "Desk", raw: "RawEncounter", out: Path | None) -> str:
    """See ``Desk.accept``."""
    own = encounter_id(raw)
    place = out or place_for(desk.store.folder, desk.tenant, own)
    desk.book.take_in(own, raw.sha256, packed(raw), str(place.absolute()))
    return own


def code(desk: "Desk", encounter: str, raw: "RawEncounter | None" = None) -> CodingResult:
    """See ``Desk.code``."""
    from agent.aws.place import place_of

    with desk.store.alone(desk.tenant, encounter):
        row = next((r for r in desk.book.waiting() if r["encounter"] == encounter), None)
        data = desk.book.source(encounter)
        if row is None or data is None:
            raise NoSuchEncounter(f"{encounter}: nothing of this id waits to be coded")
        given = raw if raw is not None and raw.sha256 == row["sha256"] else unpacked(data)
        context = replace(desk.session.context_of(desk.tenant), out=place_of(row["out"]))
        try:
            return code_encounter(given, context=context, graph=desk.session.graph)
        except InputError:
            desk.book.turn_away(encounter, row["sha256"])
            raise


def left_behind(store: "Store") -> tuple[str, ...]:
    """Practices for which a killed process left an encounter that was not coded, or a decision without its outcome."""
    with store.reading() as db:
        found = db.execute(
            "select tenant from intake union select tenant from decision where state = 'asked' order by 1"
        ).fetchall()
    return tuple(tenant for (tenant,) in found)


def recover(desk: "Desk") -> tuple[str, ...]:
    """Code what came in and was not coded. What can not be read is turned away, as it would have been then."""
    done = []
    for encounter in [row["encounter"] for row in desk.book.waiting()]:
        with desk.store.alone(desk.tenant, encounter):
            if any(row["encounter"] == encounter for row in desk.book.waiting()):
                done.append(encounter)
                with suppress(InputError):
                    code(desk, encounter)
    return tuple(done)
