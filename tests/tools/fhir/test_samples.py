"""Records written by others are read without a crash, and nothing is lost or leaks between patients."""

import json
from datetime import date
from pathlib import Path

import pytest

from tools.fhir import RawEncounter, gather, read_bundle
from tools.fhir.documents import of_encounter

pytestmark = pytest.mark.shared
AS_OF = date(2026, 11, 24)


def samples(shared: Path) -> list[Path]:
    folder = shared / "samples" / "fhir"
    return [*sorted((folder / "synthea").glob("*.json")), *sorted((folder / "uscore").glob("*.json"))]


def test_every_bundle_is_indexed_whole(shared: Path) -> None:
    found = samples(shared)
    assert len(found) >= 10
    for path in found:
        data = path.read_bytes()
        source = json.loads(data)
        if source.get("resourceType") == "Bundle":
            assert len(read_bundle(data, path.name).resources) == len(source["entry"])


def test_notes_of_others_become_facts(shared: Path) -> None:
    folder = shared / "samples" / "fhir" / "synthea_notes"
    texts = [
        path.read_text("utf-8").strip().replace("\n", '},{"resource":') for path in folder.glob("*.ndjson")
    ]
    entries = ",".join('{"resource":' + text + "}" for text in texts)
    bundle = read_bundle(('{"resourceType":"Bundle","entry":[' + entries + "]}").encode(), "all.json")
    documented = [e for e in bundle.of_type("Encounter")[:60] if of_encounter(bundle, e)]
    assert len(documented) >= 10
    for encounter in documented[:10]:
        facts = gather(
            RawEncounter(where="all.json", sha256="", bundle=bundle, encounter=encounter), as_of=AS_OF
        )
        assert facts.documents[0].text.strip()
        assert facts.patient.birth_date is not None
        assert facts.rendering_provider is not None
        assert all(item.recorded is None or item.recorded <= AS_OF for item in facts.history)
