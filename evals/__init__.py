"""Layer 3: cases, solvers, scorers, metrics, runner and report."""
