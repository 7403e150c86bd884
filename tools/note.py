"""read_note: what the documents of the encounter say, as sections, sentences and mentions with offsets."""

import orjson
from langchain_core.tools import ToolException, tool
from langgraph.prebuilt import ToolRuntime

from knowledge.vocabulary import Vocabulary, normalise
from tools.context import ToolContext
from tools.encounter import ClinicalDocument
from tools.state import ToolState
from tools.text import ReadNote, read
from tools.text.records import Mention


def _enriched(mention: Mention, vocabulary: Vocabulary) -> dict[str, object]:
    """Add what the vocabulary knows of the thing named: a drug's generic, class and availability, a test's or problem's kind."""
    said: dict[str, object] = mention.model_dump(exclude_defaults=True)
    names = (mention.concept, mention.text)
    if mention.kind == "medication":
        drug = next((rows[0] for name in names if (rows := vocabulary.medication(name))), None)
        if drug:
            said |= {
                "generic": drug.generic,
                "drug_class": drug.drug_class,
                "availability": drug.availability,
            }
            said |= {"high_risk": drug.high_risk}
    elif mention.kind == "test":
        test = next(
            (tests[0] for name in names if (tests := vocabulary.test_index.get(normalise(name)))), None
        )
        if test:
            said["test_kind"] = test.kind
    elif mention.kind in {"problem", "status", "family"}:
        problem = next((problems[0] for name in names if (problems := vocabulary.problem(name))), None)
        if problem:
            said["vocabulary_kind"] = problem.kind
    return said


def dump_note(document: str, text: str, note: ReadNote, vocabulary: Vocabulary) -> dict[str, object]:
    """Return a read note as the tool answers it: compact, without attributes that are not said."""
    return {
        "id": document,
        "text": text,
        "sections": [{"name": s.name, "kind": s.kind, "start": s.start, "end": s.end} for s in note.sections],
        "sentences": [[s.start, s.end, s.section] for s in note.sentences],
        "mentions": [_enriched(mention, vocabulary) for mention in note.mentions],
    }


def read_documents(documents: tuple[ClinicalDocument, ...], vocabulary: Vocabulary) -> dict[str, object]:
    """Read each document; the answer's keys are stable."""
    return {"documents": [dump_note(d.id, d.text, read(d.text, vocabulary), vocabulary) for d in documents]}


def _spoken(documents: tuple[ClinicalDocument, ...]) -> dict[str, object]:
    """What a scribe service marked in the transcripts: words with a category and their segment, never codes."""
    heard = [i.model_dump(exclude_defaults=True) | {"document": d.id} for d in documents for i in d.insights]
    return {"insights": heard} if heard else {}


def _documentation(documents: tuple[ClinicalDocument, ...]) -> tuple[ClinicalDocument, ...]:
    """The documents without the transcript of the talk they were drafted from: that is no documentation."""
    return tuple(d for d in documents if d.kind != "transcript") or documents


@tool(parse_docstring=True)
def read_note(documents: list[str] | None, runtime: ToolRuntime[ToolContext, ToolState]) -> str:
    """Read the encounter's documents: sections, sentences, and mentions of problems, tests, drugs and more.

    Each mention is an exact span (text, start, end; Unicode code points) with what the note says of it:
    assertion (present, absent, uncertain, conditional, hypothetical, planned), recent or historical, patient
    or family, section, side, site, severity, dose, action, event (ordered, done, reviewed, planned,
    considered, refused) and problem_header, the index of the mention under which an assessment or plan
    lists it. Mentions carry no codes. Insights are words that a scribe service marked in the transcript.

    Args:
        documents: ids of the documents to read, from get_encounter; null reads all but the transcript.
    """
    facts = runtime.state["facts"]
    chosen = _documentation(facts.documents)
    if documents is not None:
        unknown = sorted(set(documents) - {d.id for d in facts.documents})
        if unknown:
            known = ", ".join(d.id for d in facts.documents)
            raise ToolException(f"no document {', '.join(unknown)}; this encounter has: {known}")
        chosen = tuple(d for d in facts.documents if d.id in documents)
    answer = read_documents(chosen, runtime.context.bookshelf.vocabulary) | _spoken(facts.documents)
    return orjson.dumps(answer).decode()
