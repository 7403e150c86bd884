"""A process may be killed at any moment: nothing that was decided or came in is lost, nothing goes out twice."""

import subprocess
import sys
from pathlib import Path

import pytest

from agent.desk import NotWaiting
from agent.desk.desk import Desk
from agent.store import Store
from tests.agent.desk.conftest import ANKLE, ANN, Opened, shipped, shown
from tests.conftest import ROOT
from tools.fhir.errors import InputError


class Killed(BaseException):
    """Stands for the process being killed."""


def die(*_: object, **__: object) -> None:
    raise Killed


def emissions(desk: Desk) -> int:
    return len([e for e in desk.audit(ANKLE) if e.action == "emitted"])


AT = {
    "before the graph heard of it": ("agent.desk.deciding._resumed", "held"),
    "before the emission": ("agent.nodes.emit.emit_outputs", "emitted"),
    "before the outcome was kept": ("agent.desk.deciding.finish", "emitted"),
    "before the outcome was audited": ("agent.desk.deciding._keep_outcome", "emitted"),
}


@pytest.mark.parametrize("when", AT)
def test_a_decision_survives_a_kill(opened: Opened, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    place, status = AT[when]
    with opened() as desk:
        desk.submit(shipped())
        sha256 = shown(desk)
        with monkeypatch.context() as patch:
            patch.setattr(place, die)
            with pytest.raises(Killed):
                desk.approve(ANKLE, ANN, claim_sha256=sha256, reason="seen")
    with opened() as desk:
        assert desk.worklist()[0].status == status
        if status == "held":
            assert "approve not done" in [e.action for e in desk.audit(ANKLE)]
            assert desk.approve(ANKLE, ANN, claim_sha256=sha256).status == "emitted"
        else:
            with pytest.raises(NotWaiting, match="it is emitted"):
                desk.approve(ANKLE, ANN, claim_sha256=sha256)
        assert [d.by for d in desk.decisions(ANKLE)] == ["ann"]
        assert (emissions(desk), desk.book.asked()) == (1, [])
        assert desk.store.verify_audit().broken_at is None


@pytest.mark.parametrize("place", ["agent.desk.incoming.code_encounter", "agent.desk.keep.keep"])
def test_an_encounter_that_came_in_is_coded_after_a_kill(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    with opened() as desk, monkeypatch.context() as patch:
        patch.setattr(place, die)
        with pytest.raises(Killed):
            desk.submit(shipped())
        assert desk.worklist() == ()
    with opened() as desk:
        assert desk.recover() == (ANKLE,)
        assert [(i.encounter, i.status) for i in desk.worklist()] == [(ANKLE, "held")]
        assert desk.recover() == ()


def test_what_can_not_be_read_is_not_kept(sitting: Desk) -> None:
    from dataclasses import replace
    from datetime import date

    raw = shipped()
    late = replace(raw, context=replace(raw.context, date_of_service=date(2999, 1, 1)))
    with pytest.raises(InputError):
        sitting.submit(late)
    assert (sitting.book.waiting(), sitting.book.source(ANKLE)) == ([], None)


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    holder = (
        "import sys; from pathlib import Path; from agent.store import Store\n"
        "with Store(Path(sys.argv[1])).alone('t', 'e'):\n    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        process.kill()
    with Store(tmp_path).alone("t", "e"), Store(tmp_path).alone("t", "another"):
        pass


def test_the_source_reads_back_as_it_came_in(sitting: Desk) -> None:
    from agent.desk.source import unpacked

    raw = shipped("04-wellness-hypertension-flu")
    own = sitting.submit(raw).coding.encounter_id
    kept = sitting.book.source(own)
    assert kept is not None
    back = unpacked(kept)
    assert back == raw
    assert repr(back) == repr(raw)  # numbers too keep the form in which they were written


def test_a_source_keeps_numbers_and_text_that_json_libraries_trip_over() -> None:
    import zlib

    from agent.desk.source import packed, unpacked
    from tools.intake import read_bytes

    odd = b'{"resourceType":"Observation","id":"o","a":1.50,"b":12345678901234567890123,"c":"\\ud800","d":1e-7,"e":[true,null]}'
    visit = b'{"resourceType":"Encounter","id":"e"}'
    data = b'{"resourceType":"Bundle","entry":[{"resource":' + visit + b'},{"resource":' + odd + b"}]}"
    raw = read_bytes(data, "odd.json")
    back = unpacked(zlib.decompress(packed(raw)))
    assert repr(back) == repr(raw)
