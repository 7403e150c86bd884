"""``superbill code`` as a new user and as someone who breaks things: files, exit codes, messages, nothing left behind."""

import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from jsonschema import Draft202012Validator

from agent.docs import SCHEMAS, schemas
from tests.agent.cli_run import (
    ALL,
    ANKLE,
    DRAFT,
    ENCOUNTERS,
    POLICY,
    Desk,
    Json,
    all_of,
    billing,
    bundle,
    note_text,
    visit,
    with_note,
    without,
)


@pytest.fixture(scope="module")
def names() -> tuple[str, ...]:
    """What only the patient's record knows."""
    person = all_of(bundle(), "Patient")[0]
    return (
        person["name"][0]["family"],
        person["name"][0]["given"][0],
        person["identifier"][0]["value"],
        "SMH550318842",
    )


def schema(name: str) -> Draft202012Validator:
    return Draft202012Validator(orjson.loads((SCHEMAS / f"{name}.schema.json").read_bytes()))


@pytest.mark.parametrize("path", list(schemas()), ids=lambda p: p.name)
def test_the_shipped_schema_is_the_generated_one(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == schemas()[path], "run make docs"
    Draft202012Validator.check_schema(orjson.loads(path.read_bytes()))


def test_a_clean_encounter_is_emitted_with_all_files(desk: Desk) -> None:
    out = desk.folder / "out"
    ran = desk.run("code", ANKLE, "--policy", POLICY, "--store", desk.store, "--out", out)
    assert ran.code == 0
    assert ran.err == ""
    assert desk.files() == ALL
    assert "emitted" in ran.out
    assert str(out) in ran.out
    assert {stat.S_IMODE(p.stat().st_mode) for p in out.iterdir()} == {0o600}
    assert desk.read("claim.json")["draft"] is False


def test_json_is_one_object_that_the_schema_allows(desk: Desk) -> None:
    ran = desk.code(ANKLE)
    assert ran.code == 0
    assert ran.err == ""
    schema("coding").validate(ran.json)
    schema("coding").validate(desk.read("coding.json"))
    schema("claim").validate(desk.read("claim.json"))
    assert ran.json["artifacts"]["claim_837"] == "claim.837"
    assert "claim_cms1500" not in ran.json["artifacts"]


def test_the_schema_refuses_another_status() -> None:
    assert not schema("coding").is_valid({"status": "sent"})


def test_without_policy_derived_charges_are_held_as_drafts(desk: Desk) -> None:
    ran = desk.code(ANKLE, policy=None)
    assert ran.code == 3
    assert desk.files() == DRAFT
    assert desk.read("claim.json")["draft"] is True
    assert [r["kind"] for r in ran.json["review"]["reasons"]] == ["policy"]
    assert "derived" in ran.json["review"]["reasons"][0]["text"]
    schema("claim").validate(desk.read("claim.json"))
    schema("coding").validate(ran.json)


@pytest.mark.parametrize(("review", "code"), [("always", 3), ("auto", 0), ("never", 0)])
def test_review_switch(desk: Desk, review: str, code: int) -> None:
    assert desk.code(ANKLE, "--review", review).code == code


def test_never_waives_the_policy_but_not_missing_data(desk: Desk) -> None:
    assert desk.code(ANKLE, "--review", "never", policy=None).code == 0
    lacking = desk.write(without(bundle(), "Coverage"))
    assert desk.code(lacking, "--review", "never", out="other").code == 3


def test_again_unchanged_is_nothing_new(desk: Desk) -> None:
    desk.code(ANKLE)
    first = (desk.folder / "out" / "claim.837").read_bytes()
    assert desk.code(ANKLE, out="again").code == 0
    assert (desk.folder / "again" / "claim.837").read_bytes() == first
    assert desk.code(ANKLE).code == 0
    assert (desk.folder / "out" / "claim.837").read_bytes() == first


def test_another_content_is_a_held_correction(desk: Desk) -> None:
    desk.code(ANKLE)
    changed = bundle()
    billing(changed)["name"] = "Prairie Sports Medicine"
    path = desk.write(changed)
    for review in ("auto", "never"):
        ran = desk.code(path, "--review", review, out="second")
        assert ran.code == 3
        assert "correction" in ran.json["review"]["reasons"][0]["text"]
    assert "claim.837" not in desk.files("second")


def test_a_folder_does_every_member_and_tells_the_worst(desk: Desk) -> None:
    folder = desk.folder / "many"
    folder.mkdir()
    (folder / "a-good.json").write_bytes(ANKLE.read_bytes())
    (folder / "b-broken.json").write_text("{")
    (folder / "c-held.json").write_bytes(orjson.dumps(without(bundle(), "Coverage")))
    ran = desk.code(folder)
    assert ran.code == 2
    assert "b-broken.json" in ran.complaint
    good, broken, held = ran.json
    assert (good["status"], held["status"]) == ("emitted", "held")
    assert set(broken) == {"input", "error"}
    assert desk.files("out") == {"a-good", "c-held"}


def test_a_fault_in_one_member_does_not_stop_the_others(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from agent.session import Session

    code = Session.code

    def sometimes(self: Session, raw: object, out: Path | None) -> object:
        if out and out.name == "a":
            raise RuntimeError("Jamal Whitcombe")
        return code(self, raw, out)  # type: ignore[arg-type]

    monkeypatch.setattr(Session, "code", sometimes)
    folder = desk.folder / "many"
    folder.mkdir()
    for name in ("a.json", "b.json"):
        (folder / name).write_bytes(ANKLE.read_bytes())
    ran = desk.code(folder)
    assert ran.code == 1
    assert "RuntimeError" in ran.complaint
    assert "Whitcombe" not in ran.err + ran.out
    assert desk.files("out") == {"b"}


@pytest.mark.slow
def test_the_shipped_folder(desk: Desk) -> None:
    ran = desk.code(ENCOUNTERS)
    assert ran.code in {0, 3}
    assert len(ran.json) == len(list(ENCOUNTERS.glob("*.json")))
    for coding in ran.json:
        schema("coding").validate(coding)


def _change(make: Callable[[Json], object]) -> Callable[[], Json]:
    def changed() -> Json:
        given = bundle()
        made = make(given)
        return made if isinstance(made, dict) and "entry" in made else given

    return changed


def _two(given: Json) -> Json:
    first = visit(given)
    note = all_of(given, "DocumentReference")[0]
    more = [{**first, "id": "another"}, {**note, "id": "another-note"}]
    more[1]["context"] = {"encounter": [{"reference": "Encounter/another"}]}
    return {
        **given,
        "entry": [
            *given["entry"],
            *({"fullUrl": f"http://x/{r['resourceType']}/{r['id']}", "resource": r} for r in more),
        ],
    }


BAD: dict[str, tuple[Callable[[], Json | bytes], tuple[str, ...]]] = {
    "not UTF-8": (lambda: b'{"resourceType": "Bundle\xff"}', ("UTF-8",)),
    "broken JSON": (lambda: b'{"resourceType": "Bundle", ', ("line 1", "JSON")),
    "empty": (lambda: b"", ()),
    "a list": (lambda: b"[]", ()),
    "not a Bundle": (lambda: all_of(bundle(), "Patient")[0], ("Bundle",)),
    "no Encounter": (_change(lambda b: without(b, "Encounter")), ("Encounter",)),
    "no note": (_change(lambda b: without(b, "DocumentReference")), ("note",)),
    "entries are text": (lambda: {"resourceType": "Bundle", "type": "transaction", "entry": ["x"]}, ()),
    "entry no list": (lambda: {"resourceType": "Bundle", "type": "transaction", "entry": {"a": 1}}, ()),
    "two encounters": (_change(_two), ("encounter",)),
    "ends before it starts": (
        _change(
            lambda b: visit(b).update(period={"start": "2026-08-11T10:00:00Z", "end": "2026-08-01T10:00:00Z"})
        ),
        ("period",),
    ),
    "no such day": (_change(lambda b: visit(b).update(period={"start": "2026-02-31"})), ("period",)),
    "born after the visit": (
        _change(lambda b: all_of(b, "Patient")[0].update(birthDate="2031-01-01")),
        ("birth",),
    ),
    "note over the limit": (_change(lambda b: with_note(b, "word " * 210_000)), ("1",)),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_and_leaves_nothing(desk: Desk, names: tuple[str, ...], name: str) -> None:
    make, words = BAD[name]
    path = desk.write(make())
    before = set(desk.folder.iterdir())
    ran = desk.code(path)
    assert ran.code == 2
    assert ran.out == ""
    assert ran.complaint.startswith("superbill: input.json")
    for word in words:
        assert word.lower() in ran.complaint.lower()
    assert not [n for n in names if n in ran.complaint]
    assert set(desk.folder.iterdir()) - before <= {desk.store}


def test_one_patient_is_not_put_on_the_claims_of_a_folder(desk: Desk) -> None:
    folder = desk.folder / "many"
    folder.mkdir()
    for source in sorted(ENCOUNTERS.glob("0[56]*.json")):
        (folder / source.name).write_bytes(source.read_bytes())
    ran = desk.code(folder, "--context", '{"age": 44, "patient": {"resourceType": "Patient", "id": "p"}}')
    assert (ran.code, desk.files()) == (2, set())
    assert "age, patient for 2 encounters" in ran.complaint
    shared = desk.code(folder, "--context", '{"payer": "commercial", "place_of_service": "11"}')
    assert shared.code in {0, 3}, shared.err
    assert desk.files() == {"05-ankle-injury", "06-knee-injection"}


def test_paths_that_can_not_be_read(desk: Desk) -> None:
    empty = desk.folder / "empty"
    empty.mkdir()
    assert "not found" in desk.code(desk.folder / "nowhere.json").complaint
    assert ".json" in desk.code(empty).complaint
    assert not desk.store.exists()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--context", "{"), "context"),
        (("--context", '{"aeg": 5}'), "aeg"),
        (("--context", '{"age": "old"}'), "age"),
        (("--context", "nowhere.json"), "nowhere.json"),
        (("--policy", "nowhere.toml"), "nowhere.toml"),
        (("--policy", "bad.toml"), "bad.toml"),
        (("--model", "gpt"), "gpt"),
        (("--store", "foreign/mine.txt"), "mine.txt"),
        (("--store", "junk"), "store.sqlite"),
        (("--review", "maybe"), "maybe"),
        (("--out", "foreign"), "mine.txt"),
        (("--out", "foreign/mine.txt"), "mine.txt"),
        (("--out", "foreign/mine.txt/deeper"), "mine.txt"),
    ],
)
def test_bad_arguments_are_one_line_and_leave_nothing(
    desk: Desk, arguments: tuple[str, str], word: str
) -> None:
    (desk.folder / "foreign").mkdir()
    (desk.folder / "foreign" / "mine.txt").write_text("mine")
    (desk.folder / "junk").mkdir()
    desk.write("not a database", "junk/store.sqlite")
    desk.write("audit_rate = 7\n", "bad.toml")
    before = set(desk.folder.rglob("*"))
    ran = desk.run("code", ANKLE, "--json", "--store", desk.store, *arguments)
    assert ran.code == 2
    assert word in ran.complaint
    assert set(desk.folder.rglob("*")) == before


def _no_npi(given: Json) -> None:
    for kind in ("Practitioner", "Organization"):
        for one in all_of(given, kind):
            one["identifier"] = [
                i for i in one.get("identifier", []) if i.get("system") != "http://hl7.org/fhir/sid/us-npi"
            ]


def _no_payer_id(given: Json) -> None:
    next(r for r in all_of(given, "Organization") if r["id"] == "summit")["identifier"] = []


HELD: dict[str, tuple[Callable[[], Json], str]] = {
    "no coverage": (_change(lambda b: without(b, "Coverage")), "coverage"),
    "no NPI": (_change(_no_npi), "NPI"),
    "no payer id": (_change(_no_payer_id), "payer id"),
    "unsigned": (
        _change(lambda b: all_of(b, "DocumentReference")[0].update(docStatus="preliminary")),
        "signature",
    ),
    "no age": (_change(lambda b: all_of(b, "Patient")[0].pop("birthDate") and None), "age"),
    "no phone": (_change(lambda b: billing(b).pop("telecom") and None), "telephone"),
}


@pytest.mark.parametrize("name", HELD)
def test_what_the_claim_lacks_holds_it_and_is_listed(desk: Desk, name: str) -> None:
    make, word = HELD[name]
    ran = desk.code(desk.write(make()), "--review", "never")
    assert ran.code == 3
    reasons = ran.json["review"]["reasons"]
    assert [r for r in reasons if r["kind"] == "data" and word in r["text"]]
    assert desk.files() == DRAFT
    assert desk.read("claim.json")["draft"] is True
    assert ran.json["diagnoses"]


def test_a_contact_telephone_of_the_settings_is_enough(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERBILL_CONTACT_PHONE", "6305550100")
    assert desk.code(desk.write(HELD["no phone"][0]())).code == 0
    assert b"6305550100" in (desk.folder / "out" / "claim.837").read_bytes()


def _codes(ran_json: Json) -> tuple[list[str], list[str]]:
    return [d["code"] for d in ran_json["diagnoses"]], [x["code"] for x in ran_json["service_lines"]]


def test_odd_control_characters_change_no_code(desk: Desk) -> None:
    plain = _codes(desk.code(ANKLE).json)
    odd = with_note(
        bundle(), note_text(bundle()).replace("\n", "\r\n") + "\n\x00\x07\x1b[31m\u200b\u202e\x85\n"
    )
    ran = desk.code(desk.write(odd), out="odd")
    assert ran.code in {0, 3}
    assert _codes(ran.json) == plain


def test_an_addendum_is_read_with_its_note(desk: Desk) -> None:
    given = bundle()
    addendum = orjson.loads(orjson.dumps(all_of(given, "DocumentReference")[0]))
    addendum["id"] = "addendum"
    given["entry"].append(
        {
            "fullUrl": "urn:uuid:9d1b1a7e-8b3e-4c7e-9a55-0c4c0f8f2f10",
            "resource": addendum,
            "request": {"method": "POST", "url": "DocumentReference"},
        }
    )
    text = "Addendum: patient called, crutches fit well.\n"
    with_note({"entry": [{"resource": addendum}]}, text)
    ran = desk.code(desk.write(given))
    assert ran.code in {0, 3}
    trace = (desk.folder / "out" / "trace.jsonl").read_text()
    assert "addendum" in trace


@pytest.mark.slow
def test_a_long_note_is_coded_as_usual(desk: Desk) -> None:
    filler = "Discussed the weather and the garden at length with the patient today. "
    text = note_text(bundle())
    long = text + "\n\nComments:\n" + filler * ((200_000 - len(text)) // len(filler))
    ran = desk.code(desk.write(with_note(bundle(), long)))
    assert ran.code in {0, 3}
    assert _codes(ran.json)[0] == _codes(desk.code(ANKLE, out="short").json)[0]


def test_a_plain_note_with_context_is_coded_and_held_for_what_is_missing(desk: Desk) -> None:
    note = desk.write(note_text(bundle()), "visit.txt")
    context = '{"age": 30, "sex": "male", "date_of_service": "2026-08-11", "payer": "commercial", "place_of_service": "11", "new_patient": false}'
    ran = desk.code(note, "--context", context)
    assert ran.code == 3
    assert ran.json["diagnoses"]
    assert ran.json["service_lines"]
    assert "payer id" in " ".join(r["text"] for r in ran.json["review"]["reasons"])
    assert "--context" in desk.code(note, out="none").complaint


def test_a_bare_note_with_an_age_and_a_day_is_held_not_blocked(desk: Desk) -> None:
    note = desk.write("CC: cough\nAssessment: Acute bronchitis.\nPlan: rest and fluids.\n", "visit.txt")
    ran = desk.code(note, "--context", '{"age": 40, "date_of_service": "2026-08-01", "payer": "commercial"}')
    assert ran.code == 3
    assert "place of service" in " ".join(r["text"] for r in ran.json["review"]["reasons"])


@pytest.mark.slow
def test_the_program_itself(desk: Desk, home: Path) -> None:
    def program(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "agent", *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=desk.folder, timeout=120
        )

    good = program(
        "code", ANKLE, "--policy", POLICY, "--store", desk.store, "--out", "out", "--json", "--no-pdf"
    )
    assert (good.returncode, good.stderr) == (0, "")
    assert orjson.loads(good.stdout)["status"] == "emitted"
    bad = program("code", "nowhere.json")
    assert (bad.returncode, bad.stdout, bad.stderr.count("\n")) == (2, "", 1)


@pytest.mark.slow
def test_an_internal_fault_tells_no_value(desk: Desk) -> None:
    script = (
        "import sys, agent.session as s\n"
        "def broken(*a, **k): raise RuntimeError('Jamal Whitcombe born 1990')\n"
        "s.Session.code = broken\n"
        "from agent.cli import main\n"
        f"sys.exit(main(['code', {str(ANKLE)!r}, '--store', 'store', '--out', 'out']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=desk.folder,
        timeout=120,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "RuntimeError" in done.stderr
    assert "Whitcombe" not in done.stderr + done.stdout
    assert desk.files() == set()
