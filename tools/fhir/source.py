"""RawEncounter: one encounter as it came in, before anything was gathered from it."""

from dataclasses import dataclass, field

from tools.encounter import ClinicalDocument
from tools.fhir.bundle import Bundle, Resource
from tools.fhir.context_file import ContextFile
from tools.fhir.documents import of_encounter
from tools.fhir.errors import InputError

_MOST_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class RawEncounter:
    """One encounter as it came in.

    Attributes:
        where: file name or address, for messages.
        sha256: of the bytes of the input.
        bundle: the record (empty for a bare note without history).
        encounter: the encounter that is coded; None for a bare note.
        notes: documents that came as text and not in the Bundle.
        context: what a person stated beside it.
    """

    where: str
    sha256: str
    bundle: Bundle
    encounter: Resource | None
    notes: tuple[ClinicalDocument, ...] = ()
    context: ContextFile = field(default_factory=ContextFile)


def choose_encounter(bundle: Bundle, wanted: str | None, where: str) -> Resource:
    """The encounter to code: the one asked for, else the only one, else the only one with a document.

    Raises:
        InputError: none, the one asked for is not there, none has a document, or several have.
    """
    found = bundle.of_type("Encounter")
    if not found:
        raise InputError(f"{where}: no Encounter in the Bundle; give the visit with its documents")
    if wanted:
        return _named(found, wanted, where)
    if len(found) == 1:
        return found[0]
    documented = [one for one in found if of_encounter(bundle, one)]
    if not documented:
        raise InputError(
            f"{where}: no note for any of {len(found)} encounters; add the DocumentReference of the visit"
        )
    if len(documented) > 1:
        ids = ", ".join(one.id for one in documented[:_MOST_NAMED])
        more = ", ..." if len(documented) > _MOST_NAMED else ""
        ask = '--context {"encounter": "<id>"}'
        raise InputError(
            f"{where}: {len(documented)} documented encounters ({ids}{more}); choose one with {ask}"
        )
    return documented[0]


def _named(found: tuple[Resource, ...], wanted: str, where: str) -> Resource:
    for one in found:
        if wanted in {one.id, one.reference, one.full_url}:
            return one
    raise InputError(f"{where}: encounter '{wanted}' is not in the Bundle; choose one of its {len(found)}")
