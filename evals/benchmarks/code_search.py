"""Code search over a list of terms with known codes: top-1, top-5 by halves, and processor time per query.

Run ``python -m evals.benchmarks.code_search TERMS.jsonl [--import FILE ...]``; with ``--import`` the official indexes
are imported into a folder of their own first. Lines of the list hold ``term`` and ``icd10`` (the code is its first).
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from knowledge.bookshelf import Bookshelf
from knowledge.sources.index_import import import_index

LIMIT = 5


def half_of(term: str) -> str:
    """The half a term belongs to: "a" is for tuning, "b" for reporting."""
    return "ab"[int(sha256(term.encode()).hexdigest(), 16) % 2]


def measure(
    shelf: Bookshelf, rows: Sequence[dict[str, Any]], shown: str = ""
) -> tuple[Counter[str], list[float]]:
    """Search every term twice, the second time timed in seconds of processor time (others use the cores too); counts are keyed by what and half."""
    for row in rows:
        shelf.search.search(row["term"], limit=LIMIT)
    hits: Counter[str] = Counter()
    times: list[float] = []
    for row in rows:
        began = time.process_time()
        codes = [hit.code for hit in shelf.search.search(row["term"], limit=LIMIT)]
        times.append(time.process_time() - began)
        half = half_of(row["term"])
        hits.update({f"n {half}": 1, f"top-1 {half}": codes[:1] == row["icd10"][:1]})
        hits[f"top-5 {half}"] += row["icd10"][0] in codes
        if shown == half and row["icd10"][0] not in codes:
            sys.stdout.write(f"missed {row['term']!r}: {row['icd10'][0]}, found {' '.join(codes)}\n")
    return hits, sorted(times)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the figures to standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("terms", type=Path)
    parser.add_argument("--home", type=Path, help="a data folder with everything imported, left as it is")
    parser.add_argument("--misses", action="store_true", help="show the misses of the half for tuning")
    parser.add_argument("--import", dest="files", type=Path, nargs="+", default=[])
    options = parser.parse_args(arguments)
    rows = [orjson.loads(line) for line in options.terms.read_bytes().splitlines()]
    with TemporaryDirectory() as folder:
        home = options.home or Path(folder)
        for path in options.files:
            import_index(path, home)
        shelf = Bookshelf.open(home)
        hits, times = measure(shelf, rows, "a" if options.misses else "")
        shelf.close()
    for half in "ab":
        n = hits[f"n {half}"]
        sys.stdout.write(
            f"half {half}: {n} terms, top-1 {hits[f'top-1 {half}'] / n:.3f}, top-5 {hits[f'top-5 {half}'] / n:.3f}\n"
        )
    n = len(rows)
    top1, top5 = (sum(hits[f"{what} {half}"] for half in "ab") / n for what in ("top-1", "top-5"))
    sys.stdout.write(f"all: {n} terms, top-1 {top1:.3f}, top-5 {top5:.3f}\n")
    sys.stdout.write(f"p50 {times[n // 2] * 1e3:.1f} ms, p95 {times[int(n * 0.95)] * 1e3:.1f} ms\n")


if __name__ == "__main__":
    main()
