"""Progress bars on stderr; silent where stderr is not a terminal people read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=False,
    )


@contextmanager
def build_progress(*, quiet: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """A callback (what, done, total) that draws; the bar appears with its first call."""
    if quiet:
        yield None
        return
    bar = _bar()
    tasks: dict[str, int] = {}

    def show(what: str, done: int, total: int) -> None:
        if not tasks:
            bar.start()
        if what not in tasks:
            tasks[what] = bar.add_task(what, total=total)
        bar.update(bar.task_ids[list(tasks).index(what)], completed=done, total=total)

    try:
        yield show
    finally:
        if tasks:
            bar.stop()


@contextmanager
def item_progress(total: int, *, quiet: bool, doing: str = "coding") -> Iterator[Callable[[str], None]]:
    """A callback that counts one finished item and names it, after what is being done."""
    if quiet:
        yield lambda _: None
        return
    bar = _bar()
    with bar:
        task = bar.add_task(doing, total=total)

        def step(name: str) -> None:
            bar.update(task, advance=1, description=f"{doing} {name[:32]}")

        yield step
