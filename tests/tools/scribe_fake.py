"""AWS HealthScribe on a loopback port, in the protocol boto3 speaks to it (JSON 1.1), writing to a given S3."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests import loopback

CLINICAL = {
    "ClinicalDocumentation": {
        "Sections": [
            {
                "SectionName": "CHIEF_COMPLAINT",
                "Summary": [{"SummarizedSegment": "Sore throat.", "EvidenceLinks": [{"SegmentId": "s2"}]}],
            },
            {
                "SectionName": "HISTORY_OF_PRESENT_ILLNESS",
                "Summary": [
                    {
                        "SummarizedSegment": "Sore throat for two days with fever. No cough.",
                        "EvidenceLinks": [{"SegmentId": "s2"}, {"SegmentId": "s4"}],
                    }
                ],
            },
            {
                "SectionName": "PAST_FAMILY_HISTORY",
                "Summary": [
                    {"SummarizedSegment": "Diabetes mellitus.", "EvidenceLinks": [{"SegmentId": "s4"}]}
                ],
            },
            {
                "SectionName": "PHYSICAL_EXAMINATION",
                "Summary": [
                    {
                        "SummarizedSegment": "Tonsils red with exudate. Rapid strep test in the office: positive.",
                        "EvidenceLinks": [{"SegmentId": "s5"}],
                    }
                ],
            },
            {
                "SectionName": "ASSESSMENT",
                "Summary": [
                    {
                        "SummarizedSegment": "Streptococcal pharyngitis.",
                        "EvidenceLinks": [{"SegmentId": "s6"}],
                    }
                ],
            },
            {
                "SectionName": "PLAN",
                "Summary": [
                    {
                        "SummarizedSegment": "Start amoxicillin 500 mg twice daily for 10 days.",
                        "EvidenceLinks": [{"SegmentId": "s7"}],
                    }
                ],
            },
        ]
    }
}
TURNS = (
    ("s1", "CLINICIAN_0", "Good morning, what brings you in?"),
    ("s2", "PATIENT_0", "My throat has been sore for two days, and I had a fever."),
    ("s3", "CLINICIAN_0", "Any cough? Anything in the family?"),
    ("s4", "PATIENT_0", "No cough. My mother has diabetes. I was afraid it was pneumonia."),
    ("s5", "CLINICIAN_0", "The tonsils are red with exudate, and the rapid strep is positive."),
    ("s6", "CLINICIAN_0", "So you have strep throat."),
    ("s7", "CLINICIAN_0", "I will give you amoxicillin, 500 milligrams twice a day for ten days."),
)


def _insight(number: int, segment: str, words: str, category: str, kind: str) -> dict[str, Any]:
    content = next(said for own, _, said in TURNS if own == segment)
    begin = content.index(words)
    span = {
        "SegmentId": segment,
        "BeginCharacterOffset": begin,
        "EndCharacterOffset": begin + len(words),
        "Content": words,
    }
    return {
        "InsightId": f"i{number}",
        "InsightType": "ClinicalEntity",
        "Category": category,
        "Type": kind,
        "Spans": [span],
        "Attributes": [],
    }


TRANSCRIPT = {
    "Conversation": {
        "ConversationId": "c",
        "JobName": "j",
        "LanguageCode": "en-US",
        "TranscriptSegments": [
            {
                "SegmentId": own,
                "BeginAudioTime": 3.5 * n,
                "EndAudioTime": 3.5 * n + 3,
                "Content": said,
                "ParticipantDetails": {"ParticipantRole": role},
                "SectionDetails": {"SectionName": "SUBJECTIVE" if n < 4 else "ASSESSMENT_AND_PLAN"},
            }
            for n, (own, role, said) in enumerate(TURNS)
        ],
        "ClinicalInsights": [
            _insight(1, "s4", "pneumonia", "MEDICAL_CONDITION", "DX_NAME"),
            _insight(2, "s6", "strep throat", "MEDICAL_CONDITION", "DX_NAME"),
            _insight(3, "s7", "amoxicillin", "MEDICATION", "GENERIC_NAME"),
        ],
    }
}


@dataclass
class Scribe:
    """Jobs by name; a job is in progress for ``asks`` answers, then its files are written."""

    write: Callable[[str, str, bytes], None]
    asks: int = 2
    fail: bool = False
    faults: list[tuple[int, str]] = field(default_factory=list)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    silent: bool = False

    def answer(self, operation: str, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.calls.append(operation)
        if self.faults:
            status, kind = self.faults.pop(0)
            return status, {"__type": kind, "Message": "no"}
        name = given["MedicalScribeJobName"]
        if operation == "StartMedicalScribeJob":
            if name in self.jobs:
                return 400, {"__type": "ConflictException", "Message": "exists"}
            self.jobs[name] = {"given": given, "left": self.asks}
            return 200, {
                "MedicalScribeJob": {"MedicalScribeJobName": name, "MedicalScribeJobStatus": "QUEUED"}
            }
        return self._get(name)

    def _get(self, name: str) -> tuple[int, dict[str, Any]]:
        job = self.jobs[name]
        if job["left"] > 0:
            job["left"] -= 1
            return 200, {
                "MedicalScribeJob": {"MedicalScribeJobName": name, "MedicalScribeJobStatus": "IN_PROGRESS"}
            }
        if self.fail:
            reason = {"FailureReason": "about Jo Doe"}
            return 200, {
                "MedicalScribeJob": {
                    "MedicalScribeJobName": name,
                    "MedicalScribeJobStatus": "FAILED",
                    **reason,
                }
            }
        bucket = job["given"]["OutputBucketName"]
        places = {}
        for member, file, body in (
            ("ClinicalDocumentUri", "summary.json", CLINICAL),
            ("TranscriptFileUri", "transcript.json", TRANSCRIPT),
        ):
            self.write(bucket, f"{name}/{file}", json.dumps(body).encode())
            if not self.silent:
                places[member] = f"https://s3.us-east-1.amazonaws.com/{bucket}/{name}/{file}"
        done = {
            "MedicalScribeJobName": name,
            "MedicalScribeJobStatus": "COMPLETED",
            "MedicalScribeOutput": places,
        }
        return 200, {"MedicalScribeJob": done}


@contextmanager
def listening(scribe: Scribe) -> Iterator[str]:
    """The fake on a free port; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            operation = self.headers["X-Amz-Target"].removeprefix("Transcribe.")
            status, value = scribe.answer(operation, json.loads(body))
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with loopback.listening(Handler) as address:
        yield address
