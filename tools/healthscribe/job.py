"""A HealthScribe job on a recording in S3: start it once, wait for it, read what it wrote."""

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from tools.fhir.errors import InputError

FIRST_PAUSE, LONGEST_PAUSE = 10.0, 30.0
TEMPLATES = (
    "HISTORY_AND_PHYSICAL",
    "GIRPP",
    "BIRP",
    "SIRP",
    "DAP",
    "BEHAVIORAL_SOAP",
    "PHYSICAL_SOAP",
)
_ABSENT = frozenset({"404", "NoSuchKey", "NoSuchBucket"})
_ROLE = re.compile(r"arn:(aws|aws-cn|aws-us-gov):iam::\d{12}:role/[\w+=,.@/-]{1,512}")


class ScribeError(InputError):
    """The job can not be run or read: what, where, what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """What a job is made of.

    Attributes:
        uri: ``s3://bucket/key`` of the recording.
        output_bucket: bucket for the results.
        role: ARN of the role by which the service reads the recording and writes the results.
        template: note template.
        clinician_channel: channel of the clinician in a two-channel recording; None when the service is to
            tell the speakers apart.
        kms_key: key for the results, None for the bucket's own.
    """

    uri: str
    output_bucket: str
    role: str
    template: str = "HISTORY_AND_PHYSICAL"
    clinician_channel: int | None = None
    kms_key: str | None = None

    def check(self) -> None:
        """Refuse what the service would refuse.

        Raises:
            ScribeError: saying which.
        """
        bucket_and_key(self.uri)
        if not _ROLE.fullmatch(self.role):
            raise ScribeError(
                "HealthScribe: the role is no ARN of an IAM role; give arn:aws:iam::ACCOUNT:role/NAME"
            )
        if self.template not in TEMPLATES:
            raise ScribeError(f"HealthScribe: unknown template; give one of {', '.join(TEMPLATES)}")

    def request(self, name: str) -> dict[str, Any]:
        """The arguments of StartMedicalScribeJob."""
        settings: dict[str, Any] = {"ClinicalNoteGenerationSettings": {"NoteTemplate": self.template}}
        made: dict[str, Any] = {
            "MedicalScribeJobName": name,
            "Media": {"MediaFileUri": self.uri},
            "OutputBucketName": self.output_bucket,
            "DataAccessRoleArn": self.role,
            "Settings": settings,
        }
        if self.clinician_channel is None:
            settings |= {"ShowSpeakerLabels": True, "MaxSpeakerLabels": 2}
        else:
            other = 1 - self.clinician_channel
            settings["ChannelIdentification"] = True
            made["ChannelDefinitions"] = [
                {"ChannelId": self.clinician_channel, "ParticipantRole": "CLINICIAN"},
                {"ChannelId": other, "ParticipantRole": "PATIENT"},
            ]
        return made | ({"OutputEncryptionKMSKeyId": self.kms_key} if self.kms_key else {})


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """The two files of a finished job, by name."""

    job: str
    files: Mapping[str, bytes]


def job_name(recording: Recording, version: str) -> str:
    """The job's name: one for one version of one recording, so that a repetition meets the same job.

    It is a hash: a file name may well hold a patient's name.
    """
    text = "\0".join((recording.uri, version, recording.template, str(recording.clinician_channel)))
    return f"superbill-{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def bucket_and_key(uri: str) -> tuple[str, str]:
    """Bucket and key of an ``s3://`` or S3 ``https://`` address (path style, or the bucket in the host name).

    Raises:
        ScribeError: it is none.
    """
    parts = urlsplit(uri)
    path = unquote(parts.path).lstrip("/")
    if parts.scheme == "s3" and parts.netloc and path:
        return parts.netloc, path
    host = (parts.hostname or "").split(".")
    if parts.scheme == "https" and path and host[0].startswith("s3") and "/" in path:
        bucket, _, key = path.partition("/")
        return bucket, key
    if parts.scheme == "https" and path and any(one.startswith("s3") for one in host[1:]):
        return (parts.hostname or "").split(".s3")[0], path
    raise ScribeError("HealthScribe: no S3 address; give s3://bucket/key")


def outputs_at(uri: str, s3: Any) -> Outputs:
    """The files of a job that has run: its clinical document at ``uri``, and ``transcript.json`` beside it.

    Raises:
        ScribeError: no such document.
    """
    from botocore.exceptions import ClientError

    bucket, key = bucket_and_key(uri)
    folder, _, _ = key.rpartition("/")
    files: dict[str, bytes] = {}
    for name, place in (("summary.json", key), ("transcript.json", f"{folder}/transcript.json".lstrip("/"))):
        try:
            files[name] = s3.get_object(Bucket=bucket, Key=place)["Body"].read()
        except ClientError as fault:
            if str(fault.response.get("Error", {}).get("Code")) not in _ABSENT:
                raise
    if "summary.json" not in files:
        raise ScribeError(f"s3://{bucket}: no such clinical document; check the address")
    return Outputs(job=folder.rpartition("/")[2] or "scribe", files=files)


class ScribeJobs:
    """Jobs of one account. Clients, clock and sleep are given."""

    def __init__(
        self,
        transcribe: Any,
        s3: Any,
        *,
        sleep: Callable[[float], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        longest: float = 3600.0,
    ) -> None:
        self._transcribe, self._s3 = transcribe, s3
        self._sleep, self._clock, self._longest = sleep or time.sleep, clock, longest

    def start(self, recording: Recording) -> str:
        """Start the job, or meet the one that was started before; its name.

        Raises:
            ScribeError: no recording at the address, or a value the service refuses.
        """
        recording.check()
        bucket, key = bucket_and_key(recording.uri)
        found = self._head(bucket, key)
        name = job_name(recording, str(found.get("VersionId") or found.get("ETag", "")))
        with suppress(self._transcribe.exceptions.ConflictException):
            self._transcribe.start_medical_scribe_job(**recording.request(name))
        return name

    def _head(self, bucket: str, key: str) -> Mapping[str, Any]:
        from botocore.exceptions import ClientError

        try:
            found: Mapping[str, Any] = self._s3.head_object(Bucket=bucket, Key=key)
        except ClientError as fault:
            if str(fault.response.get("Error", {}).get("Code")) in _ABSENT:
                raise ScribeError(f"s3://{bucket}: no such recording; check the address") from None
            raise
        return found

    def wait(self, name: str, step: Callable[[str], None] | None = None) -> Mapping[str, Any]:
        """Ask until the job has ended (every 10, later 30 seconds); its description.

        Raises:
            ScribeError: it failed, or took longer than the limit.
        """
        started, pause = self._clock(), FIRST_PAUSE
        while True:
            job: Mapping[str, Any] = self._transcribe.get_medical_scribe_job(MedicalScribeJobName=name)[
                "MedicalScribeJob"
            ]
            status = job["MedicalScribeJobStatus"]
            if step is not None:
                step(status)
            if status == "COMPLETED":
                return job
            if status == "FAILED":
                raise ScribeError(f"HealthScribe job {name}: failed; read its FailureReason in the console")
            if self._clock() - started > self._longest:
                raise ScribeError(f"HealthScribe job {name}: not finished yet; run the same command again")
            self._sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 1.5)

    def outputs(self, job: Mapping[str, Any]) -> Outputs:
        """The clinical document and the transcript of a finished job.

        Raises:
            ScribeError: the job names no output.
        """
        places = job.get("MedicalScribeOutput") or {}
        name = str(job["MedicalScribeJobName"])
        files = {
            f"{kind}.json": self._read(str(places[member]))
            for kind, member in (("summary", "ClinicalDocumentUri"), ("transcript", "TranscriptFileUri"))
            if places.get(member)
        }
        if "summary.json" not in files:
            raise ScribeError(f"HealthScribe job {name}: wrote no clinical document; look into the job")
        return Outputs(job=name, files=files)

    def _read(self, uri: str) -> bytes:
        bucket, key = bucket_and_key(uri)
        data: bytes = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return data
