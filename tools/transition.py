"""What sentences say of a transition from a hospital to home: the discharge, the contact after it, the medicines reconciled.

CPT transitional care management and the CMS booklet on it: discharge to the community from an inpatient, observation or skilled
nursing stay, interactive contact within two business days, medicines reconciled no later than the visit.
"""

import re
from datetime import date, timedelta

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
DATE = re.compile(
    r"\b(?:(?P<iso>\d{4}-\d{2}-\d{2})|(?P<m>\d{1,2})/(?P<d>\d{1,2})(?:/(?P<y>\d{4}|\d{2}))?|"
    rf"(?P<name>{'|'.join(MONTHS)}|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.?) (?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b"
    r"(?:,? (?P<year>\d{4}))?)",
    re.IGNORECASE,
)
LEFT = re.compile(
    r"\bdischarged?\b|\breleased\b|\bwent home\b|\bleft (?:the )?\w* ?hospital\b", re.IGNORECASE
)
FACILITY = re.compile(
    r"\bhospital\b|\bmedical center\b|\binpatient\b|\bobservation\b|\bskilled nursing\b|\brehabilitation\b",
    re.IGNORECASE,
)
EMERGENCY = re.compile(r"\bemergency\b|\bed\b|\ber\b", re.IGNORECASE)
ADMITTED = re.compile(r"\badmi(?:tted|ssion)\b|\binpatient\b|\bobservation\b", re.IGNORECASE)
INTO_CARE = re.compile(
    r"\bto (?:an? |the )?(?:\w+ ){0,2}?(?:skilled|snf\b|nursing (?:home|facility)|rehab|hospice)",
    re.IGNORECASE,
)
REACHED = re.compile(
    r"\b(?:called|telephoned|phoned|reached|contacted|spoke (?:to|with)) (?:with )?(?:the |his |her |their )?"
    r"(?:patient|her|him|them|mrs?|ms|wife|husband|spouse|daughter|son|mother|father|parents?|caregiver)\b",
    re.IGNORECASE,
)
NOT_REACHED = re.compile(
    r"\b(?:no one|nobody|not|never|unable|unsuccessful\w*|tried|attempt\w*|voice ?mail|message|will|the hospital|pharmac\w+)\b",
    re.IGNORECASE,
)
RECONCILED = re.compile(
    r"\bmed(?:ication|icine)?s?\b[^.]{0,40}\breconcil|\breconcil\w*[^.]{0,40}\bmed", re.IGNORECASE
)
NOT_RECONCILED = re.compile(r"\b(?:not|never|will|to be|should|needs?|pending|could)\b", re.IGNORECASE)
CONTACT_DAYS = 2
SATURDAY = 5


def discharge_in(sentence: str, on: date) -> date | None:
    """The day of a discharge home from a stay in a facility, when the sentence names both; an emergency visit is no stay."""
    left = LEFT.search(sentence)
    if not left or not FACILITY.search(sentence) or INTO_CARE.search(sentence[left.start() :]):
        return None
    if EMERGENCY.search(sentence) and not ADMITTED.search(sentence):
        return None
    return date_after(sentence, left.start(), on)


def contact_in(sentence: str, on: date) -> date | None:
    """The day on which the practice reached the patient or the caregiver; a message left or an attempt is no contact."""
    reached = REACHED.search(sentence)
    return date_after(sentence, reached.start(), on) if reached and not NOT_REACHED.search(sentence) else None


def reconciles(sentence: str) -> bool:
    """Whether the sentence tells that the medicines were reconciled; what is still to be done is not done."""
    return bool(RECONCILED.search(sentence) and not NOT_RECONCILED.search(sentence))


def is_timely(discharged: date, contacted: date) -> bool:
    """Whether a contact came within two business days of the discharge, Saturdays and Sundays not counted."""
    after = (discharged + timedelta(days=n) for n in range(1, (contacted - discharged).days + 1))
    return contacted >= discharged and sum(d.weekday() < SATURDAY for d in after) <= CONTACT_DAYS


def date_after(sentence: str, start: int, on: date) -> date | None:
    """The first date behind a place of the sentence, else the last one before it; none after the day of service."""
    found = [
        (m.start(), day) for m in DATE.finditer(sentence) if (day := _date(m, on)) is not None and day <= on
    ]
    behind = [day for place, day in found if place >= start]
    return behind[0] if behind else (found[-1][1] if found else None)


def _date(found: "re.Match[str]", on: date) -> date | None:
    """A date as written; without a year the latest such day up to the day of service."""
    try:
        if found["iso"]:
            return date.fromisoformat(found["iso"])
        month = int(found["m"] or 0) or 1 + next(
            n for n, name in enumerate(MONTHS) if name.startswith(found["name"].lower().strip(".")[:3])
        )
        day, year = int(found["d"] or found["day"]), found["y"] or found["year"]
        if year:
            return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
        same = date(on.year, month, day)
        return same if same <= on else date(on.year - 1, month, day)
    except ValueError:
        return None
