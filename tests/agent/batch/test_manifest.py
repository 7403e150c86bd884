"""The manifest: streamed, strict by line, a fault is one member's."""

from pathlib import Path

import orjson
import pytest

from agent.batch.errors import ManifestError
from agent.batch.manifest import item_of, items, measure


def test_lines_become_members_in_order(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes(
        b'{"id":"a","encounter":"a.json"}\n\n{"id":"b","encounter":"s3://k/b","options":{"pdf":false}}'
    )
    first, second = items(path)
    assert (first.line, first.id, first.encounter, first.options, first.fault) == (1, "a", "a.json", {}, "")
    assert (second.line, second.options) == (2, {"pdf": False})
    assert measure(path)[0] == 2


def test_digest_is_of_the_line_alone() -> None:
    line = b'{"id":"a","encounter":"a.json"}'
    assert item_of(line + b"\r\n", 1).digest == item_of(line, 9).digest
    assert item_of(line.replace(b"a.json", b"b.json"), 1).digest != item_of(line, 1).digest


def test_a_dead_letter_file_is_a_manifest() -> None:
    letter = {"id": "a", "encounter": "a.json", "options": {}, "reason": "was missing", "exit": 2}
    assert item_of(orjson.dumps(letter), 1).fault == ""


@pytest.mark.parametrize(
    ("line", "own", "fault"),
    [
        (b"{", "line-7", "not JSON"),
        (b"[]", "line-7", "not a JSON object"),
        (b'{"id":"../x","encounter":"a"}', "line-7", "id must be"),
        (b'{"id":"","encounter":"a"}', "line-7", "id must be"),
        (b'{"id":"a"}', "a", "encounter must be"),
        (b'{"id":"a","encounter":7}', "a", "encounter must be"),
        (b'{"id":"a","encounter":"x","options":[1]}', "a", "options must be"),
        (b'{"id":"a","encounter":"x","model":"y"}', "a", "unknown key 'model'"),
    ],
)
def test_a_line_that_can_not_be_used_says_why(line: bytes, own: str, fault: str) -> None:
    item = item_of(line, 7)
    assert item.id == own
    assert item.fault.startswith("line 7: ")
    assert fault in item.fault


def test_unreadable_and_empty_manifests_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"\n \n")
    with pytest.raises(ManifestError, match="holds no line"):
        measure(tmp_path / "empty")
    with pytest.raises(ManifestError, match="can not be read"):
        measure(tmp_path / "absent")
