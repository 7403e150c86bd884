"""Processor time and wall time of each page of the workbench, one request after the other, with a long worklist.

``python -m evals.benchmarks.pages [--cases 40] [--rows 1500] [--requests 100]``. The workbench is a process of its own, so
that the client's time does not count. Cases are coded by the API; the list is filled up with copies of their rows.
"""

import argparse
import os
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from itertools import cycle
from pathlib import Path
from statistics import median

import httpx

from evals.benchmarks.review_load import bodies_for
from evals.benchmarks.reviewers import CSRF, MARK, doubled, form_of, one
from evals.benchmarks.servers import PASSWORD, House, open_house

_ROW = re.compile(r'href="/case/([\w=-]+)" data-row>([\w.-]+)<')
_COPY = "-copy-"
Ask = Callable[[str], httpx.Response]


def code_cases(house: House, count: int) -> None:
    """Have the API code ``count`` encounters."""
    with httpx.Client(base_url=house.api.address, timeout=60, trust_env=False) as client:
        for body in bodies_for(count, 1)[1]:
            client.post("/encounters", content=body, headers=house.intake).raise_for_status()
        while client.get("/readyz").json()["waiting"]:
            time.sleep(0.2)


def fill_up(store: Path, rows: int) -> None:
    """Copies of the worklist's rows until there are ``rows``; they are listed, their cases can not be opened."""
    with closing(sqlite3.connect(store / "store.sqlite")) as db:
        columns = [r[1] for r in db.execute("pragma table_info(worklist)") if r[1] != "encounter"]
        own = [r[0] for r in db.execute("select encounter from worklist order by encounter")]
        listed = ", ".join(columns)
        for number, name in zip(range(rows - len(own)), cycle(own), strict=False):
            db.execute(
                f"insert into worklist (encounter, {listed}) select ?, {listed} from worklist where encounter = ?",  # noqa: S608 - columns
                (f"{name}{_COPY}{number:06d}", name),
            )
        db.commit()


def sign_in(client: httpx.Client) -> dict[str, str]:
    """Sign in; the headers that the pages' scripts send from then on."""
    mark = one(MARK, client.get("/signin").text)
    client.post("/signin", data={"name": "reviewer01", "password": PASSWORD, "mark": mark})
    return {"x-csrf-token": one(CSRF, client.get("/worklist").text), "x-fragment": "1"}


def drawable(client: httpx.Client) -> list[str]:
    """Held cases with a claim that can be drawn, from the first page of the list."""
    rows = _ROW.findall(client.get("/worklist?status=held").text)
    own = [case for case, name in rows if _COPY not in name]
    return [case for case in own if client.get(f"/case/{case}/cms1500/0").status_code == 200]


def asks(client: httpx.Client, headers: dict[str, str], cases: list[str]) -> dict[str, Ask]:
    """Each page by name: how it is asked for."""
    tried = {case: doubled(form_of(client.get(f"/case/{case}").text)) for case in cases}

    def post(path: str, data: object = None) -> httpx.Response:
        return client.post(path, data=data, headers=headers)  # type: ignore[arg-type] # fields with lists of values

    return {
        "worklist": lambda _: client.get("/worklist?status=held"),
        "worklist, page 20": lambda _: post("/worklist", {"page": "20"}),
        "next": lambda case: client.get(f"/next?after={case}"),
        "case": lambda case: client.get(f"/case/{case}"),
        "lease": lambda case: post(f"/case/{case}/lease"),
        "preview of an edit": lambda case: post(f"/case/{case}/preview", tried[case]),
        "claim preview": lambda case: client.get(f"/case/{case}/claim", headers=headers),
        "CMS-1500 image": lambda case: client.get(f"/case/{case}/cms1500/0"),
        "code search": lambda case: post(f"/case/{case}/search", {"text": "knee pain"}),
        "audit": lambda _: client.get("/audit"),
    }


def measure(house: House, ask: Ask, cases: list[str], count: int) -> tuple[float, float, float]:
    """Milliseconds of processor time (mean), and of wall time (median, p95), after one round to warm up."""
    for case in cases:
        ask(case)
    before, walls = house.workbench.cpu()["workbench"], []
    for _, case in zip(range(count), cycle(cases), strict=False):
        began = time.perf_counter()
        answer = ask(case)
        walls.append((time.perf_counter() - began) * 1000)
        if answer.status_code >= 400:
            answer.raise_for_status()
    took = house.workbench.cpu()["workbench"] - before
    return took / count * 1000, median(walls), sorted(walls)[int(count * 0.95)]


def main(arguments: list[str] | None = None) -> int:
    """Measure and tell."""
    from agent.cli.progress import item_progress

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=40)
    parser.add_argument("--rows", type=int, default=1500)
    parser.add_argument("--requests", type=int, default=100)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="superbill-pages-") as folder:
        store = Path(folder) / "store"
        with open_house(store, reviewers=1) as house:
            code_cases(house, options.cases)
            with httpx.Client(base_url=house.workbench.address, timeout=60, trust_env=False) as client:
                headers = sign_in(client)
                cases = drawable(client)
                fill_up(store, options.rows)
                pages = asks(client, headers, cases)
                found = {}
                with item_progress(len(pages), quiet=False, doing="measuring") as step:
                    for name, ask in pages.items():
                        found[name] = measure(house, ask, cases, options.requests)
                        step(name)
    sys.stdout.write(
        f"{options.requests} requests each, {options.rows} rows in the worklist; load average {os.getloadavg()[0]:.1f} on "
        f"{os.cpu_count()} cores\n{'page':<20} {'CPU ms':>8} {'median ms':>10} {'p95 ms':>8}\n"
    )
    for name, (cpu, middle, late) in found.items():
        sys.stdout.write(f"{name:<20} {cpu:>8.1f} {middle:>10.1f} {late:>8.1f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
