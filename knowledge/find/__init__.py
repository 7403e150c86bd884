"""How the code search works: words, index, query, ranking, and the step from a concept to a valid code."""
