"""A folder of FHIR Bundles as cases: each is coded from its Bundle, not from a note beside a context.

Gold is ``gold.jsonl`` in the folder (``{"id": name of the file without .json, "gold": {...}, "specialty": ""}`` a line),
or ``expected.toml`` in the form of the shipped encounters. A Bundle without gold is unscored.
"""

from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from evals.case import CaseError, EvalCase


def load_bundles(folder: Path) -> tuple[EvalCase, ...]:
    """Read the Bundles of a folder, in the order of their names.

    Raises:
        CaseError: a file is no Bundle with one documented encounter, or the gold can not be read.
    """
    gold = _gold(folder)
    cases = tuple(_case(path, gold.pop(path.stem, {})) for path in sorted(folder.glob("*.json")))
    if gold:
        raise CaseError(f"{folder.name}: gold for {', '.join(sorted(gold))}, but no such Bundle")
    return cases


def _case(path: Path, told: dict[str, Any]) -> EvalCase:
    from datetime import date

    from tools.fhir import gather
    from tools.fhir.errors import InputError
    from tools.intake import read_bytes

    try:
        content = path.read_bytes()
        bundle = orjson.loads(content)
        facts = gather(read_bytes(content, path.name), as_of=date.max)
        return EvalCase(
            id=path.stem,
            note="\n\n".join(d.text for d in facts.documents) or "(no document)",
            context={
                "age": facts.age_years,
                "sex": facts.patient.sex,
                "place_of_service": facts.place_of_service,
                "date_of_service": facts.date_of_service.isoformat(),
                "payer": facts.payer_kind,
            },
            bundle=bundle,
            dataset=path.parent.name,
            gold=told.get("gold", {}),
            specialty=told.get("specialty", ""),
            title=told.get("title", ""),
        )
    except (orjson.JSONDecodeError, InputError, ValidationError) as error:
        raise CaseError(f"{path.name}: {' '.join(str(error).split())[:200]}") from error


def _gold(folder: Path) -> dict[str, dict[str, Any]]:
    listed, expected = folder / "gold.jsonl", folder / "expected.toml"
    if listed.is_file():
        return _listed(listed)
    if expected.is_file():
        from evals.encounters.cases import gold
        from evals.encounters.expected import load_expected

        return {name: {"gold": gold(said)} for name, said in load_expected(expected).items()}
    return {}


def _listed(path: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            row = orjson.loads(line)
            found[row["id"]] = row
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise CaseError(f"{path.name}, line {number}: no object with id and gold") from error
    return found
