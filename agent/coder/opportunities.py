"""Services that may be billable with more documentation: shown with what is there and what is missing, never billed (law 6)."""

import re
from collections.abc import Iterable
from datetime import date

from agent.coder.case import Case
from agent.coder.conversation import Json
from agent.coder.partly import partial
from agent.coder.spoken import sentences
from tools.transition import contact_in

STAY = re.compile(r"discharge|inpatient|hospital(?:i[sz]ation| stay)|left [^.]{0,40}hospital", re.I)
DAYS = re.compile(r"(\w+) days? (?:after|ago)", re.I)
NUMBERS = {
    w: n
    for n, w in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
        ]
    )
}
CONTACT = re.compile(
    r"(?:called|telephoned|phoned|contacted|reached|spoke (?:to|with))[^.]{0,60}(?:business day|within|after (?:the )?discharge)",
    re.I,
)
NO_CONTACT = re.compile(r"\bno (?:one|call|contact|record)\b|\bnot (?:called|contacted|reached)\b", re.I)
RECONCILED = re.compile(r"reconcil|compared with|list was corrected", re.I)
PLANNING = re.compile(r"advance (?:care planning|directive)|living will|goals of care", re.I)
SPOKE = re.compile(r"discussed|talked|conversation|counsel", re.I)
TOBACCO = re.compile(
    r"(?:counsel|advis|discuss|encourag)\w*[^.]{0,60}(?:smok|tobacco|quit)|smoking cessation[^.]{0,40}(?:discuss|counsel)",
    re.I,
)


def opportunities(case: Case, codes: Iterable[str], em_level: str | None, chronic: int = 0) -> list[Json]:
    """Every opportunity that the record documents in part; ``chronic`` is how many chronic conditions are coded."""
    billed = set(codes)
    text = " ".join(case.texts.values())
    found = (_transition(case, text, billed, em_level), _planning(text, billed), _tobacco(text, billed))
    return [o for o in (*found, *partial(case, billed, chronic)) if o is not None]


def _transition(case: Case, text: str, billed: set[str], em_level: str | None) -> Json | None:
    """Transitional care (CPT 99495-99496): discharge, contact in two business days, visit in 7 or 14 days, decision making."""
    days = _days_since(case, text)
    if days is None or days > 14 or not STAY.search(text) or billed & {"99495", "99496"}:
        return None
    high = days <= 7 and em_level == "high"
    documented = [f"face-to-face visit {days} days after the discharge"]
    missing = []
    if RECONCILED.search(text):
        documented.append("medicines reconciled by the day of the visit")
    else:
        missing.append("medicines reconciled by the day of the visit")
    if em_level in {"moderate", "high"}:
        documented.append(f"{em_level} decision making")
    if CONTACT.search(text) and not NO_CONTACT.search(text):
        documented.append("contact after the discharge")
        missing += [] if _contact_dated(case) else ["the date of that contact"]
    else:
        missing.append("contact within two business days of the discharge")
    return _said("99496" if high else "99495", documented, missing, "CARE.TCM")


def _contact_dated(case: Case) -> bool:
    on = date.fromisoformat(case.encounter["date_of_service"])
    return any(contact_in(text, on) for _, text in sentences(case))


def _days_since(case: Case, text: str) -> int | None:
    service = date.fromisoformat(case.encounter["date_of_service"])
    for item in case.encounter.get("prior_encounters", ()):
        end = item.get("effective_end")
        if end and item.get("category") in {"IMP", "inpatient", "ACUTE"}:
            days = (service - date.fromisoformat(end)).days
            if 0 <= days <= 14:
                return days
    if not STAY.search(text):
        return None
    for found in DAYS.finditer(text):
        around = text[max(0, found.start() - 80) : found.end() + 120]
        word = found[1].lower()
        if STAY.search(around) and (word in NUMBERS or word.isdigit()):
            return NUMBERS.get(word) or int(word)
    return None


def _planning(text: str, billed: set[str]) -> Json | None:
    found = PLANNING.search(text)
    if (
        not found
        or "99497" in billed
        or not SPOKE.search(text[max(0, found.start() - 120) : found.end() + 120])
    ):
        return None
    return _said(
        "99497",
        ["advance care planning was spoken of"],
        ["minutes (16 or more) and who took part"],
        "CARE.ACP",
    )


def _tobacco(text: str, billed: set[str]) -> Json | None:
    if billed & {"99406", "99407"} or not TOBACCO.search(text):
        return None
    return _said(
        "99406", ["advice to quit tobacco"], ["minutes of counselling (more than 3)"], "PREV.tobacco"
    )


def _said(code: str, documented: list[str], missing: list[str], guideline: str) -> Json:
    return {"code": code, "documented": documented, "missing": missing, "guideline": guideline}
