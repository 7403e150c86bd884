"""Imaging by number of views: what a title says, what a note says, and the code that fits."""

import re
from collections.abc import Sequence

from agent.coder.conversation import Json

NUMBERS = {"one": 1, "single": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
TITLE = re.compile(r"(one|two|three|four|five|six)(?: or (two|three|four|five|more))? views?")
SAID = re.compile(r"\b(one|single|two|three|four|five|six|\d)[- ]views?\b", re.IGNORECASE)


def views_of(title: str) -> tuple[int, int]:
    """Fewest and most views that a title covers; any number when it does not say."""
    found = TITLE.search(title)
    if not found:
        return 1, 99
    low = NUMBERS[found[1]]
    return (low, low) if not found[2] else (low, NUMBERS.get(found[2], 99))


def views_said(text: str) -> int | None:
    """The number of views a sentence states."""
    found = SAID.search(text)
    if not found:
        return None
    word = found[1].lower()
    return NUMBERS.get(word) or int(word)


def plural(text: str) -> bool:
    """Whether more than one film is spoken of."""
    return bool(re.search(r"x-?rays\b|films\b|radiographs\b|images\b|views\b", text, re.IGNORECASE))


def best_by_views(hits: Sequence[Json], text: str, stated: int | None, many: bool) -> Json:
    """The code for the views stated; unstated, the code with the fewest views that what is said allows.

    A title that counts no views (both knees standing) is another examination: it answers only where none counts them.
    """
    wanted = stated or views_said(text) or (2 if many else 1)
    counted = [h for h in hits if TITLE.search(h["display"])] or hits
    fitting = [h for h in counted if views_of(h["display"])[0] <= wanted <= views_of(h["display"])[1]]
    return min(fitting or counted, key=lambda h: views_of(h["display"]))
