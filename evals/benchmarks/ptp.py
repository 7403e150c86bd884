"""NCCI pairs: seconds and memory of a full import, a look-up, and opening the bookshelf with them loaded.

``python -m evals.benchmarks.ptp [FILE ...]``: the official parts, or the comma form; without files it makes a table of
2.5 million rows from the shipped pairs, so that it runs anywhere. ``--home FOLDER``: only open a data folder, with all that
is imported into it, and look up in each kind of table once.
"""

import gzip
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice, product
from pathlib import Path
from statistics import median, quantiles

from knowledge.bookshelf import DATA, Bookshelf
from knowledge.edits import EditTables
from knowledge.imported import ImportedTables
from knowledge.sources.ncci_import import import_ncci

ROWS = 2_546_017
LOOK_UPS = 20_000
_OPEN = """
import resource, sys, time
from datetime import date
from pathlib import Path
from knowledge.bookshelf import Bookshelf
from knowledge.imported import PICKED
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
shelf = Bookshelf.open(Path(sys.argv[1]))
spent = time.perf_counter() - start
on = date(2026, 8, 1)
shelf.imported.complete()
for table in PICKED:
    shelf.imported.pick(table, on)
print(spent * 1000, (time.perf_counter() - start) * 1000, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def main(arguments: Sequence[str] = ()) -> int:
    """Import into a folder of its own, look up, open; print what was measured."""
    if list(arguments[:1]) == ["--home"]:
        _say(_opened(Path(arguments[1])))
        return 0
    known = EditTables.load(DATA)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        paths = [Path(name) for name in arguments] or [_made(home / "made 2024Q3.csv.gz", known)]
        start = time.perf_counter()
        import_ncci(paths, home, known)
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rows = ImportedTables(home).editions("ncci_ptp")[0].rows
        _say(f"import     {rows:,} rows in {seconds:.1f} s (60), peak {peak:.0f} MB (600)")
        _say(_looked_up(home, known))
        _say(_opened(home))
    return 0


def _looked_up(home: Path, known: EditTables) -> str:
    edits = EditTables.load(DATA, ImportedTables(home).pick)
    on = date(2026, 7, 1)
    pairs = known.starter_pairs()
    step = max(1, len(pairs) * 2 // LOOK_UPS)
    asked = [pair for a, b in pairs[::step] for pair in ((a, b), (b, a))]
    spent = []
    for a, b in asked:
        start = time.perf_counter()
        edits.ptp_between(a, b, on)
        spent.append((time.perf_counter() - start) * 1000)
    return (
        f"look-up    median {median(spent):.4f} ms (0.1), p99 {quantiles(spent, n=100)[98]:.4f} ms, "
        f"{len(asked):,} asked in both directions"
    )


def _opened(home: Path) -> str:
    """Open in a process of its own, five times; the store is built before."""
    Bookshelf.open(home).close()
    runs = [
        subprocess.run(  # noqa: S603 - our own interpreter and text
            [sys.executable, "-c", _OPEN, str(home)], capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(5)
    ]
    spent, every, grown = (median(float(run[n]) for run in runs) for n in (0, 1, 2))
    return (
        f"open       median {spent:.1f} ms (50), with every imported table opened too {every:.1f} ms, "
        f"{grown:.1f} MB more than its imports (40)"
    )


def _made(path: Path, known: EditTables) -> Path:
    """Write the shipped pairs and enough others to reach the size of an official release."""
    with gzip.open(path, "wt", encoding="ascii", compresslevel=1) as out:
        out.write("column1,column2,deletion_date,modifier_indicator,rationale_id\n")
        out.writelines(f"{a},{b},,1,1\n" for a, b in known.starter_pairs())
        rest = ROWS - len(known.starter_pairs())
        out.writelines(f"{a},{b},,0,1\n" for a, b in islice(_others(), rest))
    return path


def _others() -> Iterator[tuple[str, str]]:
    first = (f"{n:04d}M" for n in range(10_000))
    return product(first, [f"{n:04d}F" for n in range(1_000)])


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
