"""Link rules on form: every line points to one to four diagnoses that are on the claim, and each is used."""

from collections.abc import Iterator

from knowledge.vocabulary import in_range
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule

_NEED_NO_POINTER = (
    "Z79",
    "Z68",
    "Z72",
    "Z77-Z99",
    "B95-B97",
    "Z3A",
    "Z16",
    "Z66-Z67",
    "Z55-Z65",
    "V00-Y99",
    "Z28",
    "Z53",
    "Z20",
    "Z71",
)


@rule("link.none", "error", "A line points to no diagnosis.", "837P SV107; CMS-1500 item 24E")
def none(request: CheckRequest) -> Iterator[Doubt]:
    """Each line has at least one pointer."""
    for line in request.claim.lines:
        if not line.pointers:
            yield Doubt(message=f"{line.code} points to no diagnosis.", codes=(line.code,), line=line.number)


@rule("link.too_many", "error", "A line points to more than four diagnoses.", "837P SV107: four pointers")
def too_many(request: CheckRequest) -> Iterator[Doubt]:
    """A line holds four pointers."""
    for line in request.claim.lines:
        if len(line.pointers) > 4:
            yield Doubt(
                message=f"{line.code} has {len(line.pointers)} pointers; a line holds 4.",
                codes=(line.code,),
                line=line.number,
            )


@rule("link.unresolved", "error", "A pointer leads to no diagnosis.", "clearinghouse edit on SV107")
def unresolved(request: CheckRequest) -> Iterator[Doubt]:
    """Every pointer is the sequence of a diagnosis on the claim."""
    for line in request.claim.lines:
        for pointer in line.pointers:
            if pointer not in request.by_sequence:
                yield Doubt(
                    message=f"{line.code} points to diagnosis {pointer}, which is not on the claim.",
                    codes=(line.code,),
                    line=line.number,
                )


@rule("link.duplicate", "error", "A line points to a diagnosis twice.", "837P SV107")
def duplicate(request: CheckRequest) -> Iterator[Doubt]:
    """Pointers of a line differ."""
    for line in request.claim.lines:
        if len(set(line.pointers)) < len(line.pointers):
            yield Doubt(
                message=f"{line.code} points to the same diagnosis twice.",
                codes=(line.code,),
                line=line.number,
            )


@rule(
    "link.unused_diagnosis",
    "warning",
    "A diagnosis no line points to.",
    "guideline IV.J; payer edits",
    overridable=True,
)
def unused(request: CheckRequest) -> Iterator[Doubt]:
    """A treated condition explains a service; status, history and cause codes need not."""
    used = {p for line in request.claim.lines for p in line.pointers}
    crowded = any(len(line.pointers) >= 4 for line in request.claim.lines)
    for diagnosis in request.claim.diagnoses:
        free = any(in_range(diagnosis.code, span) for span in _NEED_NO_POINTER)
        if diagnosis.sequence not in used and not free and not crowded:
            yield Doubt(
                message=f"No line points to {diagnosis.code}.",
                codes=(diagnosis.code,),
                hint="Point the service it explains to it.",
            )


@rule("link.external_cause", "error", "A line points first to an external cause.", "guideline I.C.20.a.6")
def external_cause(request: CheckRequest) -> Iterator[Doubt]:
    """How it happened never justifies a service by itself; a code the edition does not know is no cause but an error of its own."""
    for line in request.claim.lines:
        pointed = request.pointed(line)
        if pointed and pointed[0].code[:1] in "VWXY" and request.icd.get(pointed[0].code) is not None:
            yield Doubt(
                message=f"{line.code} points first to the external cause {pointed[0].code}.",
                codes=(line.code, pointed[0].code),
                line=line.number,
            )


@rule(
    "link.first_listed",
    "warning",
    "No visit points to the first-listed diagnosis.",
    "guideline IV.G",
    overridable=True,
)
def first_listed(request: CheckRequest) -> Iterator[Doubt]:
    """The first-listed diagnosis is what the encounter was chiefly for, so some line points to it."""
    if request.claim.diagnoses and not any(1 in line.pointers for line in request.claim.lines):
        first = request.claim.diagnoses[0].code
        yield Doubt(message=f"No line points to the first-listed diagnosis {first}.", codes=(first,))
