"""What a question names: codes, lines, minutes, modifiers, payers, a kind of patient, a place. Found, then tagged in the text."""

import re
from dataclasses import dataclass, replace

from agent.chat.words import wordings
from knowledge.bookshelf import Bookshelf

ICD = re.compile(r"\b[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})\b", re.IGNORECASE)
BARE_ICD = re.compile(r"\b[A-TV-Z]\d[0-9A-Z][0-9A-Z]{0,4}\b", re.IGNORECASE)
PROCEDURE = re.compile(r"\b(?:\d{5}|[A-V]\d{4}|\d{4}[FTU])\b", re.IGNORECASE)
GUIDELINE = re.compile(
    r"\b(?:(?:I{1,3}|IV)\.[A-Z](?:\.\d{1,2})?(?:\.[a-z0-9]{1,2})*|(?:EM|NCCI|CARE|PREV)\.[A-Za-z0-9.]*[A-Za-z0-9])"
)
LINE = re.compile(r"\b(?:service )?lines? (?:number |no\.? ?|#)?(\d{1,2})\b|#(\d{1,2})\b", re.IGNORECASE)
DX = re.compile(r"\b(?:diagnosis|dx|diagnosis code) (?:number |no\.? ?|#)?(\d{1,2})\b", re.IGNORECASE)
MINUTES = re.compile(r"\b(\d{1,3})[ -]?(?:minutes?|mins?)\b", re.IGNORECASE)
FIRST_DX = re.compile(
    r"\b(?:first[- ]listed|primary|principal|main|first) (?:diagnosis|dx)(?: code)?\b", re.IGNORECASE
)
UNITS = re.compile(r"\b(\d{1,4}) units?\b", re.IGNORECASE)
AGE = re.compile(
    r"\b(\d{1,3})[ -]?(?:years?[ -]old|y\.?o\.?|years? of age)\b|\bage[d]? (\d{1,3})\b", re.IGNORECASE
)
QUOTED = re.compile(r"[\"“']([^\"”']{2,200})[\"”'](?=[\s?.,;!]|$)")
NAMED_MODIFIER = re.compile(r"\bmod(?:ifier)?s? -?([A-Z0-9]{2})\b", re.IGNORECASE)
THE_MODIFIER = re.compile(
    r"\b(?:an?|the|that|no|of) -?([A-Z0-9]{2})(?= (?:on|off|from|modifier|mod|here|for|with|legit|right|correct|ok|okay|needed|necessary|appropriate|valid|justified|allowed|really|there|wrong)\b|\s*\?|$)",
    re.IGNORECASE,
)
ASKED_MODIFIER = re.compile(
    r"\b(?:why|why is|what is|what's|whats|explain|what does) (?:an? |the )?-?([A-Z0-9]{2})(?= (?:on|for|here|needed|there|mean)\b|\s*\?|$)",
    re.IGNORECASE,
)
DASHED = re.compile(r"(?<=[\s\dA-Z])-([A-Z0-9]{2})\b")
SPELLED = re.compile(r"\b([A-Z][A-Z0-9])\b")


@dataclass(frozen=True, kw_only=True, slots=True)
class Slots:
    """What was found; ``text`` is the question in lower case with ``<_code>``, ``<_line>`` and the like in its place."""

    text: str = ""
    codes: tuple[str, ...] = ()
    guidelines: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()
    dx: tuple[int, ...] = ()
    minutes: int | None = None
    units: int | None = None
    modifiers: tuple[str, ...] = ()
    payer: str | None = None
    new_patient: bool | None = None
    place: str | None = None
    sex: str | None = None
    age: int | None = None
    quotes: tuple[str, ...] = ()


def find_slots(question: str, shelf: Bookshelf) -> Slots:
    """Everything a question names; what no table knows stays words."""
    slots = Slots(text=" ".join(question.replace("’", "'").split()))
    for step in (
        _quotes,
        _guidelines,
        _icd,
        _procedures,
        _bare_icd,
        _places_of_claim,
        _numbers,
        _modifiers,
    ):
        slots = step(slots, shelf)
    text, found = _worded(slots.text.lower())
    return replace(
        slots,
        text=text,
        payer=found.get("payer"),
        new_patient={"new": True, "established": False}.get(found.get("kind", "")),
        place=found.get("place"),
        sex=found.get("sex"),
    )


def _quotes(slots: Slots, shelf: Bookshelf) -> Slots:
    found = tuple(m[1] for m in QUOTED.finditer(slots.text))
    return replace(slots, quotes=found, text=QUOTED.sub("<_quote>", slots.text))


def _guidelines(slots: Slots, shelf: Bookshelf) -> Slots:
    found = tuple(m[0] for m in GUIDELINE.finditer(slots.text))
    return replace(slots, guidelines=found, text=GUIDELINE.sub("<_guideline>", slots.text))


def _icd(slots: Slots, shelf: Bookshelf) -> Slots:
    codes = tuple(m[0].upper() for m in ICD.finditer(slots.text))
    return replace(slots, codes=slots.codes + codes, text=ICD.sub("<_code>", slots.text))


def _bare_icd(slots: Slots, shelf: Bookshelf) -> Slots:
    """Codes without their dot (R413) and categories (I10), where the table knows them."""
    codes: list[str] = []

    def take(found: re.Match[str]) -> str:
        bare = found[0].upper()
        code = bare if len(bare) == 3 else f"{bare[:3]}.{bare[3:]}"
        if shelf.icd.find(code) is None:
            return found[0]
        codes.append(code)
        return "<_code>"

    text = BARE_ICD.sub(take, slots.text)
    return replace(slots, codes=(*slots.codes, *codes), text=text)


def _procedures(slots: Slots, shelf: Bookshelf) -> Slots:
    """CPT and HCPCS numbers; a letter and four digits that only ICD-10-CM knows is left for it."""
    codes: list[str] = []

    def take(found: re.Match[str]) -> str:
        code = found[0].upper()
        as_icd = f"{code[:3]}.{code[3:]}"
        if code[0].isalpha() and shelf.procedures.find(code) is None and shelf.icd.find(as_icd) is not None:
            return found[0]
        codes.append(code)
        return "<_code>"

    text = PROCEDURE.sub(take, slots.text)
    return replace(slots, codes=(*slots.codes, *codes), text=text)


def _places_of_claim(slots: Slots, shelf: Bookshelf) -> Slots:
    lines = tuple(int(m[1] or m[2]) for m in LINE.finditer(slots.text))
    text = LINE.sub("<_line>", slots.text)
    dx = tuple(int(m[1]) for m in DX.finditer(text))
    first, count = FIRST_DX.subn("<_dx>", DX.sub("<_dx>", text))
    return replace(slots, lines=lines, dx=(*dx, *((1,) if count else ())), text=first)


def _numbers(slots: Slots, shelf: Bookshelf) -> Slots:
    spans = tuple(MINUTES.finditer(slots.text))
    minutes = spans[-1] if spans else None
    units, age = (p.search(slots.text) for p in (UNITS, AGE))
    text = AGE.sub("<_age>", UNITS.sub("<_units>", MINUTES.sub("<_minutes>", slots.text)))
    return replace(
        slots,
        text=text,
        minutes=int(minutes[1]) if minutes else None,
        units=int(units[1]) if units else None,
        age=int(age[1] or age[2]) if age else None,
    )


def _modifiers(slots: Slots, shelf: Bookshelf) -> Slots:
    """Modifiers that are named as such, or spelled in capitals (RT, QW)."""
    found: list[str] = []

    def take(match: re.Match[str]) -> str:
        code = match[1].upper()
        if code not in shelf.modifiers:
            return match[0]
        found.append(code)
        before = "" if match.re is NAMED_MODIFIER else match[0][: match.start(1) - match.start()].rstrip("-")
        return f"{before} <_modifier> "

    text = slots.text
    for pattern in (NAMED_MODIFIER, THE_MODIFIER, ASKED_MODIFIER, DASHED, SPELLED):
        if pattern is not SPELLED or not text.isupper():
            text = pattern.sub(take, text)
    return replace(slots, modifiers=tuple(dict.fromkeys(found)), text=" ".join(text.split()))


def _worded(text: str) -> tuple[str, dict[str, str]]:
    """Payers, kinds of patient, places and sexes by the words people use; what stands after "instead of" is not meant."""
    found: dict[str, str] = {}
    head, cut, tail = _parted(text)
    for row in wordings():
        pattern = rf"\b{row.words}\b"
        tagged, count = re.subn(pattern, f"<_{row.slot}>", head)
        if count and row.slot not in found:
            found[row.slot] = row.value
        head, tail = tagged, re.sub(pattern, f"<_{row.slot}>", tail)
    return " ".join(f"{head}{cut}{tail}".split()), found


def _parted(text: str) -> tuple[str, str, str]:
    for cut in (" instead of ", " rather than "):
        if cut in text:
            return text.partition(cut)
    return text, "", ""
