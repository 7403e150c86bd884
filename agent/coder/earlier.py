"""What the history holds of earlier operations and of the same day: global periods still running, codes already billed today.

Global periods: Medicare Claims Processing Manual chapter 12, section 40.1 (10 or 90 days after the day of the operation).
"""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import date, timedelta

from agent.coder.case import Case
from agent.coder.conversation import Answer, Ask, Json

Stage = Generator[tuple[Ask, ...], tuple[Answer, ...], "Earlier"]
DAYS = {"010": 10, "090": 90}
DONE = frozenset({"procedure", "claim", "immunization"})
LONGEST = 90
MOST = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Earlier:
    """Operations whose global period holds the day of service (code and last day), and the codes done before on this very day."""

    running: tuple[tuple[str, date], ...] = ()
    today: frozenset[str] = frozenset()


def look_back(case: Case) -> Stage:
    """Read the history; the tables tell the global period of each code in it."""
    on = _day(case.encounter.get("date_of_service"))
    dated = [(i, day) for i in case.history if (day := _day(i.get("effective"))) and i.get("code")]
    done = [(i, day) for i, day in dated if i.get("kind") in DONE]
    if on is None or not done:
        return Earlier()
    past = [(i, day) for i, day in done if on - timedelta(days=LONGEST) <= day < on and _ours(case, i)]
    today = frozenset(str(i["code"]) for i, day in done if day == on)
    codes = list(dict.fromkeys(str(i["code"]) for i, _ in past))[:MOST]
    if not codes:
        return Earlier(today=today)
    (looked,) = yield (Ask(tool="look_up_codes", args={"codes": codes, "system": "cpt"}),)
    days = {c["code"]: DAYS.get(c.get("global_days", ""), 0) for c in looked.data.get("codes", ())}
    ends = [(str(i["code"]), day + timedelta(days=days.get(i["code"], 0))) for i, day in past]
    return Earlier(running=tuple((code, end) for code, end in ends if on <= end), today=today)


def _ours(case: Case, item: Json) -> bool:
    """Whether the operation was this practice's: it names one of its people, or nobody at all."""
    named = {x for x in (item.get("performer"), item.get("organization")) if x}
    return not named or bool(named & set(case.encounter.get("own_references") or ()))


def _day(told: object) -> date | None:
    return date.fromisoformat(str(told)[:10]) if told else None
