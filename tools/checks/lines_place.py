"""Line rules on the setting: place of service, facility, parts of a test, both sides, telehealth."""

import re
from collections.abc import Iterator

from knowledge.records import Source
from tools.checks.claim_dates import pack_source
from tools.checks.lines_table import known, row_source
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.checks.tables import EDITION, place_rule

_VIDEO = re.compile(
    r"\b(?:video|audio[- ]?video|audio[- ]?visual|doxy|zoom|telehealth|telemedicine|virtual visit)\b"
)
_AUDIO = re.compile(
    r"\b(?:telephone visit|by telephone|by phone|over the phone|phone visit|audio[- ]only|telephone encounter)\b"
)
_HANDS = frozenset(
    [
        "imaging",
        "injection",
        "vaccine",
        "vaccine_admin",
        "drug",
        "skin",
        "joint",
        "wound",
        "ear",
        "nose",
        "ortho",
        "gi",
        "urology",
        "lab",
        "specimen",
        "supply",
        "womens",
        "vascular",
        "vascular_access",
        "immune_globulin",
        "pathology",
        "eye",
        "allergy",
    ]
)


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
                source=pack_source(request),
            )


@rule(
    "line.telehealth_place",
    "error",
    "A telehealth modifier without a telehealth place.",
    "CMS place-of-service 02 and 10; CPT appendix A 93 and 95",
    overridable=True,
)
def telehealth_place(request: CheckRequest) -> Iterator[Doubt]:
    """95 and 93 belong to places 02 and 10."""
    for line in request.claim.lines:
        marks = {"93", "95", "GT"} & set(line.modifiers)
        if marks and not _telehealth(request, line.place_of_service):
            message = f"{line.code} carries {min(marks)} but is billed from place {line.place_of_service}."
            yield Doubt(
                message=message, codes=(line.code,), line=line.number, hint="Place 10 (at home) or 02."
            )


@rule(
    "line.telehealth_modifier",
    "error",
    "The telehealth modifier the payer wants is missing.",
    "payer packs, telehealth section",
    overridable=True,
)
def telehealth_modifier(request: CheckRequest) -> Iterator[Doubt]:
    """A telehealth service carries the modifier of the payer pack."""
    wanted = {request.pack.telehealth.video_modifier, request.pack.telehealth.audio_modifier} - {""}
    for line, row in known(request):
        bears = row.category not in _HANDS and row.category not in {
            "telehealth",
            "virtual",
            "em_addon",
            "care_management",
        }
        if (
            _telehealth(request, line.place_of_service)
            and bears
            and wanted
            and not {*wanted, "GT"} & set(line.modifiers)
        ):
            yield Doubt(
                message=f"{line.code} by telehealth: {request.pack.name} wants modifier {' or '.join(sorted(wanted))}.",
                codes=(line.code,),
                line=line.number,
                source=pack_source(request),
            )


@rule(
    "line.telehealth_not_possible",
    "error",
    "A hands-on service is billed as telehealth.",
    "42 CFR 410.78; CMS list of telehealth services",
)
def telehealth_not_possible(request: CheckRequest) -> Iterator[Doubt]:
    """Injections, images, laboratory tests and procedures need the patient in the room."""
    for line, row in known(request):
        tracing = row.category == "cardiac" and row.family == "ecg"
        if _telehealth(request, line.place_of_service) and (row.category in _HANDS or tracing):
            yield Doubt(
                message=f"{line.code} ({row.title}) can not be given by telehealth.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
            )


@rule(
    "line.telehealth_code",
    "error",
    "The payer does not take these telehealth codes.",
    "payer packs; physician fee schedule status I of 98000 to 98015",
)
def telehealth_code(request: CheckRequest) -> Iterator[Doubt]:
    """Where 98000 to 98015 are not taken, the office visit codes are billed with the modifier."""
    for line, row in known(request):
        if row.category == "telehealth" and not request.pack.telehealth.accepts_98000:
            yield Doubt(
                message=f"{request.pack.name} does not take {line.code}; it wants the office visit code.",
                codes=(line.code,),
                line=line.number,
                source=pack_source(request),
            )


@rule(
    "line.telehealth_documented",
    "error",
    "Note and claim disagree on telehealth.",
    "42 CFR 410.78; payer packs",
    overridable=True,
)
def telehealth_documented(request: CheckRequest) -> Iterator[Doubt]:
    """Sound only is 93, video is 95, and a visit in the room is neither."""
    if not request.documents:
        return
    video, audio = _VIDEO.search(request.reading.text), _AUDIO.search(request.reading.text)
    for line, row in known(request):
        if not row.is_em:
            continue
        remote = _telehealth(request, line.place_of_service)
        if remote and not video and not audio:
            yield Doubt(
                message="The note does not say that the visit was by telehealth.",
                codes=(line.code,),
                line=line.number,
            )
        elif audio and not video and "95" in line.modifiers:
            yield Doubt(
                message=f"{line.code} carries 95 (video); the note says sound only.",
                codes=(line.code,),
                line=line.number,
            )
        elif video and not audio and "93" in line.modifiers:
            yield Doubt(
                message=f"{line.code} carries 93 (sound only); the note says video.",
                codes=(line.code,),
                line=line.number,
            )


def _telehealth(request: CheckRequest, place: str) -> bool:
    found = request.bookshelf.places.find(place)
    return found is not None and found.telehealth
