"""The memo of stems: learned once, read again, harmless when damaged or not writable."""

from pathlib import Path

from knowledge.find.memo import TermMemo


def counting(calls: list[str]) -> object:
    def work(text: str) -> str:
        calls.append(text)
        return text.upper()

    return work


def test_it_is_learned_once_per_store(tmp_path: Path) -> None:
    calls: list[str] = []
    first = TermMemo(tmp_path / "m.json", counting(calls))  # type: ignore[arg-type]
    assert [first("a"), first("a"), first("b")] == ["A", "A", "B"]
    first.save()
    again = TermMemo(tmp_path / "m.json", counting(calls))  # type: ignore[arg-type]
    assert again("a") == "A"
    assert calls == ["a", "b"]


def test_a_damaged_file_only_costs_time(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text('{"a": "A"')
    memo = TermMemo(path, str.upper)
    assert memo("a") == "A"
    memo.save()
    assert TermMemo(path, str.lower)("a") == "A"


def test_a_folder_that_can_not_be_written_is_no_fault(tmp_path: Path) -> None:
    memo = TermMemo(tmp_path / "none" / "m.json", str.upper)
    assert memo("a") == "A"
    memo.save()
    assert list(tmp_path.iterdir()) == []
