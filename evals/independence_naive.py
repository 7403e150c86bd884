"""A coder without any caution: it bills every condition its (broken) reader calls the patient's, present and recent.

Each such code is put alone on the claim that is right for the encounter, with the words it was read from as its evidence,
and the self-check judges the claim. What no error names has escaped.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from knowledge.bookshelf import Bookshelf
from knowledge.icd10cm import IcdCode
from knowledge.records import NoteEvidence
from tools.checks import CheckPolicy, CheckRequest, run_checks
from tools.claim.model import Claim, ClaimDiagnosis
from tools.encounter import EncounterFacts
from tools.text import Mention, read

Corrupt = Callable[[Mention], dict[str, Any]]
CONDITIONS = frozenset({"problem", "family", "status"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """An encounter and the claim that leaves when the coder's reader is whole."""

    name: str
    facts: EncounterFacts
    claim: Claim


@dataclass(frozen=True, kw_only=True, slots=True)
class Naive:
    """Wrong codes under one fault, and those no error of the check names."""

    fault: str
    wrong: int
    escaped: tuple[str, ...]


def tally(fault: str, change: Corrupt, known: Sequence[Known], shelf: Bookshelf) -> Naive:
    """Bill each condition the fault makes the patient's, one at a time."""
    wrong, escaped = 0, []
    for one in known:
        for code, evidence in wrong_codes(change, one, shelf):
            wrong += 1
            if not caught(code, evidence, one, shelf):
                escaped.append(f"{one.name} {code} '{evidence.text}'")
    return Naive(fault=fault, wrong=wrong, escaped=tuple(escaped))


def wrong_codes(change: Corrupt, one: Known, shelf: Bookshelf) -> Iterator[tuple[str, NoteEvidence]]:
    """Billable codes of the conditions that only the broken reader takes for the patient's, each once."""
    families = {d.code[:3] for d in one.claim.diagnoses}
    for document in one.facts.documents:
        note = read(document.text, shelf.vocabulary)
        sound = {m.concept for m in note.mentions if _sound(m)}
        for mention in note.mentions:
            broken = mention.model_copy(update=change(mention))
            code = _code(mention, shelf, one)
            if _sound(mention) or not _sound(broken) or code is None:
                continue
            if mention.concept not in sound and code[:3] not in families:
                families.add(code[:3])
                yield (
                    code,
                    NoteEvidence(
                        document=document.id, start=mention.start, end=mention.end, text=mention.text
                    ),
                )


def _sound(mention: Mention) -> bool:
    """What a careless coder bills: a condition, of the patient, present, and not of the past."""
    return (
        mention.kind in CONDITIONS - {"family"}
        and mention.assertion == "present"
        and mention.experiencer == "patient"
        and mention.temporality == "recent"
        and mention.section_kind != "family_history"
    )


def _code(mention: Mention, shelf: Bookshelf, one: Known) -> str | None:
    """The first billable code of the mention's term that is no status, history or external cause."""
    found = shelf.vocabulary.problem(mention.concept)
    day = one.facts.date_of_service
    rows: list[IcdCode | None] = [shelf.icd.find(term.code, day) for term in found]
    return next((r.code for r in rows if r is not None and r.billable and r.code[0] not in "VWXYZ"), None)


def caught(code: str, evidence: NoteEvidence, one: Known, shelf: Bookshelf) -> bool:
    """Whether an error of the check names the code when it is billed beside the right ones.

    Without pyx12: the form of the claim is not in question here.
    """
    extra = ClaimDiagnosis(sequence=len(one.claim.diagnoses) + 1, code=code, display="", evidence=(evidence,))
    claim = one.claim.model_copy(update={"diagnoses": (*one.claim.diagnoses, extra)})
    request = CheckRequest(
        claim=claim,
        documents=one.facts.documents,
        facts=one.facts,
        bookshelf=shelf,
        policy=CheckPolicy.default().model_copy(update={"structure": False}),
    )
    return any(f.level == "error" and code in f.codes for f in run_checks(request))
