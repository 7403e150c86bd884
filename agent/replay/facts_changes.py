"""Facts and notes of a what-if: the encounter as it would have been, everything else untouched."""

import hashlib
from collections.abc import Callable
from datetime import date
from typing import get_args

from agent.replay.change import Change
from agent.replay.errors import ForkError
from knowledge.payers import PayerPacks
from tools.encounter import ClinicalDocument, EncounterFacts, PayerKind, Sex

WHAT_IF = "what-if"
YES = {"true": True, "yes": True, "new": True, "false": False, "no": False, "established": False}


def changed_facts(change: Change, facts: EncounterFacts, packs: PayerPacks) -> EncounterFacts:
    """The facts of the what-if.

    Raises:
        ForkError: a value that can not be, or words to replace that no document holds.
    """
    for key, value in change.facts.items():
        facts = facts.model_copy(
            update=_payer(facts, value, packs) if key == "payer" else SETTERS[key](facts, value)
        )
    documents = facts.documents
    for old, new in change.replace_note:
        documents = _replaced(documents, old, new)
    if change.add_note:
        documents = _with_sentence(documents, change.add_note)
    return facts.model_copy(update={"documents": documents})


def _new_patient(facts: EncounterFacts, value: str) -> dict[str, object]:
    if value.lower() not in YES:
        raise ForkError(f"new_patient={value}: true or false")
    return {"new_patient": YES[value.lower()], "new_patient_why": WHAT_IF}


def _place(facts: EncounterFacts, value: str) -> dict[str, object]:
    if len(value) != 2 or not value.isdigit():
        raise ForkError(f"place={value}: two digits, e.g. 11 (office) or 10 (telehealth at home)")
    return {"place_of_service": value}


def _age(facts: EncounterFacts, value: str) -> dict[str, object]:
    """Age in years, and a birth date that gives it on the day of service."""
    if not value.isdigit() or not 0 <= int(value) <= 120:
        raise ForkError(f"age={value}: whole years, 0 to 120")
    born = facts.patient.birth_date or facts.date_of_service
    before = (born.month, born.day) <= (facts.date_of_service.month, facts.date_of_service.day)
    year = facts.date_of_service.year - int(value) - (not before)
    birth = date(year, born.month, min(born.day, 28))
    return {"age_years": int(value), "patient": facts.patient.model_copy(update={"birth_date": birth})}


def _sex(facts: EncounterFacts, value: str) -> dict[str, object]:
    if value not in get_args(Sex):
        raise ForkError(f"sex={value}: {', '.join(get_args(Sex))}")
    return {"patient": facts.patient.model_copy(update={"sex": value})}


def _date(facts: EncounterFacts, value: str) -> dict[str, object]:
    try:
        return {"date_of_service": date.fromisoformat(value), "date_of_service_end": None}
    except ValueError as error:
        raise ForkError(f"date={value}: write a date as 2026-08-05") from error


SETTERS: dict[str, Callable[[EncounterFacts, str], dict[str, object]]] = {
    "new_patient": _new_patient,
    "place": _place,
    "age": _age,
    "sex": _sex,
    "date": _date,
}


def _payer(facts: EncounterFacts, value: str, packs: PayerPacks) -> dict[str, object]:
    """The primary coverage with another kind of payer and that kind's pack; its numbers stay as they are."""
    kind = value.lower().replace(" ", "_").replace("-", "_")
    if kind not in get_args(PayerKind):
        raise ForkError(f"payer={value}: {', '.join(get_args(PayerKind))}")
    primary = facts.primary
    if primary is None:
        raise ForkError("the encounter has no coverage whose payer could be another")
    other = primary.model_copy(
        update={
            "payer_kind": kind,
            "payer_name": f"{value.replace('_', ' ').title()} ({WHAT_IF})",
            "pack": packs.for_kind(kind).id,
            "filing_code": None,
        }
    )
    return {"coverages": tuple(other if c is primary else c for c in facts.coverages)}


def _replaced(documents: tuple[ClinicalDocument, ...], old: str, new: str) -> tuple[ClinicalDocument, ...]:
    if not any(old in d.text for d in documents):
        raise ForkError(f"no document of the encounter holds {old!r}; copy the words from the note")
    return tuple(with_text(d, d.text.replace(old, new)) if old in d.text else d for d in documents)


def _with_sentence(documents: tuple[ClinicalDocument, ...], sentence: str) -> tuple[ClinicalDocument, ...]:
    """The first note with one more line before its signature (or at its end)."""
    first = documents[0]
    lines = first.text.splitlines(keepends=True)
    signed = next((n for n, line in enumerate(lines) if "signed" in line.lower()), len(lines))
    text = "".join([*lines[:signed], f"\n{sentence}\n\n", *lines[signed:]])
    return (with_text(first, text), *documents[1:])


def with_text(document: ClinicalDocument, text: str) -> ClinicalDocument:
    """The document with another text; its hash is that of the text."""
    return document.model_copy(update={"text": text, "sha256": hashlib.sha256(text.encode()).hexdigest()})
