"""Line rules that read the documents: was the service done here, and is that written down?"""

import re
from collections.abc import Iterator

from knowledge.procedures import Procedure
from knowledge.records import FhirEvidence
from tools.checks.lines_table import known, row_source
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.checks.tables_services import regions
from tools.checks.told import Done, done_places
from tools.claim.model import ClaimLine

_SHARED = frozenset({"26", "90"})
"""The equipment was a facility's, the test an outside laboratory's: done elsewhere is what the modifier says."""


@rule(
    "line.not_documented",
    "error",
    "No document says that the service was done.",
    "Program Integrity Manual ch. 3 s. 3.3.2; architecture law 2",
    overridable=True,
)
def not_documented(request: CheckRequest) -> Iterator[Doubt]:
    """Every service billed is recorded as performed, in words the tables know for it."""
    for line, row, state in _states(request):
        if state in {Done.SILENT, Done.REFUSED}:
            how = (
                "the documents say it was not done"
                if state is Done.REFUSED
                else "no document mentions it as done"
            )
            yield Doubt(
                message=f"{line.code} ({row.title}): {how}.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
                hint="Cite where it is documented, or take the line off.",
            )


@rule(
    "line.ordered_not_done",
    "error",
    "The service was ordered or sent out, not done here.",
    "Claims Processing Manual ch. 16 s. 40 and ch. 13; architecture law 2",
    overridable=True,
)
def ordered_not_done(request: CheckRequest) -> Iterator[Doubt]:
    """Who performs bills; an order, a referral or an outside result is no service of the practice (26 and 90 say that others had a part)."""
    for line, row, state in _states(request):
        shared = state is Done.ELSEWHERE and bool(_SHARED & set(line.modifiers))
        if state in {Done.ORDERED, Done.ELSEWHERE} and not shared:
            how = (
                "ordered, planned or referred"
                if state is Done.ORDERED
                else "done elsewhere or at another time"
            )
            yield Doubt(
                message=f"{line.code} ({row.title}) is only documented as {how}.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
                hint="Bill it only when the practice did it that day.",
            )


@rule(
    "line.documentation_not_judged",
    "info",
    "No words are known by which to look for the service.",
    "architecture law 4",
)
def documentation_not_judged(request: CheckRequest) -> Iterator[Doubt]:
    """Where the tables know no words for a service, nothing is said about its documentation."""
    if not request.documents:
        return
    for line in request.claim.lines:
        row = request.procedure(line)
        if row is None:
            yield Doubt(
                message=f"{line.code}: whether it is documented was not judged.",
                codes=(line.code,),
                line=line.number,
            )


def _states(request: CheckRequest) -> Iterator[tuple[ClaimLine, Procedure, Done]]:
    if not request.documents:
        return
    for line, row in known(request):
        if "90" in line.modifiers or row.code not in request.told or _recorded(request, line):
            continue
        yield line, row, request.told[row.code]


def _recorded(request: CheckRequest, line: ClaimLine) -> bool:
    """Whether the line cites an element of the record that says it was done that day."""
    wanted = {e.reference for e in line.evidence if isinstance(e, FhirEvidence)}
    undone = {"not-done", "entered-in-error", "cancelled", "preparation", "stopped"}
    return any(
        item.reference in wanted
        and item.kind in {"procedure", "immunization", "observation", "medication"}
        and item.effective == line.date_from
        and item.status not in undone
        for item in (request.facts.history if request.facts else ())
    )


_VIEWS = re.compile(r"\b(one|two|three|four|five|six|[1-6])(?: or more)?[- ]views?\b")
_COUNT = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}


@rule(
    "line.views",
    "error",
    "The number of views in the note belongs to another code.",
    "CPT radiography codes by number of views",
    overridable=True,
)
def views(request: CheckRequest) -> Iterator[Doubt]:
    """An X-ray code counts views; the note's count is the code's."""
    for line, row in known(request):
        wanted = _VIEWS.findall(row.title.lower().replace(" or three", "").replace(" or two", ""))
        if (
            row.category != "imaging"
            or not row.family.startswith("xray")
            or not wanted
            or not request.documents
        ):
            continue
        region = regions().get(row.region)
        said = {
            _views(word)
            for state, text in done_places(request.bookshelf, request.reading, row)
            if state is Done.DONE and (region is None or region.search(text))
            for word in _VIEWS.findall(text)
        }
        low, high = _span_of_views(row.title.lower())
        if said and not any(low <= count <= high for count in said):
            yield Doubt(
                message=f"{line.code} ({row.title}); the note counts {min(said)} views.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
                hint="Use the code of the family with that number of views.",
            )


def _views(word: str) -> int:
    return _COUNT.get(word) or int(word)


def _span_of_views(title: str) -> tuple[int, int]:
    """The fewest and most views a title of the table allows."""
    counts = [_views(w) for w in re.findall(r"\b(one|two|three|four|five|six|[1-6])\b(?=[^,]*views?)", title)]
    if not counts:
        return 0, 99
    return min(counts), 99 if "or more" in title else max(counts)
