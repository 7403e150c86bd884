"""read_note: what the documents of the encounter say, as sections, sentences and mentions with offsets."""

import orjson
from langchain_core.tools import ToolException, tool
from langgraph.prebuilt import ToolRuntime

from knowledge.vocabulary import Vocabulary
from tools.context import ToolContext
from tools.encounter import ClinicalDocument
from tools.state import ToolState
from tools.text import ReadNote, read


def dump_note(document: str, note: ReadNote) -> dict[str, object]:
    """Return a read note as the tool answers it: compact, without attributes that are not said."""
    return {
        "id": document,
        "sections": [{"name": s.name, "kind": s.kind, "start": s.start, "end": s.end} for s in note.sections],
        "sentences": [[s.start, s.end, s.section] for s in note.sentences],
        "mentions": [mention.model_dump(exclude_defaults=True) for mention in note.mentions],
    }


def read_documents(documents: tuple[ClinicalDocument, ...], vocabulary: Vocabulary) -> dict[str, object]:
    """Read each document; the answer's keys are stable."""
    return {"documents": [dump_note(d.id, read(d.text, vocabulary)) for d in documents]}


@tool(parse_docstring=True)
def read_note(  # noqa: D417 - the model never sees runtime
    documents: list[str] | None, runtime: ToolRuntime[ToolContext, ToolState]
) -> str:
    """Read the encounter's documents: sections, sentences, and mentions of problems, tests, drugs and more.

    Each mention is an exact span (text, start, end; Unicode code points) with what the note says of it:
    assertion (present, absent, uncertain, conditional, hypothetical, planned), recent or historical, patient
    or family, section, side, site, severity, dose, action, event (ordered, done, reviewed, planned,
    considered, refused) and problem_header, the index of the mention under which an assessment or plan
    lists it. Mentions carry no codes.

    Args:
        documents: ids of the documents to read, from get_encounter; null reads all of them.
    """
    facts = runtime.state["facts"]
    chosen = facts.documents
    if documents is not None:
        unknown = sorted(set(documents) - {d.id for d in chosen})
        if unknown:
            known = ", ".join(d.id for d in chosen)
            raise ToolException(f"no document {', '.join(unknown)}; this encounter has: {known}")
        chosen = tuple(d for d in chosen if d.id in documents)
    return orjson.dumps(read_documents(chosen, runtime.context.bookshelf.vocabulary)).decode()
