"""Line rules on the setting: place of service, facility, parts of a test, both sides."""

from collections.abc import Iterator

from knowledge.records import Source
from tools.checks.lines_table import known, row_source
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.checks.tables import EDITION
from tools.checks.tables_services import place_rule


@rule("line.place_unknown", "error", "The place of service is not assigned.", "CMS place-of-service code set")
def place_unknown(request: CheckRequest) -> Iterator[Doubt]:
    """Every line names a place of the CMS list."""
    for line in request.claim.lines:
        if request.bookshelf.places.find(line.place_of_service) is None:
            message = f"Place of service {line.place_of_service!r} is not assigned."
            yield Doubt(message=message, codes=(line.code,), line=line.number)


@rule(
    "line.place_of_service",
    "error",
    "The service does not belong to this place.",
    "Medicare Claims Processing Manual ch. 12 s. 30.6 and ch. 26 s. 10.5",
    overridable=True,
)
def place_of_service(request: CheckRequest) -> Iterator[Doubt]:
    """Office, hospital, emergency, nursing and home visits belong to their places."""
    for line, row in known(request):
        limit = place_rule(row.category, row.family)
        if limit is not None and not limit.allows(line.place_of_service):
            yield Doubt(
                message=f"{line.code} ({row.title}) is not billed from place {line.place_of_service}.",
                codes=(line.code,),
                line=line.number,
                source=Source(table="checks/place_rules", edition=EDITION, row=limit.selector),
                hint=limit.why,
            )


@rule(
    "line.place_mismatch",
    "error",
    "The place differs from the encounter's.",
    "architecture law 2",
    overridable=True,
)
def place_mismatch(request: CheckRequest) -> Iterator[Doubt]:
    """Lines are billed from where the encounter was."""
    place = request.facts.place_of_service if request.facts else None
    for line in request.claim.lines if place else ():
        if line.place_of_service != place and request.category(line) not in {"care_management", "supply"}:
            message = (
                f"{line.code} is billed from place {line.place_of_service}; the encounter was at {place}."
            )
            yield Doubt(message=message, codes=(line.code,), line=line.number)


@rule(
    "line.setting_not_paid",
    "warning",
    "Medicare has no value for the code in this setting.",
    "physician fee schedule NA indicators",
    overridable=True,
)
def setting_not_paid(request: CheckRequest) -> Iterator[Doubt]:
    """The NA indicators say that a service is rarely or never done in a setting."""
    for line, row in known(request):
        facility = request.bookshelf.places.facility(line.place_of_service)
        if (
            request.medicare
            and (row.facility_na if facility else row.nonfacility_na)
            and "26" not in line.modifiers
        ):
            where = "a facility" if facility else "an office"
            yield Doubt(
                message=f"{line.code} has no Medicare value in {where}.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
            )


@rule(
    "line.professional_component",
    "error",
    "A whole test is billed from a facility that owns the equipment.",
    "physician fee schedule PC/TC indicator 1; Claims Processing Manual ch. 13 s. 20",
)
def professional_component(request: CheckRequest) -> Iterator[Doubt]:
    """In a facility the practice bills the reading (26) only, never the technical part."""
    for line, row in known(request):
        if not request.bookshelf.places.facility(line.place_of_service) or line.place_of_service == "02":
            continue
        technical = row.pctc == "3" or "TC" in line.modifiers
        if technical or (row.pctc == "1" and "26" not in line.modifiers):
            yield Doubt(
                message=f"{line.code} in a facility: the practice bills the professional part (26) only.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
            )


@rule(
    "line.both_sides_included",
    "error",
    "Two units or 50 on a code that already means both sides.",
    "physician fee schedule bilateral indicator 2",
)
def both_sides_included(request: CheckRequest) -> Iterator[Doubt]:
    """Indicator 2: the values are already for both sides."""
    for line, row in known(request):
        if row.bilateral == "2" and row.side == "paired" and ("50" in line.modifiers or line.units > 1):
            yield Doubt(
                message=f"{line.code} already means both sides (bilateral indicator 2): one unit, no 50.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
            )


@rule(
    "line.bilateral_form",
    "warning",
    "Both sides are billed in a form this payer does not want.",
    "payer packs; Claims Processing Manual ch. 12 s. 40.7",
)
def bilateral_form(request: CheckRequest) -> Iterator[Doubt]:
    """One line with 50, or two lines with RT and LT, as the payer wants it."""
    for line, row in known(request):
        if row.bilateral != "1":
            continue
        twins = [x for x in request.claim.lines if x.code == line.code and {"RT", "LT"} & set(x.modifiers)]
        two = len(twins) == 2 and {"RT", "LT"} <= {m for x in twins for m in x.modifiers} and twins[0] is line
        wrong = two if request.pack.bilateral == "one_line_50" else "50" in line.modifiers
        if wrong:
            wanted = "one line with 50" if two else "two lines with RT and LT"
            yield Doubt(
                message=f"{line.code}: {request.pack.name} wants {wanted}.",
                codes=(line.code,),
                line=line.number,
                source=request.pack_source,
            )
