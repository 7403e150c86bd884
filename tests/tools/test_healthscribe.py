"""HealthScribe's output: the note rebuilt with the way back to every segment, insights as words, jobs run once."""

import copy
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from knowledge.bookshelf import Bookshelf
from knowledge.records import FhirEvidence, NoteEvidence, TranscriptEvidence
from tests.tools.runtime import answer
from tests.tools.scribe_fake import CLINICAL, TRANSCRIPT, TURNS, Scribe, listening
from tools.context import ToolContext
from tools.fhir import InputError, context_of, gather
from tools.healthscribe import read_healthscribe, with_segments
from tools.healthscribe.job import Recording, ScribeError, ScribeJobs, bucket_and_key, job_name
from tools.intake import scribed
from tools.note import read_note
from tools.text import read

ROLE = "arn:aws:iam::111122223333:role/Scribe"
OLDER = {
    "ClinicalDocumentation": {
        "Sections": [
            {
                "SectionName": "ASSESSMENT",
                "Subsections": [
                    {
                        "SubsectionName": "PROBLEM_1",
                        "Summary": [
                            {"SummarizedSegment": "Strep throat.", "EvidenceMap": [{"SegmentId": "s6"}]},
                            {"SummarizedSegment": "Fever.", "EvidenceMap": [{"SegmentId": "s2"}]},
                        ],
                    },
                    {"SubsectionName": "PROBLEM_2", "Summary": []},
                ],
            }
        ]
    }
}


def files(clinical: Any = CLINICAL, transcript: Any = TRANSCRIPT) -> dict[str, bytes]:
    return {"summary.json": json.dumps(clinical).encode(), "transcript.json": json.dumps(transcript).encode()}


def cite(document: Any, words: str) -> NoteEvidence:
    start = document.text.index(words)
    return NoteEvidence(document=document.id, text=words, start=start, end=start + len(words))


@pytest.mark.parametrize("clinical", [CLINICAL, OLDER], ids=["links", "sub-sections"])
def test_every_line_of_the_note_leads_to_its_segments(clinical: Any) -> None:
    note, transcript = read_healthscribe(files(clinical), "job")
    known = {one.id for one in transcript.segments}
    assert note.sources
    for source in note.sources:
        line = note.text[source.start : source.end]
        assert line == line.strip() != ""
        assert "\n" not in line
        assert set(source.segments) <= known
    assert "Problem 2" not in note.text


def test_the_transcripts_segments_hold_what_was_said() -> None:
    _, transcript = read_healthscribe(files(), "job")
    said = [(one.id, transcript.text[one.start : one.end]) for one in transcript.segments]
    assert said == [(own, words) for own, _, words in TURNS]
    assert [one.speaker for one in transcript.segments[:2]] == ["clinician", "patient"]
    assert (transcript.segments[1].begins, transcript.segments[1].ends) == (3.5, 6.5)
    assert transcript.segments[0].section == "SUBJECTIVE"


def test_evidence_cites_the_note_and_the_segments_behind_it() -> None:
    documents = read_healthscribe(files(), "job")
    evidence = (cite(documents[0], "fever"),)
    whole = with_segments(evidence, documents)
    assert whole[0] == evidence[0]
    heard = [piece for piece in whole if isinstance(piece, TranscriptEvidence)]
    assert [piece.segment for piece in heard] == ["s2", "s4"]
    assert all(piece.text in documents[1].text for piece in heard)
    assert with_segments(whole, documents) == whole


def test_evidence_without_a_segment_stays_as_it_is() -> None:
    documents = read_healthscribe(files(), "job")
    fhir = FhirEvidence(reference="Condition/c", pointer="/code", text="x", sha256="0")
    heading = cite(documents[0], "ASSESSMENT")
    assert with_segments((fhir, heading), documents) == (fhir, heading)
    alone = (cite(documents[0], "fever"),)
    assert with_segments(alone, documents[:1]) == alone


def test_insights_are_words_with_their_place() -> None:
    _, transcript = read_healthscribe(files(), "job")
    assert [(i.text, i.category, i.segment) for i in transcript.insights] == [
        ("pneumonia", "MEDICAL_CONDITION", "s4"),
        ("strep throat", "MEDICAL_CONDITION", "s6"),
        ("amoxicillin", "MEDICATION", "s7"),
    ]
    assert all(transcript.text[i.start : i.end] == i.text for i in transcript.insights)


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"BeginCharacterOffset": 0}, True),
        ({"BeginCharacterOffset": 900}, True),
        ({"Content": "appendicitis"}, False),
        ({"SegmentId": "s99"}, False),
        ({"Content": None}, False),
    ],
)
def test_an_insight_whose_words_are_elsewhere_is_mended_or_left_out(
    change: dict[str, Any], kept: bool
) -> None:
    changed = copy.deepcopy(TRANSCRIPT)
    changed["Conversation"]["ClinicalInsights"][0]["Spans"][0] |= change  # type: ignore[index]
    _, transcript = read_healthscribe(files(transcript=changed), "job")
    found = [i for i in transcript.insights if i.id == "i1"]
    assert bool(found) is kept
    assert all(transcript.text[i.start : i.end] == "pneumonia" for i in found)


def test_the_family_s_history_is_not_the_patient_s(shelf: Bookshelf) -> None:
    note, _ = read_healthscribe(files(), "job")
    (diabetes,) = [m for m in read(note.text, shelf.vocabulary).mentions if m.concept == "diabetes mellitus"]
    assert diabetes.experiencer == "family"


def test_a_draft_is_signed_by_a_person_only() -> None:
    assert not read_healthscribe(files(), "job")[0].signed
    note = read_healthscribe(files(), "job", signed_by="Ada Stone")[0]
    assert (note.signed, note.author, note.author_role) == (True, "Ada Stone", "provider")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"transcript.json": json.dumps(TRANSCRIPT).encode()}, "no note"),
        ({**files(), "again.json": json.dumps(CLINICAL).encode()}, "several HealthScribe jobs"),
        ({**files(), "again.json": json.dumps(TRANSCRIPT).encode()}, "several HealthScribe jobs"),
        ({"summary.json": b'{"ClinicalDocumentation":'}, "broken JSON"),
        ({"summary.json": b"\xff"}, "not UTF-8"),
    ],
)
def test_output_that_can_not_be_read_says_why(given: dict[str, bytes], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_healthscribe(given, "job")


def test_the_coder_reads_the_note_and_the_insights_but_not_the_talk(shelf: Bookshelf) -> None:
    context = context_of({"age": 30, "sex": "female", "date_of_service": "2026-08-04", "payer": "commercial"})
    facts = gather(scribed(files(), "job", context), as_of=date(2026, 11, 24))
    told = answer(read_note, ToolContext(bookshelf=shelf), facts, documents=None)
    assert [d["id"] for d in told["documents"]] == ["summary"]
    assert [(i["text"], i["segment"], i["document"]) for i in told["insights"]][1] == (
        "strep throat",
        "s6",
        "transcript",
    )
    assert "pneumonia" not in {m["concept"] for d in told["documents"] for m in d["mentions"]}
    talk = answer(read_note, ToolContext(bookshelf=shelf), facts, documents=["transcript"])
    assert "pneumonia" in {m["concept"] for d in talk["documents"] for m in d["mentions"]}


# Jobs.


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        for bucket in ("recordings", "scribed"):
            s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket="recordings", Key="a b/Jo Doe.flac", Body=b"audio")
        yield s3


RECORDING = Recording(uri="s3://recordings/a b/Jo Doe.flac", output_bucket="scribed", role=ROLE)


class Run:
    """A service, and jobs that see a clock which only sleeping moves."""

    def __init__(self, s3: Any, address: str, scribe: Scribe, longest: float = 3600.0) -> None:
        self.scribe, self.slept = scribe, list[float]()
        transcribe = boto3.client("transcribe", region_name="us-east-1", endpoint_url=address)
        self.jobs = ScribeJobs(
            transcribe, s3, sleep=self.slept.append, clock=lambda: sum(self.slept), longest=longest
        )

    def whole(self, recording: Recording = RECORDING) -> Any:
        return self.jobs.outputs(self.jobs.wait(self.jobs.start(recording)))


@pytest.fixture
def run(aws: Any) -> Iterator[Run]:
    scribe = Scribe(
        write=lambda bucket, key, body: aws.put_object(Bucket=bucket, Key=key, Body=body) and None
    )
    with listening(scribe) as address:
        yield Run(aws, address, scribe)


def test_a_job_from_recording_to_documents(run: Run) -> None:
    outputs = run.whole()
    note, transcript = read_healthscribe(outputs.files, outputs.job)
    assert (note.kind, transcript.kind) == ("note", "transcript")
    assert run.slept == [10.0, 15.0]
    (job,) = run.scribe.jobs.values()
    assert job["given"]["Media"] == {"MediaFileUri": RECORDING.uri}
    assert job["given"]["Settings"]["ClinicalNoteGenerationSettings"] == {
        "NoteTemplate": "HISTORY_AND_PHYSICAL"
    }
    assert "Doe" not in outputs.job


def test_the_same_recording_is_one_job_another_version_another(run: Run, aws: Any) -> None:
    first = run.whole().job
    assert run.whole().job == first
    assert len(run.scribe.jobs) == 1
    aws.put_object(Bucket="recordings", Key="a b/Jo Doe.flac", Body=b"recorded anew")
    assert run.whole().job != first


def test_throttling_and_faults_of_the_service_are_tried_again(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    run.scribe.faults = [(400, "LimitExceededException"), (500, "InternalFailureException")]
    assert run.jobs.start(RECORDING).startswith("superbill-")
    assert len(run.scribe.jobs) == 1
    run.scribe.faults = [(400, "AccessDeniedException")]
    with pytest.raises(ClientError, match="AccessDenied"):
        run.jobs.start(RECORDING)


def test_a_failed_job_is_told_without_its_reason(run: Run) -> None:
    run.scribe.fail = True
    with pytest.raises(ScribeError, match="failed") as told:
        run.whole()
    assert "Doe" not in str(told.value)


def test_a_job_that_takes_too_long_is_met_again_later(run: Run) -> None:
    run.scribe.asks = 300
    run.jobs._longest = 120.0
    with pytest.raises(ScribeError, match="run the same command again"):
        run.whole()
    assert max(run.slept) == 30.0
    run.scribe.jobs[next(iter(run.scribe.jobs))]["left"] = 0
    assert run.whole().files


def test_a_job_without_output_is_told(run: Run) -> None:
    run.scribe.silent = True
    with pytest.raises(ScribeError, match="no clinical document"):
        run.whole()


def test_two_channels_name_the_clinician() -> None:
    given = Recording(uri="s3://b/k", output_bucket="o", role=ROLE, clinician_channel=1, kms_key="k").request(
        "n"
    )
    assert given["ChannelDefinitions"] == [
        {"ChannelId": 1, "ParticipantRole": "CLINICIAN"},
        {"ChannelId": 0, "ParticipantRole": "PATIENT"},
    ]
    assert given["Settings"]["ChannelIdentification"] is True
    assert given["OutputEncryptionKMSKeyId"] == "k"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"uri": "https://example.com/x.wav"}, "no S3 address"),
        ({"uri": "s3://bucket"}, "no S3 address"),
        ({"role": "Scribe"}, "arn:aws:iam"),
        ({"template": "SOAP"}, "HISTORY_AND_PHYSICAL"),
        ({"uri": "s3://recordings/none.flac"}, "no such recording"),
        ({"uri": "s3://no-such-bucket/none.flac"}, "no such recording"),
    ],
)
def test_what_the_service_would_refuse_is_refused_before(
    run: Run, changes: dict[str, str], said: str
) -> None:
    made = {"uri": RECORDING.uri, "output_bucket": "scribed", "role": ROLE, **changes}
    with pytest.raises(ScribeError, match=said):
        run.jobs.start(Recording(**made))
    assert run.scribe.calls == []


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("s3://b/a/c.json", ("b", "a/c.json")),
        ("https://s3.us-east-1.amazonaws.com/b/a/c.json", ("b", "a/c.json")),
        ("https://s3-us-west-2.amazonaws.com/b/c.json", ("b", "c.json")),
        ("https://b.s3.us-east-1.amazonaws.com/a/c%20d.json", ("b", "a/c d.json")),
        ("https://my.bucket.s3.amazonaws.com/c.json", ("my.bucket", "c.json")),
    ],
)
def test_addresses_of_s3(uri: str, place: tuple[str, str]) -> None:
    assert bucket_and_key(uri) == place


def test_a_job_name_is_what_the_service_allows() -> None:
    name = job_name(RECORDING, "v1")
    assert len(name) <= 200
    assert name.replace("-", "").isalnum()
