"""Line rules on wellness, transitional and chronic care programmes."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from tools.checks.lines_history import past_services
from tools.checks.lines_table import known, row_source
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.encounter import HistoryItem
from tools.transition import contact_in, discharge_in, is_timely


@rule(
    "line.first_wellness",
    "warning",
    "A later wellness visit although the record shows no first one.",
    "42 CFR 410.15; Claims Processing Manual ch. 18 s. 140",
    overridable=True,
)
def first_wellness(request: CheckRequest) -> Iterator[Doubt]:
    """G0439 follows G0438."""
    if request.facts is None or not any(x.kind in {"claim", "procedure"} for x in request.facts.history):
        return
    had = {item.code for item, _ in past_services(request)}
    for line in request.claim.lines:
        if line.code == "G0439" and not had & {"G0438", "G0439"}:
            yield Doubt(
                message="G0439 is for later wellness visits; the record shows no first one.",
                codes=("G0439",),
                line=line.number,
            )


@rule(
    "line.welcome_visit",
    "warning",
    "A welcome visit long after Medicare began.",
    "42 CFR 410.16: within 12 months of Part B",
    overridable=True,
)
def welcome_visit(request: CheckRequest) -> Iterator[Doubt]:
    """G0402 is paid within the first twelve months of Part B, at 65 for most."""
    for line in request.claim.lines:
        if line.code in {"G0402", "G0403", "G0404", "G0405"} and request.age is not None and request.age > 66:
            yield Doubt(
                message=f"{line.code} is for the first 12 months of Part B; the patient is {request.age}.",
                codes=(line.code,),
                line=line.number,
            )


_CONTACT = re.compile(
    r"(?:call|contact|spoke|phone|reach)\w*[^.]{0,80}(?:2|two|1|one|same|next) (?:business )?days?|(?:2|two)[- ]business[- ]day"
)
_RECONCILED = re.compile(r"(?:medication|med|meds)s?[^.]{0,40}reconcil|reconcil\w*[^.]{0,40}med")


@rule(
    "line.tcm",
    "error",
    "Transitional care without one of its parts.",
    "CPT transitional care management; MLN booklet on transitional care",
    overridable=True,
)
def tcm(request: CheckRequest) -> Iterator[Doubt]:
    """Discharge, contact within two business days, medicines reconciled, and a visit in 7 or 14 days."""
    for line in request.claim.lines:
        if line.code not in {"99495", "99496"}:
            continue
        missing = list(_tcm_gaps(request, 7 if line.code == "99496" else 14))
        if missing:
            yield Doubt(
                message=f"{line.code} lacks: {'; '.join(missing)}.",
                codes=(line.code,),
                line=line.number,
                hint="Bill the visit by its own level when a part is missing.",
            )


def _tcm_gaps(request: CheckRequest, days: int) -> Iterator[str]:
    text = request.reading.text
    ends = [
        x.effective_end or x.effective
        for x in (request.facts.history if request.facts else ())
        if _inpatient(x)
    ]
    recent = [d for d in ends if d is not None and timedelta(0) <= request.on - d <= timedelta(days=30)]
    if recent and request.on - max(recent) > timedelta(days=days):
        yield f"a visit within {days} days of discharge"
    if not recent and "discharge" not in text:
        yield "a discharge"
    if not _CONTACT.search(text) and not _dated_contact(text, request.on):
        yield "contact within two business days of discharge"
    if not _RECONCILED.search(text):
        yield "medication reconciliation"


def _dated_contact(text: str, on: date) -> bool:
    """Contact told by its date, within two business days of a discharge told by its own."""
    sentences = re.split(r"[.;]\s|\n", text)
    discharged = max((d for s in sentences if (d := discharge_in(s, on)) is not None), default=None)
    contacts = (d for s in sentences if (d := contact_in(s, on)) is not None)
    return discharged is not None and any(is_timely(discharged, d) for d in contacts)


def _inpatient(item: HistoryItem) -> bool:
    return item.kind == "encounter" and (
        item.category in {"IMP", "ACUTE", "NONAC", "OBSENC"} or "inpatient" in item.display.lower()
    )


@rule(
    "line.ccm",
    "error",
    "Care management without one of its parts.",
    "CPT care management services; MLN booklet on chronic care management",
    overridable=True,
)
def ccm(request: CheckRequest) -> Iterator[Doubt]:
    """Two chronic conditions (one for principal care), consent, and a care plan."""
    for line, row in known(request):
        if row.family != "ccm" or row.add_on:
            continue
        text = request.reading.text
        two = line.code not in {"99424", "99426"}
        gaps = ["two chronic conditions"] if two and len({c[:3] for c in request.codes}) < 2 else []
        gaps += ["the patient's consent"] if request.documents and "consent" not in text else []
        gaps += (
            ["a care plan"]
            if request.documents and "care plan" not in text and "plan of care" not in text
            else []
        )
        if gaps:
            yield Doubt(
                message=f"{line.code} lacks: {'; '.join(gaps)}.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
            )
