"""Learning without a GPU: a practice's own wordings are found, judged on other cases, reviewed and used; nothing else is."""

from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from agent.cli import main
from agent.settings import load_settings
from evals.case import EvalCase
from evals.cli import half
from evals.train import promote
from evals.train.local import Calibrated, halves, write_confidence
from evals.train.records import TrainError
from evals.train.terms import COLUMNS, accepted
from knowledge.bookshelf import Bookshelf
from knowledge.errors import TableError

SLANG = (("quivery juice", "E11.9"), ("high pipes", "I10"))
_NOTE = """CHIEF COMPLAINT
Planned visit.

HISTORY OF PRESENT ILLNESS
Feels well, takes the tablets. Case {n}.

ASSESSMENT
1. {term}.

PLAN
Continue as before. Return in {n} weeks.

Electronically signed by Ana Rowan, MD
"""


def case(name: str, term: str, code: str, n: int) -> EvalCase:
    context = {
        "age": 61,
        "sex": "female",
        "date_of_service": "2026-08-11",
        "payer": "medicare",
        "new_patient": False,
    }
    gold = {"icd10": {"must": [code], "may": [code], "first": code}}
    return EvalCase.model_validate(
        {"id": name, "note": _NOTE.format(term=term.capitalize(), n=n + 3), "context": context, "gold": gold}
    )


KNOWN = (("asthma", "J45.909"),)


def cases(wordings: tuple[tuple[str, str], ...] = SLANG) -> list[EvalCase]:
    """Two teaching and three judging cases of each wording."""
    made = []
    for term, code in wordings:
        for wanted, count in (("tuned", 2), ("held_out", 3)):
            names = (f"{term.replace(' ', '-')}-{n}" for n in range(200))
            made += [
                case(name, term, code, n)
                for n, name in enumerate([x for x in names if half(x) == wanted][:count])
            ]
    return made


def write(path: Path, chosen: list[EvalCase]) -> Path:
    """A file of cases."""
    lines = (orjson.dumps(c.model_dump(mode="json", exclude_unset=True)) + b"\n" for c in chosen)
    path.write_bytes(b"".join(lines))
    return path


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few cases may judge; the fit of the confidence has its own test."""
    monkeypatch.setattr(promote, "LEAST_CASES", 3)
    monkeypatch.setattr("evals.calibrate.STEPS", 5)


@pytest.mark.slow
def test_own_wordings_are_proposed_reviewed_judged_and_used(
    tmp_path: Path, capsys: Any, shelf: Bookshelf
) -> None:
    told = write(tmp_path / "cases.jsonl", cases((*SLANG, *KNOWN)))
    assert main(["train", "local", "--cases", str(told), "--out", str(tmp_path / "out"), "--json"]) == 0
    learned = orjson.loads(capsys.readouterr().out)
    assert learned["terms"]["passes_the_gate"]
    assert learned["terms"]["cases_better"] == 6
    assert learned["terms"]["cases_worse"] == 0
    path = tmp_path / "out" / "proposals.csv"
    rows = path.read_text().splitlines()
    assert {tuple(r.split(",")[1:3]) for r in rows[1:]} == {("quivery juice", "E11.9"), ("high pipe", "I10")}

    apply = ["train", "apply", str(path), "--cases", str(told), "--to", str(tmp_path / "own")]
    assert main(apply) == 2
    assert "no row is accepted" in capsys.readouterr().err
    path.write_text("\n".join([rows[0], *("yes" + r for r in rows[1:])]) + "\n")
    assert main([*apply, "--by", "ada"]) == 0
    assert orjson.loads((tmp_path / "own" / "learned.json").read_bytes())["by"] == "ada"

    settings = load_settings({"SUPERBILL_LEARNED": str(tmp_path / "own"), "SUPERBILL_HOME": str(shelf.home)})
    own = shelf.with_learned(settings.learned or Path())
    assert own.vocabulary.problem("quivery juice")[0].code == "E11.9"
    assert not shelf.vocabulary.problem("quivery juice")


def test_terms_that_do_not_help_are_not_put_to_use(tmp_path: Path, capsys: Any) -> None:
    told = write(tmp_path / "cases.jsonl", cases(KNOWN))
    path, head = tmp_path / "proposals.csv", ",".join(COLUMNS)
    path.write_text(f"{head}\nyes,asthma,J45.20,disorder,,3,by hand\n")
    apply = ["train", "apply", str(path), "--cases", str(told), "--to", str(tmp_path / "own")]
    assert main(apply) == 1
    assert "the terms are not put to use: icd10.strict_f1" in capsys.readouterr().err
    assert not (tmp_path / "own").exists()
    path.write_text(f"{head}\nmaybe,asthma,J45.20,disorder,,3,by hand\n")
    with pytest.raises(TrainError, match="takes yes or no"):
        accepted(path)


def test_a_learned_folder_without_terms_is_told(tmp_path: Path, shelf: Bookshelf) -> None:
    with pytest.raises(TableError, match="no learned terms there"):
        _ = shelf.with_learned(tmp_path).vocabulary


def test_confidence_is_taken_over_only_when_it_is_better_on_enough(tmp_path: Path) -> None:
    def fitted(before: float, after: float, rows: int = 80) -> bool:
        told = {"brier": before}, {"brier": after}
        return Calibrated(
            rows=rows, judged_on=80, weights={"constant": 1.5}, before=told[0], after=told[1]
        ).passed

    assert fitted(0.10, 0.08)
    assert not fitted(0.10, 0.0995)
    assert not fitted(0.10, 0.12)
    assert not fitted(0.10, 0.08, rows=20)


def test_fitted_confidence_stands_before_the_shipped(tmp_path: Path) -> None:
    from agent.confidence import _weights

    write_confidence(tmp_path, {"constant": 1.5})
    assert _weights("rules", tmp_path) == {"constant": 1.5}
    assert _weights("rules") != {"constant": 1.5}
    assert _weights("bedrock", tmp_path) is None


def test_too_few_cases_to_judge_by_are_told() -> None:
    only = [c for c in cases() if half(c.id) == "tuned"]
    with pytest.raises(TrainError, match="too few to learn"):
        halves(only)


def test_a_trace_tells_what_was_learned(tmp_path: Path, shelf: Bookshelf) -> None:
    from agent.run import make_context
    from agent.surroundings import surroundings
    from evals.solvers.agent import raw_of
    from tools.fhir import gather

    facts = gather(raw_of(cases(KNOWN)[0]), as_of=date(2026, 11, 24))
    (tmp_path / "problems.csv").write_text("term,code,kind,note\nquivery juice,E11.9,disorder,\n")
    told = {}
    for name, book in (("shipped", shelf), ("own", shelf.with_learned(tmp_path))):
        context = make_context(load_settings(), model_spec="rules", bookshelf=book)
        told[name] = surroundings(context, facts, None)
    assert "learned" not in told["shipped"]
    assert len(told["own"]["learned"]) == 16
