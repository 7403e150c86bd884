"""Services that whole sentences document as done today: vaccines, counselling by minutes, blood draws, joint injections."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from agent.coder.case import Case, Seen
from agent.coder.conversation import Json
from knowledge.tables import read_csv

VACCINES = Path(__file__).parent / "data" / "vaccines.csv"
MEDICARE = frozenset({"medicare", "medicare_advantage"})
COUNSEL = re.compile(
    r"\b(?:I|we|physician|doctor|MD|provider)\b[^.;]*\b(?:counsell?ed|discussed|counsell?ing)\b[^.;]*\b(?:vaccin\w*|immuni[sz]ation\w*)",
    re.IGNORECASE,
)
NO_COUNSEL = re.compile(r"\b(?:not|no|nurse|handout alone|declin\w*|refus\w*|will|next)\b", re.IGNORECASE)
FIRST_GIVEN = frozenset({"90471", "90473"})
GIVING = {(True, True): "90471", (True, False): "90472", (False, True): "90473", (False, False): "90474"}
"""Giving a vaccine by injection or not, the first of the day or a further one (CPT 90471-90474)."""
GIVEN = re.compile(r"\b(?:given|administered|injected)\b")
NOT_TODAY = re.compile(
    r"\b(?:will be|to be given|due|declin\w*|refus\w*|last (?:year|month|week)|was given (?:on|in)|next)\b"
)
PAST = re.compile(
    r"\b(?:ago|previously|prior|was injected (?:on|in)|has been|had|history|if|may|could|consider\w*|offered|schedul\w*|will)\b"
)
DRAWN = re.compile(
    r"blood (?:was )?drawn|venipuncture (?:was )?(?:done|performed)|blood sample (?:was )?taken"
)
MINUTES = re.compile(r"(\d{1,3})\s*(?:minutes|min)\b")
TOTAL = re.compile(r"total time|in total")
TOBACCO = re.compile(r"smok|tobacco|nicotine|cigarette|vap(?:e|ing)")
INJECTED = re.compile(
    r"\b(?:injection (?:\w+ ){0,4}?(?:of|into|to|in)|injected(?: \w+){0,8}? into|injected) (?:the |both )?(?:(right|left) )?"
    r"(\w+?)s?(?: joint| bursa)?\b|\b(knee|shoulder|hip|elbow|wrist|ankle|(?:finger|thumb|toe)(?= joint))s?(?: joints?)? (?:was |were )?(?:then )?(?:[\w ,]{0,60}?\band )?"
    r"(?:injected|injection (?:was )?(?:performed|given|done))"
)
GAVE = re.compile(
    r"\binjected\b|\binjection (?:\w+ ){0,6}?(?:was |were )?(?:performed|given|done|administered|completed)|"
    r"\b(?:performed|gave|administered|completed) (?:an? |the )?(?:\w+ ){0,4}injection"
)
COMPLETED = re.compile(r"\b(?:was|were)\b|\btolerated\b|\bwithout complication", re.IGNORECASE)
JOINTS = {
    "knee": "20610", "shoulder": "20610", "hip": "20610", "elbow": "20605", "wrist": "20605", "ankle": "20605",
    "finger": "20600", "toe": "20600", "thumb": "20600",
}  # fmt: skip
GUIDED = {"20610": "20611", "20605": "20606", "20600": "20604"}
JOINT_DRUGS = {
    "triamcinolone": "J3301", "kenalog": "J3301", "methylprednisolone acetate": "J1010", "depo-medrol": "J1010",
    "betamethasone": "J0702", "dexamethasone": "J1100",
}  # fmt: skip
DOSE = re.compile(r"(\d+(?:\.\d+)?)\s*mg\b(?!/)")
DOSE_BEFORE = re.compile(r"(\d+(?:\.\d+)?)\s*mg (?:of )?(?:\w+ )?$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """A service as a sentence documents it; ``amount`` is the dose in the drug's own unit."""

    code: str
    seen: Seen
    why: str
    said: str
    minutes: int | None = None
    amount: Decimal | None = None
    count: int = 1

    def units(self, facts: Json) -> int:
        """Units of a drug by its dose, each begun unit counted (HCPCS unit definitions); else how often it was given."""
        unit = facts.get("drug_unit")
        if self.amount is None or not unit:
            return self.count
        return max(1, math.ceil(self.amount / Decimal(unit["amount"])))


@dataclass(frozen=True, kw_only=True, slots=True)
class Vaccine:
    """One row: how a vaccine is named, its product, route and components, and the code of a program for its giving."""

    pattern: str
    code: str
    route: str
    components: str
    program: str


def spoken(case: Case) -> list[Heard]:
    """Every service that a sentence documents, each code once."""
    found: dict[str, Heard] = {}
    for seen, text in sentences(case):
        for heard in (*_draws(seen, text), *_counsels(seen, text), *_injections(seen, text)):
            found.setdefault(heard.code, heard)
    for heard in _vaccines(case):
        found.setdefault(heard.code, heard)
    return list(found.values())


def sentences(case: Case) -> Iterator[tuple[Seen, str]]:
    """Every sentence of the documents as something that can be cited."""
    for document, spans in case.sentences.items():
        sections = case.sections.get(document, [])
        for n, (start, end, section) in enumerate(spans):
            text = case.texts.get(document, "")[start:end]
            where = sections[section] if section < len(sections) else {"name": "", "kind": "other"}
            raw = {
                "text": text, "start": start, "kind": "sentence", "concept": text, "sentence": n,
                "section": where["name"], "section_kind": where["kind"],
            }  # fmt: skip
            if text.strip():
                yield Seen(document=document, index=-1, raw=raw), text


def _draws(seen: Seen, text: str) -> Iterator[Heard]:
    low = text.lower()
    if DRAWN.search(low) and not NOT_TODAY.search(low):
        yield Heard(code="36415", seen=seen, why="blood drawn here and sent out", said=text)


def _counsels(seen: Seen, text: str) -> Iterator[Heard]:
    low = text.lower()
    minutes = _nearest_minutes(low, "counsel")
    if minutes and TOBACCO.search(low) and minutes > 3:
        code = "99407" if minutes > 10 else "99406"
        yield Heard(
            code=code,
            seen=seen,
            why=f"{minutes} minutes of counselling to quit tobacco",
            said=text,
            minutes=minutes,
        )


def _nearest_minutes(low: str, word: str) -> int | None:
    """The minutes that stand nearest to the word; the total of a visit is not of it."""
    place = low.find(word)
    told = [m for m in MINUTES.finditer(low) if not TOTAL.search(low[max(0, m.start() - 25) : m.end() + 12])]
    nearest = min(told, key=lambda m: min(abs(m.start() - place), abs(m.end() - place)), default=None)
    return int(nearest[1]) if nearest and place >= 0 else None


def _injections(seen: Seen, text: str) -> Iterator[Heard]:
    low = text.lower()
    if NOT_TODAY.search(low) or PAST.search(low):
        return
    if not _is_procedure(seen, low) and not GAVE.search(low):
        return
    found = INJECTED.search(low)
    joint = found and (found[2] or found[3])
    if found and joint in JOINTS and _today(seen, low):
        both = "bilateral" if re.search(r"\bboth\b|\bbilateral", low) else None
        side = found[1] or both or next((s for s in ("left", "right") if s in low), None)
        guided = "ultrasound guid" in low
        code = GUIDED[JOINTS[joint]] if guided else JOINTS[joint]
        sided = Seen(document=seen.document, index=-1, raw={**seen.raw, "laterality": side})
        yield Heard(code=code, seen=sided, why=f"{joint} joint injected today", said=text)
    if "injected" in low:
        for name, code in JOINT_DRUGS.items():
            dose = _dose(low, name)
            amount = _strength(low, name) or (Decimal(dose[1]) if dose else None)
            if amount:
                yield Heard(
                    code=code, seen=seen, why=f"{name} {amount} mg injected", said=text, amount=amount
                )
                return


def _today(seen: Seen, low: str) -> bool:
    """An injection in the procedure section, or told as completed where the visit's own work is told."""
    if _is_procedure(seen, low):
        return True
    own = seen.section_kind in {"exam", "plan", "assessment", "assessment_plan"}
    return own and "injected" in low and bool(COMPLETED.search(low))


def _is_procedure(seen: Seen, low: str) -> bool:
    """In the procedure section, or in a line that begins with the word."""
    return seen.section_kind == "procedures" or bool(re.match(r"procedures?(?: note| performed)?\s*:", low))


def _dose(low: str, name: str) -> "re.Match[str] | None":
    """The milligrams beside the name of the drug: "40 mg of Kenalog" or "Kenalog 40 mg"."""
    place = low.find(name)
    if place < 0:
        return None
    return DOSE_BEFORE.search(low[:place]) or DOSE.search(low, place)


def _strength(low: str, name: str) -> Decimal | None:
    """Millilitres of a known strength: "1 mL of 40 mg/mL Kenalog", "2 cc of Kenalog-40"."""
    near = re.escape(name)
    found = re.search(
        rf"(\d+(?:\.\d+)?)\s*(?:ml|cc)s? (?:of )?(?:{near}[ -]?(?P<a>10|40|80)\b|(?P<b>\d+) ?mg/(?:ml|cc) (?:of )?{near}|"
        rf"{near},? (?:\()?(?P<c>\d+) ?mg/(?:ml|cc))",
        low,
    )
    return Decimal(found[1]) * Decimal(found["a"] or found["b"] or found["c"]) if found else None


def _vaccines(case: Case) -> Iterator[Heard]:
    given: list[Heard] = []
    for seen, text in sentences(case):
        low = text.lower()
        if (
            not GIVEN.search(low)
            or NOT_TODAY.search(low)
            or not re.search(r"vaccin|shot|intramuscular|tdap", low)
        ):
            continue
        code = next((row.code for row in _products() if re.search(row.pattern, low)), None)
        if code and code not in [g.code for g in given]:
            given.append(Heard(code=code, seen=seen, why="vaccine given today from stock", said=text))
    yield from given
    yield from _administrations(case, given)


def _administrations(case: Case, given: list[Heard]) -> Iterator[Heard]:
    """The giving of each vaccine: by the payer's program codes, else by component under 19 with counselling, else by vaccine."""
    counts: dict[str, int] = {}
    by: dict[str, Heard] = {}
    counselled = _counselled(case)
    for vaccine in given:
        product = next(row for row in _products() if row.code == vaccine.code)
        for code, number in _giving(case, product, counselled, counts):
            counts[code] = counts.get(code, 0) + number
            by.setdefault(code, vaccine)
    for code, count in counts.items():
        why = "the vaccine was given today"
        yield Heard(code=code, seen=by[code].seen, why=why, said=by[code].said, count=count)


def _giving(
    case: Case, product: "Vaccine", counselled: bool, before: dict[str, int]
) -> Iterator[tuple[str, int]]:
    """CPT 90460-90474; Claims Processing Manual chapter 18, section 10 (program codes, by the payer pack)."""
    if product.program and case.encounter.get("vaccine_admin") == "medicare":
        yield product.program, 1
    elif counselled:
        yield "90460", 1
        if int(product.components) > 1:
            yield "90461", int(product.components) - 1
    else:
        first = not FIRST_GIVEN & before.keys()
        yield GIVING[product.route == "injection", first], 1


def _counselled(case: Case) -> bool:
    """Through 18 years, the one who writes counselled about the vaccine face to face (CPT 90460)."""
    age = case.encounter.get("age")
    return age is not None and age < 19 and any(_tells_counsel(t) for _, t in sentences(case))


def _tells_counsel(text: str) -> bool:
    return bool(COUNSEL.search(text)) and not NO_COUNSEL.search(text)


@cache
def _products() -> tuple[Vaccine, ...]:
    return read_csv(VACCINES, Vaccine)
