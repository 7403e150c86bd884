"""medspaCy's ConText on the same sentences; run by the interpreter of an environment of its own, never ours.

medspaCy needs numpy below 2 and logs clinical text, so it is no dependency: ``python3 -m venv DIR && DIR/bin/pip
install 'numpy<2' medspacy``. Reads ``{"sentence","concept"}`` a line on stdin, writes ``{"negated","historical"}``
a line on stdout and last the speed: of ConText alone, and of medspaCy's default pipeline on the bare sentence.
Standard library only, beside medspaCy itself.
"""

import json
import sys
import time
from typing import Any


def judge(nlp: Any, sentence: str, concept: str) -> dict[str, bool]:
    """Mark the concept's first place in the sentence as an entity and ask ConText about it."""
    doc = nlp.make_doc(sentence)
    for token in doc:
        token.is_sent_start = token.i == 0
    start = max(sentence.lower().find(concept.lower()), 0)
    end = min(start + len(concept), len(sentence))
    doc.ents = [doc.char_span(start, end, label="CONDITION", alignment_mode="expand")]
    entity = nlp.get_pipe("medspacy_context")(doc).ents[0]
    return {"negated": bool(entity._.is_negated), "historical": bool(entity._.is_historical)}


def main() -> int:
    """Judge every line of stdin."""
    import medspacy

    nlp = medspacy.load()
    rows = [json.loads(line) for line in sys.stdin]
    judge(nlp, "No sign of fever.", "fever")
    begin = time.perf_counter()
    verdicts = [judge(nlp, row["sentence"], row["concept"]) for row in rows]
    seconds = time.perf_counter() - begin
    for verdict in verdicts:
        sys.stdout.write(json.dumps(verdict) + "\n")
    begin = time.perf_counter()
    for row in rows:
        nlp(row["sentence"])
    whole = time.perf_counter() - begin
    speed = {
        "microseconds_per_sentence": round(seconds / len(rows) * 1e6, 1),
        "microseconds_whole_pipeline": round(whole / len(rows) * 1e6, 1),
    }
    sys.stdout.write(json.dumps(speed) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
