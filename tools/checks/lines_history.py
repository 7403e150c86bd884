"""Line rules on the history: new or established, global periods, how often."""

from collections.abc import Iterator
from datetime import date, timedelta

from knowledge.payers import FrequencyLimit
from knowledge.procedures import Procedure
from tools.checks.lines_table import known, row_source
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.claim.model import ClaimLine
from tools.encounter import HistoryItem

_NEW = frozenset({"preventive_new", "telehealth_video_new", "telehealth_audio_new", "home_new"})
_ESTABLISHED = frozenset(
    {
        "preventive_established",
        "telehealth_video_established",
        "telehealth_audio_established",
        "home_established",
    }
)
_DAYS = {"010": 10, "090": 90}


def _is_new(row: Procedure) -> bool:
    return row.category == "em_new" or row.family in _NEW


def _is_established(row: Procedure) -> bool:
    return (row.category == "em_established" and row.code != "99211") or row.family in _ESTABLISHED


@rule(
    "line.new_patient",
    "error",
    "A new-patient code for a patient the group has seen.",
    "CPT definition of new and established; Claims Processing Manual ch. 12 s. 30.6.7",
    overridable=True,
)
def new_patient(request: CheckRequest) -> Iterator[Doubt]:
    """A professional service by the same group and specialty within three years makes a patient established."""
    seen = _seen(request)
    known_patient = request.facts is not None and request.facts.new_patient is False
    for line, row in known(request):
        if _is_new(row) and (seen is not None or known_patient):
            when = f" on {seen.effective}" if seen else ""
            yield Doubt(
                message=f"{line.code} is for new patients; the group has seen the patient{when}.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
                hint="Use the established-patient code of the same level of work.",
            )


@rule(
    "line.established_patient",
    "error",
    "An established-patient code for a new patient.",
    "CPT definition of new and established",
    overridable=True,
)
def established_patient(request: CheckRequest) -> Iterator[Doubt]:
    """Where the record says that the patient is new, the new-patient code is right."""
    if request.facts is None or request.facts.new_patient is not True:
        return
    for line, row in known(request):
        if _is_established(row):
            yield Doubt(
                message=f"{line.code} is for established patients; the record says the patient is new.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
            )


def _seen(request: CheckRequest) -> HistoryItem | None:
    if request.facts is None:
        return None
    years = request.pack.new_patient_years
    start = request.on - timedelta(days=round(365.25 * years))
    for item in request.facts.history:
        face_to_face = item.kind == "encounter" and item.status not in {
            "cancelled",
            "planned",
            "entered-in-error",
        }
        if (
            face_to_face
            and item.effective is not None
            and start <= item.effective < request.on
            and _same_group(request, item)
        ):
            return item
    return None


def _same_group(request: CheckRequest, item: HistoryItem) -> bool:
    """Whether a past service is known to be by the same group and, where both are known, the same specialty."""
    claim = request.claim
    who, group = claim.rendering_provider, claim.billing_provider
    mine = {x for x in ((who.reference, who.npi) if who else ()) if x}
    if item.performer in mine:
        return True
    same = group is not None and item.organization in {group.reference, group.npi}
    other = bool(item.specialty and who and who.taxonomy and item.specialty != who.taxonomy)
    return same and not other


def past_services(request: CheckRequest) -> Iterator[tuple[HistoryItem, date]]:
    """Yield earlier coded services of the history with their day."""
    for item in request.facts.history if request.facts else ():
        if item.kind in {"procedure", "claim", "immunization"} and item.effective is not None and item.code:
            yield item, item.effective


def in_global(request: CheckRequest) -> Iterator[tuple[HistoryItem, Procedure, date]]:
    """Yield earlier procedures whose global period holds the date of service, with its last day."""
    for item, day in past_services(request):
        row = request.bookshelf.procedures.find(item.code or "", day)
        days = _DAYS.get(row.global_days, 0) if row else 0
        if (
            row is not None
            and days
            and day < request.on <= day + timedelta(days=days)
            and _maybe_same(request, item)
        ):
            yield item, row, day + timedelta(days=days)


def _maybe_same(request: CheckRequest, item: HistoryItem) -> bool:
    return _same_group(request, item) or (item.performer is None and item.organization is None)


@rule(
    "line.global_period",
    "error",
    "A visit inside the global period of an earlier procedure.",
    "Medicare Claims Processing Manual ch. 12 s. 40.1",
    overridable=True,
)
def global_period(request: CheckRequest) -> Iterator[Doubt]:
    """Follow-up in the global period is paid with the procedure; an unrelated visit carries 24."""
    for item, past, ends in in_global(request):
        for line, row in known(request):
            if row.is_em and "24" not in line.modifiers and line.date_from <= ends:
                yield Doubt(
                    message=f"{line.code} lies in the global period of {past.code} of {item.effective} (until {ends}).",
                    codes=(line.code, past.code),
                    line=line.number,
                    source=row_source(past),
                    hint="Use 24 when the visit was for something else; otherwise it is not billed (99024).",
                )


@rule(
    "line.global_procedure",
    "error",
    "A procedure inside the global period of an earlier one.",
    "Medicare Claims Processing Manual ch. 12 s. 40.2",
    overridable=True,
)
def global_procedure(request: CheckRequest) -> Iterator[Doubt]:
    """58 staged, 78 unplanned return, 79 unrelated."""
    for item, past, ends in in_global(request):
        for line, row in known(request):
            if row.surgical and not {"58", "78", "79"} & set(line.modifiers) and line.date_from <= ends:
                yield Doubt(
                    message=f"{line.code} lies in the global period of {past.code} of {item.effective} (until {ends}).",
                    codes=(line.code, past.code),
                    line=line.number,
                    source=row_source(past),
                    hint="58 planned or staged, 78 unplanned return, 79 unrelated.",
                )


@rule(
    "line.frequency_limit",
    "error",
    "The payer has already paid for as many as it takes.",
    "payer packs, frequency limits",
    overridable=True,
)
def frequency_limit(request: CheckRequest) -> Iterator[Doubt]:
    """Wellness visits, screenings and counselling have limits over time, judged by the history."""
    for line in request.claim.lines:
        for limit in request.pack.limits(line.code):
            days = sorted(
                {d for item, d in past_services(request) if item.code in limit.codes and d < line.date_from},
                reverse=True,
            )
            if _used_up(limit, days, line):
                yield Doubt(
                    message=f"{line.code}: {limit.name}, last on {days[0]}; {limit.why}.",
                    codes=(line.code,),
                    line=line.number,
                    source=request.pack_source,
                )
                break


def _used_up(limit: FrequencyLimit, days: list[date], line: ClaimLine) -> bool:
    if len(days) < limit.at_most:
        return False
    opens = limit.earliest_next(days[limit.at_most - 1])
    return opens is None or line.date_from < opens
