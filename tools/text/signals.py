"""Signal phrases: words that say how bad, how old, ordered or done, started or stopped."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from tools.text.tables import one_of, rows
from tools.text.trie import Trie

_ATTRIBUTES = frozenset(
    {
        "severity",
        "acuity",
        "trend",
        "action",
        "drugless",
        "event",
        "unneeded",
        "here",
        "elsewhere",
        "result",
        "use",
        "cause",
        "spent",
        "purpose",
    }
)


@dataclass(slots=True, frozen=True)
class Signal:
    """Tokens ``start``..``end`` say that ``attribute`` has this value."""

    start: int
    end: int
    attribute: str
    value: str


@cache
def _signals() -> Trie[tuple[tuple[str, str], ...]]:
    gathered: dict[str, tuple[tuple[str, str], ...]] = {}
    for line, row in rows("signals.csv", ("phrase", "attribute", "value")):
        pair = (one_of(row["attribute"], _ATTRIBUTES, "signals.csv", line), row["value"])
        gathered[row["phrase"]] = (*gathered.get(row["phrase"], ()), pair)
    trie: Trie[tuple[tuple[str, str], ...]] = Trie()
    for phrase, pairs in gathered.items():
        known = trie.get(phrase) or ()
        trie.add(phrase, known + tuple(p for p in pairs if p[0] not in {k[0] for k in known}))
    return trie


def find_signals(norms: Sequence[str], start: int, stop: int) -> list[Signal]:
    """Return the signals among tokens ``start``..``stop``, longest phrases first come."""
    return [
        Signal(low, high, attribute, value)
        for low, high, pairs in _signals().scan(norms, start, stop)
        for attribute, value in pairs
    ]


def of(signals: Iterable[Signal], attribute: str) -> list[Signal]:
    """Return the signals of one attribute."""
    return [signal for signal in signals if signal.attribute == attribute]


def barriers(norms: Sequence[str], low: int, high: int) -> int:
    """Count what lies between two places: a semicolon or full stop parts them, a comma or "and" a little."""
    count = 0
    for word in norms[low:high]:
        if word in {";", "but", "however", "•"}:
            count += 40
        elif word == ",":
            count += 4
        elif word in {"which", "who", "because", "then"}:
            count += 8
    return count


def nearest(
    signals: list[Signal], norms: Sequence[str], first: int, last: int, *, reach: int = 30, after: int = 2
) -> Signal | None:
    """Return the signal closest to the tokens; one that follows counts ``after`` times farther."""
    best: Signal | None = None
    best_cost = reach
    for signal in signals:
        if signal.end <= first:
            cost = first - signal.end + barriers(norms, signal.end, first) // 2
        elif signal.start >= last:
            cost = (signal.start - last) * after + barriers(norms, last, signal.start)
        else:
            cost = 0
        if cost < best_cost:
            best, best_cost = signal, cost
    return best
