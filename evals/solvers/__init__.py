"""Solvers: the agent, the model alone, search only, and recorded runs; ``open_solver`` makes one by its name."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.case import Solver
from evals.solvers.agent import AgentSolver, ShelfBook
from evals.trajectories import Basis

if TYPE_CHECKING:
    from agent.context import Context, Limits
    from knowledge.bookshelf import Bookshelf

__all__ = ["SOLVERS", "AgentSolver", "Opened", "ShelfBook", "SolverError", "agent_solver", "open_solver"]

SOLVERS = ("agent", "model_alone", "search_only", "recorded")


class SolverError(Exception):
    """A solver can not be used as asked: the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A solver ready to run, the judge of codes and prices, and what is told of the run."""

    name: str
    model: str
    solver: Solver
    book: ShelfBook | None
    basis: Basis | None = None
    limits: Mapping[str, Any] = field(default_factory=dict)

    @property
    def about(self) -> dict[str, Any]:
        """Solver, model, limits and basis, for the record."""
        basis = None if self.basis is None else self.basis.model_dump(mode="json")
        return {"solver": self.name, "model": self.model, "limits": dict(self.limits), "basis": basis}


@contextmanager
def open_solver(
    name: str,
    *,
    model: str | None = None,
    limits: "Limits | None" = None,
    recorded: Path | None = None,
    over_changes: bool = False,
    home: Path | None = None,
) -> Iterator[Opened]:
    """Open a solver by its name.

    Args:
        name: one of ``SOLVERS``.
        model: spec of the model; None for the configured one.
        limits: of each encounter of the agent; None for the built-in ones.
        recorded: folder of the run to replay, for ``recorded``.
        over_changes: replay over changed tables.
        home: the data folder, when not the configured one.

    Raises:
        SolverError: the solver does not fit the model, or there is nothing to replay.
    """
    spec = "rules" if name in {"search_only", "recorded"} else model
    context = _context(spec, home, limits)
    try:
        yield _opened(name, context, recorded, over_changes)
    finally:
        context.bookshelf.close()


def _opened(name: str, context: "Context", recorded: Path | None, over_changes: bool) -> Opened:
    from agent.graph import build_graph
    from evals.solvers.model_alone import ModelAlone
    from evals.solvers.recorded import RecordedSolver
    from evals.solvers.search_only import SearchSolver
    from evals.trajectories import basis_of

    shelf: Bookshelf = context.bookshelf
    basis = basis_of(shelf)
    solver: Solver
    spec = context.model_spec
    if name == "agent":
        solver = AgentSolver(context=context, graph=build_graph(None))
    elif name == "model_alone":
        if spec == "rules":
            raise SolverError(
                "model_alone needs a chat model (the embedded coder works only through its tools): give --model"
            )
        solver = ModelAlone(model=context.model, spec=spec)
    elif name == "search_only":
        solver, spec = SearchSolver(shelf=shelf), ""
    elif name == "recorded":
        if recorded is None:
            raise SolverError("recorded needs --from, the folder of the run to replay")
        solver = RecordedSolver(folder=recorded, context=context, basis=basis, over_changes=over_changes)
        spec = f"recorded {recorded.name}"
    else:
        raise SolverError(f"no solver {name!r}: use {', '.join(SOLVERS)}")
    told = {k: str(v) for k, v in vars(context.limits).items()} if name == "agent" else {}
    return Opened(name=name, model=spec, solver=solver, book=ShelfBook(shelf=shelf), basis=basis, limits=told)


@contextmanager
def agent_solver(model: str | None, home: Path | None = None) -> Iterator[tuple[AgentSolver, ShelfBook]]:
    """The agent with a model, in memory: no store, no checkpoints, no output folder."""
    from agent.graph import build_graph

    context = _context(model, home, None)
    try:
        yield AgentSolver(context=context, graph=build_graph(None)), ShelfBook(shelf=context.bookshelf)
    finally:
        context.bookshelf.close()


def _context(model: str | None, home: Path | None, limits: "Limits | None") -> "Context":
    from agent.run import make_context
    from agent.settings import load_settings

    settings = load_settings()
    if home is not None:
        settings = replace(settings, home=home)
    changes = {} if limits is None else {"limits": limits}
    return make_context(settings, model_spec=model, out=None, store=None, pdf=False, **changes)
