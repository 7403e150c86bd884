"""``python -m evals.benchmarks``: every benchmark, one after the other."""

import sys

from evals.benchmarks import checks, end_to_end, ptp, text_reading, x12_speed


def main() -> int:
    """Run them all; the arguments of this command are not theirs."""
    sys.argv = sys.argv[:1]
    for name, run in (
        ("one encounter", end_to_end.main),
        ("reading", text_reading.main),
        ("claims", x12_speed.main),
        ("pair edits", ptp.main),
        ("self-check", checks.main),
    ):
        sys.stdout.write(f"== {name}\n")
        sys.stdout.flush()
        run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
