"""The export of invented patients: what joins, what is learned, what is dropped; planted identifiers and leaks stop it."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from evals.case import load_cases
from evals.train.export import export, split_of
from evals.train.formats import faults
from evals.train.records import TrainError
from tests.evals.train.conftest import KEY, Exported, plan_of

SFT = "bedrock-conversation-2024"


def lines(path: Path) -> list[dict]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def note_of(bundle: dict) -> dict:
    return next(
        e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "DocumentReference"
    )


def text_of(bundle: dict) -> str:
    return base64.b64decode(note_of(bundle)["content"][0]["attachment"]["data"]).decode()


def rewrite_note(source: Path, number: int, change: Callable[[str], str]) -> None:
    """Change the note of the number-th patient."""
    rows = lines(source / "notes.ndjson")
    attachment = note_of(rows[number - 1])["content"][0]["attachment"]
    attachment["data"] = base64.b64encode(change(text_of(rows[number - 1])).encode()).decode()
    (source / "notes.ndjson").write_bytes(b"".join(orjson.dumps(r) + b"\n" for r in rows))


def test_500_patients_pass_the_exports_own_checks(exported: Exported) -> None:
    counts = exported.manifest["counts"]
    assert counts["encounters"] == counts["patients"] == 500
    assert counts["joined_by"] == {"id": 360, "patient and day": 120}
    assert sum(counts["by_label"].values()) == counts["examples"] > 400
    assert min(counts["by_label"].values()) > 30
    assert exported.manifest["checks"]["planted_identifiers_gone"] == 27
    assert exported.manifest["checks"]["examples_free_of_identifiers"] == counts["examples"]
    assert sum(exported.manifest["unmatched"]["counts"].values()) == 40


def test_the_manifest_holds_the_hash_of_every_file_and_what_was_dropped(exported: Exported) -> None:
    manifest = orjson.loads((exported.out / "manifest.json").read_bytes())
    for name, listed in manifest["files"].items():
        content = (exported.out / name).read_bytes()
        assert listed["sha256"] == hashlib.sha256(content).hexdigest()
        assert listed["lines"] == len(content.splitlines())
    reasons = manifest["dropped"]["counts"]
    assert reasons["denied for a reason that does not judge the coding"] > 10
    assert manifest["counts"]["examples"] + sum(reasons.values()) == 500


def test_no_name_number_or_date_of_the_input_is_in_the_training_files(exported: Exported) -> None:
    said = (
        "".join(p.read_text() for p in exported.out.glob("*/*.jsonl"))
        + (exported.out / "manifest.json").read_text()
    )
    for bundle in lines(exported.source / "notes.ndjson")[::7]:
        patient = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")
        assert patient["name"][0]["family"] not in said
        assert patient["identifier"][0]["value"] not in said
        assert patient["telecom"][0]["value"] not in said
    assert "EG4TE5MK" not in said
    assert "Reyes" not in said


def test_what_joins_nothing_is_listed_for_the_practice_alone(exported: Exported) -> None:
    listed = exported.out / "private" / "unmatched.csv"
    assert listed.stat().st_mode & 0o077 == 0
    assert listed.read_text().count("STRAY") == 40
    assert "STRAY" not in (exported.out / "manifest.json").read_text()


def test_a_patient_is_in_one_split_only(exported: Exported) -> None:
    notes = {
        split: (exported.out / SFT / f"{split}.jsonl").read_bytes().splitlines()
        for split in ("train", "test")
    }
    assert not set(notes["train"]) & set(notes["test"])
    assert len(notes["train"]) > 300
    assert len(notes["test"]) > 20


def test_the_split_is_by_seed_and_patient_alone() -> None:
    some = [f"patient {n}" for n in range(300)]
    assert [split_of("1", p) for p in some] == [split_of("1", p) for p in some]
    assert [split_of("1", p) for p in some] != [split_of("2", p) for p in some]
    assert {split_of("1", p) for p in some} == {"train", "validation", "test"}


def test_the_same_key_and_seed_give_the_same_bytes(few: Path, tmp_path: Path) -> None:
    first, again = (export(plan_of(few, tmp_path / n)) for n in ("a", "b"))
    other = export(plan_of(few, tmp_path / "c", key=KEY[::-1]))
    assert first["data_sha256"] == again["data_sha256"] != other["data_sha256"]


def test_conversations_are_what_bedrock_takes(exported: Exported) -> None:
    rows = lines(exported.out / SFT / "train.jsonl")
    assert not [f for row in rows for f in faults(row)]
    assert faults({**rows[0], "messages": rows[0]["messages"][:1]})
    answer = orjson.loads(rows[0]["messages"][1]["content"][0]["text"])
    assert answer["diagnoses"]
    assert answer["em"] in {"99213", "99214"}


def test_negative_examples_are_in_no_conversation_but_among_the_preferences(exported: Exported) -> None:
    counts = exported.manifest["counts"]["by_label"]
    conversations = sum(
        exported.manifest["files"][f"{SFT}/{s}.jsonl"]["lines"] for s in ("train", "validation", "test")
    )
    assert conversations == counts["positive"] + counts["corrected"]
    rows = [
        r for s in ("train", "validation", "test") for r in lines(exported.out / "preferences" / f"{s}.jsonl")
    ]
    pairs = [r for r in rows if "rejected" in r]
    assert len(pairs) >= counts["corrected"]  # a visit may have been wrong twice
    assert all(p["chosen"] != p["rejected"] and p["why"] for p in pairs)
    assert sum(r.get("label") is False for r in rows) >= counts["negative"]


def test_the_test_split_is_a_set_of_eval_cases(exported: Exported) -> None:
    cases = load_cases(exported.out / "held_out.jsonl")
    assert len(cases) > 30
    assert all(c.gold.icd10 and c.gold.icd10.must for c in cases)


def test_the_same_wording_is_kept_once_and_dropped_where_it_is_coded_otherwise(
    few: Path, tmp_path: Path
) -> None:
    rows = lines(few / "notes.ndjson")
    texts = [text_of(r) for r in rows]
    rewrite_note(
        few, 2, lambda t: "\n".join([texts[0].splitlines()[0], t.splitlines()[1], *texts[0].splitlines()[2:]])
    )
    manifest = export(plan_of(few, tmp_path / "out"))
    assert manifest["dropped"]["counts"]["the same wording, coded otherwise"] == 2


def test_a_planted_leak_stops_the_export_and_names_the_case(few: Path, tmp_path: Path) -> None:
    case = next(c for c in load_cases(Path("evals/cases/shipped.jsonl")))
    sentences = case.note.split("\n\n")
    rewrite_note(few, 3, lambda t: t + "\n\n".join(sentences[2:5]))
    with pytest.raises(TrainError, match=rf"1 examples share .*{case.id}"):
        export(plan_of(few, tmp_path / "out"))
    assert not (tmp_path / "out").exists()
    manifest = export(plan_of(few, tmp_path / "out", drop_leaks=True))
    assert manifest["dropped"]["counts"][f"leak: eval case {case.id}"] == 1


def test_a_few_common_words_are_no_leak(few: Path, tmp_path: Path) -> None:
    rewrite_note(few, 3, lambda t: t + "No known drug allergies. Return in six weeks.\n")
    assert export(plan_of(few, tmp_path / "out"))["counts"]["examples"] > 5


def test_a_set_that_is_named_is_guarded_too(few: Path, tmp_path: Path) -> None:
    note = text_of(lines(few / "notes.ndjson")[0])
    own = tmp_path / "own.jsonl"
    own.write_bytes(orjson.dumps({"id": "own-1", "note": note, "context": {}, "gold": {}}) + b"\n")
    with pytest.raises(TrainError, match="own-1"):
        export(plan_of(few, tmp_path / "out", against=(own,)))


def test_a_planted_identifier_that_no_rule_knows_stops_the_export(few: Path, tmp_path: Path) -> None:
    rewrite_note(few, 4, lambda t: t + "Came by the ferry Zephyrine with a cousin of Ottoline.\n")
    planted = tmp_path / "planted.txt"
    planted.write_text("Ottoline\n")
    with pytest.raises(
        TrainError, match=r"identifiers survive in 1 examples .planted identifier."
    ) as stopped:
        export(plan_of(few, tmp_path / "out", planted=planted))
    assert "Ottoline" not in str(stopped.value)
    assert not (tmp_path / "out").exists()


def test_a_number_of_another_patient_stops_the_export(few: Path, tmp_path: Path) -> None:
    rewrite_note(few, 5, lambda t: t + "Chart mixed up with SYN-000009, see there.\n")
    with pytest.raises(TrainError, match="number of a patient"):
        export(plan_of(few, tmp_path / "out"))


def test_a_broken_de_identification_is_found_by_the_planted_record(
    few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evals.train.anonymise.masked", lambda text: text)
    with pytest.raises(TrainError, match=r"de-identification is broken: a planted .*telephone"):
        export(plan_of(few, tmp_path / "out"))


def test_a_folder_that_holds_something_is_left_alone(few: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x")
    with pytest.raises(TrainError, match="not empty"):
        export(plan_of(few, tmp_path / "out"))
