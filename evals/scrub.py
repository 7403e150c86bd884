"""``python -m evals.scrub FOLDER``: the self-check over every 837P of a folder, one row a file, as a Markdown table."""

import argparse
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from agent.settings import load_settings
from knowledge.bookshelf import Bookshelf
from knowledge.records import Finding
from tools.checks import CheckPolicy, CheckRequest, run_checks
from tools.claim.load import load_claim
from tools.claim.received import form_faults


@dataclass(frozen=True, kw_only=True, slots=True)
class Scrubbed:
    """What the check found in one file: faults of its form, and the findings over its claims."""

    name: str
    claims: int
    faults: tuple[str, ...]
    findings: tuple[Finding, ...]

    def count(self, level: str) -> int:
        """Findings of a level; a fault of the form is an error."""
        formal = len(self.faults) if level == "error" else 0
        return formal + sum(f.level == level for f in self.findings)

    def rules(self, level: str) -> str:
        """The rules found broken at a level, most frequent first."""
        seen = Counter(f.rule for f in self.findings if f.level == level)
        if level == "error" and self.faults:
            seen["claim.malformed"] = len(self.faults)
        return ", ".join(f"{rule} {n}" if n > 1 else rule for rule, n in seen.most_common())


def scrub(path: Path, shelf: Bookshelf, today: date) -> Scrubbed:
    """Judge every claim of a file as ``superbill claim check`` does."""
    raw = path.read_bytes()
    loaded = load_claim(raw, path.name)
    policy = CheckPolicy.default().model_copy(update={"today": today})
    found = tuple(
        finding
        for claim in loaded.claims
        for finding in run_checks(
            CheckRequest(claim=claim, documents=(), facts=None, bookshelf=shelf, policy=policy)
        )
    )
    faults = tuple(form_faults(raw, loaded))
    return Scrubbed(name=path.name, claims=len(loaded.claims), faults=faults, findings=found)


def table(rows: list[Scrubbed]) -> str:
    """One Markdown row a file."""
    head = "| file | claims | errors | warnings | rules of the errors | rules of the warnings |\n|---|---|---|---|---|---|\n"
    return head + "".join(
        f"| {r.name} | {r.claims} | {r.count('error')} | {r.count('warning')} | {r.rules('error')} | {r.rules('warning')} |\n"
        for r in rows
    )


def main() -> int:
    """Scrub the folder and print the table; ``--detail`` adds every error and warning."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--detail", action="store_true")
    options = parser.parse_args()
    shelf = Bookshelf.open(load_settings().home)
    files = sorted(p for p in options.folder.iterdir() if p.is_file())
    rows = [scrub(path, shelf, date.today()) for path in files]  # noqa: DTZ011 - the local day
    sys.stdout.write(table(rows))
    for row in rows if options.detail else []:
        sys.stdout.write(f"\n{row.name}\n" + "".join(f"  error malformed: {x}\n" for x in row.faults))
        sys.stdout.write(
            "".join(
                f"  {f.level} {f.rule} {f.line or ''}: {f.message}\n"
                for f in row.findings
                if f.level != "info"
            )
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
