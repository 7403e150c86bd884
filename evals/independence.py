"""What escapes when the coder's reader is broken: the self-check reads for itself and has to notice.

``python -m evals.independence``. Each seeded fault corrupts what ``read_note`` tells the coder (never the documents)
of the shipped encounters and short notes of our own. Two coders work from it: the embedded one, which has cautions of
its own, and an incautious one (``independence_naive``). A wrong code is one that is not billed with the reader whole; it
escapes when no error of the self-check stands against it in the last claim.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

from agent.context import Context, Limits
from agent.graph import build_graph
from agent.policy import Policy
from agent.run import CodingResult, code_encounter, make_context
from agent.settings import load_settings
from evals.independence_naive import Corrupt, Known, Naive, tally
from evals.independence_notes import NOTES
from knowledge.vocabulary import Vocabulary
from tools.fhir.context_file import context_of
from tools.fhir.source import RawEncounter
from tools.intake import read_bytes, read_one
from tools.text import ReadNote, read

ENCOUNTERS = Path(__file__).parent / "encounters"

FAULTS: dict[str, Corrupt] = {
    "negation missed": lambda m: {"assertion": "present"} if m.assertion == "absent" else {},
    "family taken for patient": lambda m: (
        {"experiencer": "patient", "relative": None, "kind": "problem", "section_kind": "assessment"}
        if m.experiencer == "family" or m.kind == "family"
        else {}
    ),
    "section lost": lambda m: {"section": "Assessment", "section_kind": "assessment"},
    "historical taken for present": lambda m: (
        {"temporality": "recent"} if m.temporality == "historical" else {}
    ),
    "uncertain taken for sure": lambda m: {"assertion": "present"} if m.assertion == "uncertain" else {},
    "negation, family, history and section": lambda m: {
        "assertion": "present",
        "temporality": "recent",
        "experiencer": "patient",
        "relative": None,
        "kind": "problem" if m.kind == "family" else m.kind,
        "section": "Assessment",
        "section_kind": "assessment",
    },
}
"""What each fault changes of a mention: everything else of the coder's tools stays whole."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """Wrong codes under one fault: first proposed, named by an error of the check, left in an emitted claim."""

    fault: str
    mentions: int
    encounters: int
    proposed: int
    caught: int
    escaped: tuple[str, ...]
    naive: Naive


@contextmanager
def corrupted(change: Corrupt) -> Iterator[list[int]]:
    """Break the coder's reader for a while; the value counts the mentions that were changed."""
    count = [0]

    def broken(text: str, vocabulary: Vocabulary) -> ReadNote:
        note = read(text, vocabulary)
        made = []
        for mention in note.mentions:
            update = {k: v for k, v in change(mention).items() if getattr(mention, k) != v}
            count[0] += bool(update)
            made.append(mention.model_copy(update=update))
        return note.model_copy(update={"mentions": tuple(made)})

    with patch("tools.note.read", broken):
        yield count


def encounters() -> dict[str, RawEncounter]:
    """The shipped encounters and our own short notes, by name."""
    found = {p.stem: read_one(p) for p in sorted(ENCOUNTERS.glob("*.json"))}
    for number, note in enumerate(NOTES, 1):
        said = {
            "age": note.age,
            "sex": note.sex,
            "date_of_service": "2026-08-01",
            "place_of_service": "11",
            "payer": "commercial",
            "new_patient": False,
        }
        name = f"own-{number:02d}"
        found[name] = read_bytes(note.text.encode(), f"{name}.txt", context_of(said))
    return found


def diagnoses(result: CodingResult) -> set[str]:
    """The diagnoses of the first hand-in: what the coder thought before the check spoke."""
    calls = [c for m in result.state["messages"] for c in getattr(m, "tool_calls", ())]
    first = next((c for c in calls if c["name"] == "propose_claim"), None)
    return {d["code"] for d in first["args"]["diagnoses"]} if first else set()


def named(result: CodingResult) -> set[str]:
    """The codes that errors of any round of the check name."""
    found = [f for r in result.state["rounds"] for f in r.findings]
    return {code for f in found if f.level == "error" for code in f.codes}


def billed(result: CodingResult) -> set[str]:
    """The diagnoses of the last claim whose diagnoses no error stands against: what would leave."""
    left = {code for f in result.state["findings"] if f.level == "error" for code in f.codes}
    return {d.code for d in result.claim.diagnoses} - left if result.claim else set()


def measure(context: Context, faults: Sequence[str] = tuple(FAULTS)) -> tuple[Tally, ...]:
    """Code everything with the reader whole, then once under each fault."""
    graph = build_graph(None)
    given = encounters()

    def code(raw: RawEncounter) -> CodingResult:
        return code_encounter(raw, context=context, graph=graph)

    whole = {name: code(raw) for name, raw in given.items()}
    right = {name: diagnoses(r) | billed(r) for name, r in whole.items()}
    known = known_claims(whole)
    return tuple(
        _tally(fault, given, right, code, tally(fault, FAULTS[fault], known, context.bookshelf))
        for fault in faults
    )


def known_claims(whole: dict[str, CodingResult]) -> tuple[Known, ...]:
    """The claims the coder makes with its reader whole, each with its facts."""
    return tuple(
        Known(name=name, facts=r.state["facts"], claim=r.claim)
        for name, r in whole.items()
        if r.claim is not None
    )


def _tally(
    fault: str,
    given: dict[str, RawEncounter],
    right: dict[str, set[str]],
    code: Callable[[RawEncounter], CodingResult],
    naive: Naive,
) -> Tally:
    proposed = caught = touched = 0
    escaped: list[str] = []
    with corrupted(FAULTS[fault]) as mentions:
        for name, raw in given.items():
            result = code(raw)
            wrong = diagnoses(result) - right[name]
            touched += bool(wrong)
            proposed += len(wrong)
            caught += len(wrong & named(result))
            escaped += [f"{name} {c}" for c in sorted(billed(result) - right[name])]
    return Tally(
        fault=fault,
        mentions=mentions[0],
        encounters=touched,
        proposed=proposed,
        caught=caught,
        escaped=tuple(escaped),
        naive=naive,
    )


def table(tallies: Sequence[Tally]) -> str:
    """The tallies as a Markdown table, the escaped codes below it."""
    rows = [
        "| fault of the coder's reader | mentions corrupted | incautious coder: wrong codes | escaped | embedded coder: wrong codes | escaped |",
        "|---|---|---|---|---|---|",
    ]
    rows += [
        f"| {t.fault} | {t.mentions} | {t.naive.wrong} | {len(t.naive.escaped)} | {t.proposed} in {t.encounters} encounters | {len(t.escaped)} |"
        for t in tallies
    ]
    for t in tallies:
        left = [*t.naive.escaped, *(f"{x} (embedded coder)" for x in t.escaped)]
        rows += [f"\nescaped under '{t.fault}': {', '.join(left)}"] if left else []
    return "\n".join(rows) + "\n"


def main() -> int:
    """Measure and print."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    context = make_context(
        load_settings(),
        model_spec="rules",
        policy=Policy(accept_derived_charges=True),
        review="never",
        pdf=False,
        limits=Limits(repairs=2),
    )
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(table(measure(replace(context, out=Path(folder)))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
