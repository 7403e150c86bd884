"""A session: bookshelf, model, graph, store and checkpointer opened once, for one encounter or many."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.context import Context
from agent.run import CodingResult, code_encounter, make_context, sqlite_checkpointer
from agent.settings import Settings

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

    from agent.aws.place import Place
    from agent.desk.examples import CaseExamples
    from tools.fhir.source import RawEncounter


@dataclass(frozen=True, kw_only=True)
class Session:
    """Everything a run needs except the encounter."""

    context: Context
    graph: "CompiledStateGraph[Any, Any, Any, Any]"
    examples: "CaseExamples | None" = None

    def context_of(self, tenant: str) -> Context:
        """The context for a practice today: its name, and no other practice's examples; a server runs for many days."""
        own = self.examples.for_tenant(tenant) if self.examples else None
        return replace(self.context, tenant=tenant, examples=own, today=date.today())  # noqa: DTZ011 - the practice's own day

    def code(self, raw: "RawEncounter", out: "Place | None") -> CodingResult:
        """Code one encounter into ``out``."""
        return code_encounter(raw, context=replace(self.context, out=out), graph=self.graph)


@contextmanager
def open_session(
    settings: Settings,
    *,
    model_spec: str | None = None,
    policy: Path | None = None,
    store: Path | None = None,
    review: str = "auto",
    pdf: bool = True,
    quiet: bool = True,
) -> Iterator[Session]:
    """Open everything; the store lives in ``store`` or in the settings' home."""
    from agent.cli.progress import build_progress
    from agent.desk.examples import CaseExamples
    from agent.graph import build_graph
    from agent.models.registry import resolved
    from agent.shelf import open_bookshelf
    from agent.store import Store

    folder = store or settings.home / "store"
    with build_progress(quiet=quiet) as progress:
        bookshelf = open_bookshelf(settings, progress)
    context = make_context(
        replace(settings, policy=policy or settings.policy),
        model_spec=resolved(model_spec or settings.model, folder),
        bookshelf=bookshelf,
        review=review,
        pdf=pdf,
    )
    kept = Store(folder)  # last: bad settings leave nothing behind
    examples = (
        CaseExamples(store=folder, tenant=settings.tenant, bookshelf=bookshelf) if settings.examples else None
    )
    context = replace(context, store=kept, examples=examples)
    with kept.kept_open(), sqlite_checkpointer(folder) as saver:
        yield Session(context=context, graph=build_graph(saver), examples=examples)
