"""The shipped encounters as eval cases: ``python -m evals.encounters.cases`` writes ``evals/cases/shipped.jsonl``.

Gold is ``expected.toml`` in the shape of an eval case. Where that shape can not say what is expected, the case is
left unscored rather than scored wrongly: a choice of first-listed codes, and modifiers where some are optional.
"""

from datetime import date
from pathlib import Path
from typing import Any

import orjson

from evals.encounters.build import build
from evals.encounters.expected import Expected, ExpectedLine, load_expected
from evals.encounters.records import load_encounters, load_people, note_text
from tools.encounter import EncounterFacts
from tools.fhir import gather
from tools.intake import read_bytes

SHIPPED = Path(__file__).parent.parent / "cases" / "shipped.jsonl"
_AS_OF = date(2026, 11, 24)
Json = dict[str, Any]


def cases() -> bytes:
    """Every shipped encounter as one line, as the bytes that are committed."""
    bundles, encounters, people = build(), load_encounters(), load_people()
    lines = (
        {
            **_case(name, encounters[name].title, bundles[f"{name}.json"], expected),
            "specialty": people.practitioner[encounters[name].rendering].specialty,
        }
        for name, expected in load_expected().items()
    )
    return b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)


def _case(name: str, title: str, bundle: bytes, expected: Expected) -> Json:
    facts = gather(read_bytes(bundle, f"{name}.json"), as_of=_AS_OF)
    return {
        "id": f"shipped-{name}",
        "title": title,
        "note": note_text(name),
        "context": {**_context(facts), "history": _history(orjson.loads(bundle), name)},
        "gold": gold(expected),
        "sections": sorted({section for _, section, _ in expected.must} | {expected.em.guideline}),
    }


def _context(facts: EncounterFacts) -> Json:
    return {
        "age": facts.age_years,
        "sex": facts.patient.sex,
        "new_patient": facts.new_patient,
        "place_of_service": facts.place_of_service,
        "date_of_service": facts.date_of_service.isoformat(),
        "payer": facts.payer_kind,
    }


def _history(bundle: Json, name: str) -> Json:
    """The record without the encounter itself and its note."""
    own = {("Encounter", name), ("DocumentReference", f"{name}-note")}
    entries = [
        {"fullUrl": entry["fullUrl"], "resource": entry["resource"]}
        for entry in bundle["entry"]
        if (entry["resource"]["resourceType"], entry["resource"]["id"]) not in own
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def gold(expected: Expected) -> Json:
    """What is expected, in the shape of an eval case."""
    wrong = (code for code, _, _ in (*expected.must_not, *expected.line_not))
    return {
        "icd10": {
            "must": [code for code, _, _ in expected.must],
            "may": sorted(expected.acceptable),
            "first": expected.first[0] if len(expected.first) == 1 else None,
        },
        "em": _visit(expected) if expected.em.codes else None,
        "lines": [
            *(_line(line) for line in expected.line),
            *({"code": code, "must": False} for code, _, _ in expected.may_lines),
        ],
        "links": {
            **dict.fromkeys(expected.em.codes, expected.em.links),
            **{line.code: line.links for line in expected.line},
        },
        "must_not": list(dict.fromkeys(wrong)),
    }


def _visit(expected: Expected) -> Json:
    """The visit with the levels of its elements, where they are expected."""
    levels = {name: getattr(expected.em, name) for name in ("problems", "risk")}
    return {"codes": expected.em.codes, **{name: [level] for name, level in levels.items() if level}}


def _line(line: ExpectedLine) -> Json:
    scored = () if line.may_modifiers else line.modifiers
    return {"code": line.code, "modifiers": scored, "units": line.units, "must": True}


if __name__ == "__main__":
    SHIPPED.write_bytes(cases())
