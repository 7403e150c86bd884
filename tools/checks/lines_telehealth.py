"""Line rules on telehealth: place, modifier, what can be given, what the note says."""

from collections.abc import Iterator

from tools.checks.lines_table import known, row_source
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.telehealth import by_sound, is_remote, is_sound_only

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
    """A telehealth service carries the modifier of the payer pack; where the place alone tells of video, none is wanted for it."""
    rules = request.pack.telehealth
    wanted = rules.audio_modifier if is_sound_only(request.reading.text) else rules.video_modifier
    known_marks = {rules.video_modifier, rules.audio_modifier, "GT"} - {""}
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
            and not known_marks & set(line.modifiers)
        ):
            yield Doubt(
                message=f"{line.code} by telehealth: {request.pack.name} wants modifier {wanted}.",
                codes=(line.code,),
                line=line.number,
                source=request.pack_source,
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
                source=request.pack_source,
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
    video, audio = is_remote(request.reading.text), by_sound(request.reading.text)
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
