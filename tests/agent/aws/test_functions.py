"""The Lambda functions over a moto account: codes, idempotent, no PHI in logs, faults with the right outcome."""

import hashlib
import hmac
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import orjson
import pytest
from botocore.exceptions import ClientError

from agent.aws import decide, fetch, handler, member, notify, reserve, review, submit
from agent.aws.announce import announce, signature
from agent.aws.clients import AwsBusyError, AwsError, aws_client
from agent.aws.events import BadInputError, safe
from agent.aws.runtime import Runtime
from agent.aws.table import DynamoStore
from agent.batch.manifest import PLAIN_ID
from agent.doubles import BilledElsewhereError
from evals.benchmarks.synthetic import encounters
from tests.agent.aws.account import BUCKET, KEY, REGION, get, keys, lines, put, rows
from tests.agent.aws.conftest import forget
from tests.agent.builders import claim
from tests.agent.cli_run import ANKLE
from tools.claim.model import Claim

CLEAN = {"claim_837", "claim_cms1500", "claim_fhir", "claim", "coding", "report", "trace"}


def ankle() -> dict[str, Any]:
    """The shipped encounter, in S3."""
    return {"encounter": put("in/ankle.json", ANKLE.read_bytes()), "options": {"pdf": False}}


def unpaid() -> dict[str, Any]:
    """An encounter that is held: its coverage is missing."""
    name, content = list(encounters(23))[-1]
    return {"id": name, "encounter": put(f"in/{name}.json", content)}


class TestHandler:
    def test_emits_as_the_contract_says(self, own: Runtime) -> None:
        said = handler({"encounter": orjson.loads(ANKLE.read_bytes()), "options": {}})
        assert set(said) == {"encounter_id", "status", "artifacts", "review"}
        assert said["status"] == "emitted"
        assert not said["review"]["required"]
        assert set(said["artifacts"]) == CLEAN
        assert said["artifacts"]["claim_837"] == f"s3://{BUCKET}/out/05-ankle-injury/claim.837"
        assert get(said["artifacts"]["claim_837"]).startswith(b"ISA*")

    def test_manifest_is_last_and_tells_each_file(self, own: Runtime) -> None:
        said = handler(ankle())
        listed = orjson.loads(get(f"s3://{BUCKET}/out/05-ankle-injury/manifest.json"))["files"]
        for uri in said["artifacts"].values():
            assert listed[uri.rpartition("/")[2]]["sha256"] == hashlib.sha256(get(uri)).hexdigest()
        assert "claim.cms1500.pdf" not in listed

    def test_held_has_drafts_alone(self, own: Runtime) -> None:
        said = handler(unpaid())
        assert said["status"] == "held"
        assert said["review"]["required"]
        assert set(said["artifacts"]) == CLEAN - {"claim_837", "claim_cms1500", "claim_fhir"}
        (waiting,) = own.store.worklist("default")
        assert waiting["encounter"] == said["encounter_id"]
        assert waiting["reasons"]

    def test_duplicate_delivery_is_one_claim(self, own: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
        first = handler(ankle())
        before = get(first["artifacts"]["coding"])
        forget()  # the second delivery reaches another, cold function
        assert handler(ankle()) == first
        assert get(first["artifacts"]["coding"]) == before
        assert len(rows("EMISSION")) == 1
        assert [x["duplicate"] for x in lines(capsys.readouterr().out) if "duplicate" in x] == [False, True]

    def test_redelivery_without_a_kept_answer_writes_the_same_bytes(self, own: Runtime) -> None:
        first = handler(ankle())
        claim = get(first["artifacts"]["claim_837"])
        (kept,) = rows("ANSWER")
        boto3.resource("dynamodb", region_name=REGION).Table(own.store.table).delete_item(
            Key={"PK": kept["PK"], "SK": kept["SK"]}
        )
        assert handler(ankle()) == first
        assert get(first["artifacts"]["claim_837"]) == claim
        assert len(rows("EMISSION")) == 1
        assert [e["action"] for e in own.store.audit_entries("default", "05-ankle-injury")] == ["emitted"]

    def test_other_content_at_the_same_address_is_another_request(self, own: Runtime) -> None:
        name, content = list(encounters(23))[-1]
        event = {"encounter": put("in/x.json", content)}
        assert handler(event)["status"] == "held"
        put("in/x.json", ANKLE.read_bytes())
        assert handler(event)["encounter_id"] == "05-ankle-injury" != name

    def test_encounter_reference_needs_a_server(self, own: Runtime) -> None:
        with pytest.raises(BadInputError, match="no FHIR server"):
            handler({"encounter": "Encounter/1"})

    def test_two_at_once_the_second_comes_again(self, own: Runtime) -> None:
        with (
            own.store.alone("default", "05-ankle-injury"),
            pytest.raises(AwsBusyError, match="another function"),
        ):
            handler(ankle())
        assert handler(ankle())["status"] == "emitted"

    @pytest.mark.parametrize(
        "event",
        [
            {},
            {"encounter": "/etc/passwd"},
            {"encounter": "s3://superbill-test/in/ankle.json", "id": "../x"},
            {"encounter": {"resourceType": "Patient"}},
            {"encounter": {"resourceType": "Bundle"}, "options": {"model": "x"}},
        ],
    )
    def test_bad_input_is_told_and_writes_nothing(self, own: Runtime, event: dict[str, Any]) -> None:
        with pytest.raises(BadInputError):
            handler(event)
        assert keys("out/") == []
        assert rows("") == []

    def test_no_phi_in_logs(self, own: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
        handler(ankle())
        handler(unpaid())
        out = capsys.readouterr().out
        for secret in ("Whitcombe", "Jamal", "ankle", "2002-06-11", "s3://"):
            assert secret not in out
        measured = [x for x in lines(out) if "_aws" in x]
        assert [x["Status"] for x in measured] == ["emitted", "held"]
        assert measured[0]["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Superbill"
        assert all(x["Seconds"] > 0 for x in measured)


class TestFaults:
    """The rows of the fault table that live here."""

    def test_failure_between_two_writes_leaves_no_output_and_heals(
        self, own: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client, done = aws_client("s3", own.settings.region), []
        real = client.put_object

        def failing(**given: Any) -> Any:
            if given["Key"].startswith("out/05") and len(done) == 2:
                raise ClientError(
                    {"Error": {"Code": "SlowDown"}, "ResponseMetadata": {"HTTPStatusCode": 503}}, "PutObject"
                )
            done.append(given["Key"])
            return real(**given)

        monkeypatch.setattr(client, "put_object", failing)
        with pytest.raises(AwsBusyError, match="SlowDown"):
            handler(ankle())
        assert "out/05-ankle-injury/manifest.json" not in keys("out/05")
        (emission,) = rows("EMISSION")
        monkeypatch.setattr(client, "put_object", real)
        said = handler(ankle())
        assert said["status"] == "emitted"
        assert "out/05-ankle-injury/manifest.json" in keys("out/05")
        assert rows("EMISSION") == [emission]
        number = f"{int(emission['control_number']):09}"
        assert f"*{number}*".encode() in get(said["artifacts"]["claim_837"])

    @pytest.mark.parametrize(
        ("code", "status", "kind"),
        [
            ("ProvisionedThroughputExceededException", 400, AwsBusyError),
            ("ExpiredTokenException", 400, AwsError),
            ("AccessDeniedException", 400, AwsError),
        ],
    )
    def test_table_refuses_before_anything_is_emitted(
        self, own: Runtime, monkeypatch: pytest.MonkeyPatch, code: str, status: int, kind: type[Exception]
    ) -> None:
        client = aws_client("dynamodb.resource", own.settings.region).meta.client

        def refusing(**_: Any) -> Any:
            raise ClientError(
                {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Put"
            )

        monkeypatch.setattr(client, "transact_write_items", refusing)
        with pytest.raises(kind) as raised:
            handler(ankle())
        assert isinstance(raised.value, AwsBusyError) == (kind is AwsBusyError)
        assert "Whitcombe" not in str(raised.value)
        assert keys("out/") == []
        assert rows("EMISSION") == []

    def test_what_is_billed_is_kept_with_the_emission_or_not_at_all(
        self, own: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = aws_client("dynamodb.resource", own.settings.region).meta.client
        real, alone = client.put_item, []

        def watched(**given: Any) -> Any:
            alone.append(given["Item"]["PK"].partition("#")[0])
            return real(**given)

        monkeypatch.setattr(client, "put_item", watched)
        handler(ankle())
        assert {(r["PK"].partition("#")[0], r["encounter"]) for r in rows("LINE")} == {
            ("BILLED", "05-ankle-injury")
        }
        assert "BILLED" not in alone

    @pytest.mark.parametrize("late", [False, True], ids=["known before", "while it is written"])
    def test_a_visit_does_not_go_out_under_a_second_id(
        self, own: Runtime, monkeypatch: pytest.MonkeyPatch, late: bool
    ) -> None:
        store, first = own.store, claim()
        again = first.model_copy(update={"encounter_id": "resent-77"})
        store.reserve_emission(first, "payer", None)
        before = rows("EMISSION"), rows("LINE")
        real, asked = DynamoStore.billed_elsewhere, []

        def seen(store: DynamoStore, claim: Claim) -> tuple[str, ...]:
            asked.append(claim.encounter_id)
            return () if late and len(asked) == 1 else real(store, claim)

        monkeypatch.setattr(DynamoStore, "billed_elsewhere", seen)
        with pytest.raises(BilledElsewhereError) as told:
            store.reserve_emission(again, "payer", None)
        assert len(asked) == 1 + late
        assert (rows("EMISSION"), rows("LINE")) == before
        assert store.reserve_emission(again, "payer", None, accepted=told.value.codes).number > 1

    def test_dead_holder_lets_go_when_its_lease_ends(self, own: Runtime) -> None:
        boto3.resource("dynamodb", region_name=REGION).Table(own.store.table).put_item(
            Item={"PK": "ENC#default#05-ankle-injury", "SK": "LEASE", "by": "dead", "until": 1}
        )
        assert handler(ankle())["status"] == "emitted"


class TestMember:
    def test_row_is_that_of_the_batch(self, own: Runtime) -> None:
        row = member({"item": {**ankle(), "id": "a"}, "number": 500_000_123})
        assert row == {
            "id": "a",
            "exit": 0,
            "status": "emitted",
            "encounter": "05-ankle-injury",
            "out": f"s3://{BUCKET}/out/a",
            "reason": "",
        }
        assert b"*500000123*" in get(f"s3://{BUCKET}/out/a/claim.837")

    def test_what_is_wrong_with_a_member_is_a_row(
        self, own: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        absent = {"id": "a", "encounter": f"s3://{BUCKET}/in/absent.json"}
        rows_ = [member({"item": x, "line": 3}) for x in (7, {"id": "a", "encounter": "x", "y": 1}, absent)]
        assert [(r["id"], r["exit"], r["status"]) for r in rows_] == [
            ("line-3", 2, "failed"),
            ("a", 2, "failed"),
            ("a", 2, "failed"),
        ]
        assert "no such object" in rows_[2]["reason"]
        monkeypatch.setattr("agent.aws.functions.code_raw", lambda *_: 1 / 0)
        fault = member({"item": {**ankle(), "id": "a"}})
        assert fault["exit"] == 1
        assert "ZeroDivisionError" in fault["reason"]

    def test_what_is_wrong_with_aws_is_none(self, own: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
        client = aws_client("s3", own.settings.region)

        def refusing(**_: Any) -> Any:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")

        monkeypatch.setattr(client, "get_object", refusing)
        with pytest.raises(AwsError, match="access denied"):
            member({"item": {**ankle(), "id": "a"}})


class TestReview:
    def test_approval_of_a_held_claim_emits_it(self, own: Runtime) -> None:
        said = handler({**ankle(), "options": {"review": "always"}})
        assert said["status"] == "held"
        review({"token": "token-1", "answer": said})
        assert own.store.token("default", said["encounter_id"]) == "token-1"
        row = own.store.work("default", said["encounter_id"])
        assert row is not None
        decision = {"action": "approve", "claim_sha256": row["claim_sha256"], "by": "A. Reviewer"}
        forget()
        with pytest.MonkeyPatch.context() as patch:
            sent: list[str] = []
            patch.setattr("agent.aws.deciding._send", lambda _own, token, _answer: sent.append(token))
            after = decide({"encounter_id": said["encounter_id"], "decision": decision})
        assert after["status"] == "emitted"
        assert sent == ["token-1"]
        assert get(after["artifacts"]["claim_837"]).startswith(b"ISA*")
        assert [e["action"] for e in own.store.audit_entries("default", "05-ankle-injury")] == [
            "approve",
            "emitted",
        ]
        assert own.store.verify_audit("default", "05-ankle-injury") is None
        again = handler({**ankle(), "options": {"review": "always"}})
        assert again == after  # a late redelivery does not hold it anew
        with pytest.raises(BadInputError, match="no encounter is held"):
            decide({"encounter_id": said["encounter_id"], "decision": decision})

    def test_decision_about_another_claim_is_refused(self, own: Runtime) -> None:
        said = handler({**ankle(), "options": {"review": "always"}})
        decision = {"action": "approve", "claim_sha256": "0" * 64, "by": "A. Reviewer"}
        with pytest.raises(BadInputError, match="has changed"):
            decide({"encounter_id": said["encounter_id"], "decision": decision})

    def test_altered_audit_is_found(self, own: Runtime) -> None:
        handler(ankle())
        (entry,) = rows("000001")
        boto3.resource("dynamodb", region_name=REGION).Table(own.store.table).put_item(
            Item={**entry, "who": "x"}
        )
        assert own.store.verify_audit("default", "05-ankle-injury") == 1


class TestSteps:
    def test_fetch_brings_an_inline_encounter_into_s3(self, own: Runtime) -> None:
        event = fetch({"encounter": orjson.loads(ANKLE.read_bytes())})
        assert event["encounter"].startswith(f"s3://{BUCKET}/out/.sources/")
        assert handler(event)["status"] == "emitted"
        assert fetch(event) == event
        assert event["announce"] is False

    def test_only_coding_opens_the_bookshelf_and_once(self, own: Runtime) -> None:
        fetch({"encounter": orjson.loads(ANKLE.read_bytes())})
        assert "session" not in vars(own)
        handler(ankle())
        opened = vars(own)["session"]
        handler(unpaid())
        assert own.session is opened

    def test_fetch_understands_an_object_that_has_arrived(self, own: Runtime) -> None:
        put("in/events/a.json", ANKLE.read_bytes())
        event = fetch({"bucket": {"name": BUCKET}, "object": {"key": "in/events/a.json"}})
        assert event == {"encounter": f"s3://{BUCKET}/in/events/a.json", "announce": False}
        with pytest.raises(BadInputError):
            fetch({"bucket": BUCKET, "object": "x"})

    def test_submit_leaves_one_object_whatever_how_often(self, own: Runtime) -> None:
        said = handler(ankle())
        assert submit(said) == submit(said)
        (name,) = keys("outbox/")
        assert get(f"s3://{BUCKET}/{name}") == get(said["artifacts"]["claim_837"])

    def test_reserve_is_the_same_for_the_same_manifest(self, own: Runtime) -> None:
        put("m.jsonl", b'{"id":"a"}\n\n{"id":"b"}\n')
        put("n.jsonl", b'{"id":"c"}\n')
        first = reserve({"bucket": BUCKET, "key": "m.jsonl"})
        assert first == {"bucket": BUCKET, "key": "m.jsonl", "members": 2, "first": 500_000_001}
        assert reserve({"bucket": BUCKET, "key": "m.jsonl"}) == first
        assert reserve({"bucket": BUCKET, "key": "n.jsonl"})["first"] == 500_000_003

    def test_notify_tells_bus_and_topic_ids_only(self, own: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
        told: list[Any] = []
        monkeypatch.setenv("SUPERBILL_EVENT_BUS", "default")
        forget()
        client = aws_client("events", REGION)
        real = client.put_events
        monkeypatch.setattr(client, "put_events", lambda **given: (told.append(given), real(**given))[1])
        said = handler(ankle())
        notify(said)
        for given in told:
            (entry,) = given["Entries"]
            assert entry["DetailType"] == "Encounter emitted"
            assert set(orjson.loads(entry["Detail"])) == {"encounter_id", "status", "artifacts"}
        assert len(told) == 2


def test_two_ids_never_share_an_output_and_each_can_be_given_as_an_id() -> None:
    ids = ["05-ankle-injury", "a/b", "a_b", "a b", "Émile", "-x", "x", "...", "_", "n" * 128, "n" * 200]
    made = [safe(one) for one in ids]
    assert made[0] == ids[0]
    assert len(set(made)) == len(ids)
    assert all(PLAIN_ID.fullmatch(one) for one in made)


def test_signature_can_be_checked_by_the_receiver() -> None:
    at, _, made = signature("key", 1_700_000_000, b"{}").partition(",v1=")
    assert at == "t=1700000000"
    assert made == hmac.new(b"key", b"1700000000.{}", hashlib.sha256).hexdigest()


class TestWebhook:
    """A receiver on the loopback."""

    def told(self, own: Runtime, status: int, key: str | None = KEY) -> tuple[str, bytes]:
        got: list[tuple[str, bytes]] = []

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                got.append((self.headers["x-superbill-signature"], body))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        with HTTPServer(("127.0.0.1", 0), Receiver) as server:
            thread = threading.Thread(target=server.handle_request)
            thread.start()
            settings = replace(own.settings, webhook=f"http://127.0.0.1:{server.server_port}/hook")
            answer = {"encounter_id": "e", "status": "emitted", "artifacts": {}, "review": {"secret": "x"}}
            try:
                announce(settings, answer, key)
            finally:
                thread.join(timeout=5)
        return got[0]

    def test_signed_and_ids_only(self, own: Runtime) -> None:
        said, body = self.told(own, 204)
        assert orjson.loads(body) == {"encounter_id": "e", "status": "emitted", "artifacts": {}}
        at = int(said.partition(",")[0].removeprefix("t="))
        assert said == signature(KEY, at, body)
        assert said != signature("other", at, body)

    def test_refused_is_not_tried_again_and_busy_is(self, own: Runtime) -> None:
        with pytest.raises(AwsError, match="refuses") as refused:
            self.told(own, 403)
        assert not isinstance(refused.value, AwsBusyError)
        with pytest.raises(AwsBusyError, match="busy"):
            self.told(own, 503)

    @pytest.mark.parametrize(
        ("address", "key"), [("http://example.org/", KEY), ("https://example.org/", None)]
    )
    def test_never_in_the_clear_and_never_unsigned(self, own: Runtime, address: str, key: str | None) -> None:
        answer = {"encounter_id": "e", "status": "emitted", "artifacts": {}}
        with pytest.raises(AwsError, match=r"key to sign|no https"):
            announce(replace(own.settings, webhook=address), answer, key)
