"""Datasets: whatever a path holds, as eval cases. Gold is never guessed: what a source does not say stays unscored."""

from pathlib import Path

from evals.case import CaseError, EvalCase, load_cases

CLAIM_FILES = frozenset({".837", ".837p", ".x12", ".edi"})


def load_dataset(path: Path, context: Path | None = None) -> tuple[EvalCase, ...]:
    """Read cases by the form of what is there.

    * JSONL file, or a folder of them: eval cases (CONTRACT).
    * CSV: a row a visit, in the manner of ACI-BENCH (``evals.datasets.table``).
    * A folder of FHIR Bundles with ``gold.jsonl`` or ``expected.toml`` (``evals.datasets.encounters``).
    * A folder of 837P files, each beside its note (``evals.datasets.claims``): what was billed is the gold.

    Args:
        path: the file or folder.
        context: JSON of context keys for cases that do not say them themselves.

    Raises:
        CaseError: nothing there that is understood, or something in it is wrong; the message says where.
    """
    from evals.datasets.claims import load_claims
    from evals.datasets.encounters import load_bundles
    from evals.datasets.table import load_table

    if path.suffix.lower() == ".csv":
        return load_table(path, context)
    if path.is_dir() and not list(path.glob("*.jsonl")) and _claims(path):
        return load_claims(path)
    if path.is_dir() and list(path.glob("*.json")):
        return load_bundles(path)
    return load_cases(path)


def _claims(path: Path) -> bool:
    return any(p.suffix.lower() in CLAIM_FILES for p in path.iterdir())


__all__ = ["CLAIM_FILES", "CaseError", "EvalCase", "load_dataset"]
