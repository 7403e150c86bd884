"""Effects of drugs that an assessment names: adverse effect, poisoning, underdosing with its reason.

Guidelines I.C.19.e.5.a (the nature of the effect first, then the drug), I.C.19.e.5.b (the poisoning first, then what it does) and
I.C.19.e.5.c (underdosing beside the condition it worsens, never first, with the reason where it is told).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agent.coder.case import Case, Seen
from agent.coder.spoken import sentences
from knowledge.tables import read_csv

UNDERDOSED = re.compile(
    r"\bunder-?dos\w*|\b(?:skip\w*|ration\w*|ran out of|(?:has |is )?not (?:been )?taking|(?:non-?adheren\w+|non-?complian\w+) (?:to|with)|"
    r"stopped taking [^.]{0,40}on (?:his|her|their) own)\b|\b(?:takes|taking|took) (?:only |less|half|fewer)[^.]*than prescribed",
    re.IGNORECASE,
)
CAUSED = re.compile(
    r"(?:\b(?:due to|secondary to|caused by|side effect of|adverse (?:effect|reaction) (?:of|to|from))\s+(?:an?\s+|the\s+|her\s+|his\s+)?"
    r"|\b(?:side|adverse) effect\b.*)$",
    re.IGNORECASE,
)
INDUCED = re.compile(
    r"^[- ]induced\b|^[^.;]*\b(?:side effect|adverse (?:drug )?(?:effect|reaction))\b", re.IGNORECASE
)
POISONED = re.compile(
    r"\boverdos\w*|\bpoison\w*|\btook too (?:much|many)|\bdouble dose|\bwrong (?:drug|medication|medicine|dose|pill)|\bby mistake\b|"
    r"\b(?:accidental|inadvertent|unintentional)(?:ly)? (?:ingest\w*|took|taken)",
    re.IGNORECASE,
)
"""A drug wrongly taken or given; properly taken it is an adverse effect (I.C.19.e.5.b)."""
INTENTS = (
    (
        re.compile(r"\b(?<!un)intentional|suicid|self[- ]harm|on purpose|deliberate", re.IGNORECASE),
        "intentional self-harm",
    ),
    (re.compile(r"\bundetermined intent|intent (?:can ?not|could not) be", re.IGNORECASE), "undetermined"),
)
ACCIDENT = "accidental (unintentional)"
"""The intent where none is told (I.C.20.h)."""
REASONS = (
    (
        re.compile(r"\bcosts?\b|afford|expens|financ|\binsur|\bmoney|\bprice|copay", re.IGNORECASE),
        "patient's intentional underdosing of medication regimen due to financial hardship",
    ),
    (
        re.compile(r"\bforg[eo]t|\bunintention|\bby accident", re.IGNORECASE),
        "patient's unintentional underdosing of medication regimen for other reason",
    ),
    (
        re.compile(
            r"\bintentional|\bon (?:his|her|their) own\b|\b(?:did|does) not like|\bside effects?|\bdrows|\bdecided|\bchose|\bafraid|\bfelt (?:better|fine|well)",
            re.IGNORECASE,
        ),
        "patient's intentional underdosing of medication regimen for other reason",
    ),
)
"""Why less was taken (Z91.12-, Z91.13-: "use additional code" at the underdosing, I.C.19.e.5.c)."""
TOLD_IN = frozenset({"hpi", "chief_complaint", "other", "assessment", "assessment_plan"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """A code to look up that the header's sentence asks for: where it is said, the words, the rule."""

    seen: Seen
    query: str
    guideline: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DrugGroup:
    """A pattern of a drug or its class, and what the tabular list calls the group."""

    drug_class: str
    name: str


@cache
def _groups() -> tuple[DrugGroup, ...]:
    return read_csv(Path(__file__).parent / "data" / "drug_effects.csv", DrugGroup)


def effects(case: Case, header: Seen, listed: tuple[Seen, ...]) -> Iterator[Effect]:
    """What the sentence of a header says of a drug behind it."""
    sentence = case.sentence(header)
    for drug in culprits(case, header, listed):
        yield Effect(
            seen=drug,
            query=f"adverse effect of {_name(drug)} initial encounter",
            guideline="I.C.19.e.5.a",
            why=f"'{header.text}' is an effect of {drug.text}, properly taken",
        )
    for drug in _drugs(header, listed) if POISONED.search(sentence) else ():
        yield Effect(
            seen=drug,
            query=f"poisoning by {_name(drug)}, {_intent(case, sentence)}, initial encounter",
            guideline="I.C.19.e.5.b",
            why=f"{drug.text} wrongly taken",
        )
    for drug in _drugs(header, listed) if UNDERDOSED.search(sentence) else ():
        yield Effect(
            seen=drug,
            query=f"underdosing of {_name(drug)} initial encounter",
            guideline="I.C.19.e.5.c",
            why=f"less of {drug.text} taken than prescribed",
        )
        yield from _why_less(case, drug, sentence)


def named_by_poison(case: Case, header: Seen) -> bool:
    """Whether a header says no more than that: "overdose", "poisoning"; the code of the sentence's drug then reports it."""
    same = [
        m for m in case.of("medication") if m.document == header.document and m.sentence == header.sentence
    ]
    return bool(POISONED.search(str(header.text)) and any(_name(m) for m in same))


def _intent(case: Case, sentence: str) -> str:
    """The intent that the sentence, else the record, tells; accidental where it is unknown."""
    for text in (sentence, " ".join(case.texts.values())):
        found = next((name for pattern, name in INTENTS if pattern.search(text)), "")
        if found or re.search(r"accident|unintention|mistake", text, re.IGNORECASE):
            return found or ACCIDENT
    return ACCIDENT


def _why_less(case: Case, drug: Seen, sentence: str) -> Iterator[Effect]:
    """Why less was taken, from the item's sentence or the story of that drug; nothing when it is not told."""
    name = re.compile(
        rf"\b{re.escape(str(drug.text))}|\b(?:medic\w+|doses?|pills?|tablets?|refills?|prescription|tak(?:e|es|ing)|took)\b",
        re.IGNORECASE,
    )
    story = [text for s, text in sentences(case) if s.section_kind in TOLD_IN and name.search(text)]
    for text in (sentence, *story):
        query = next((words for pattern, words in REASONS if pattern.search(text)), "")
        if query:
            why = f"why less of {drug.text} was taken"
            yield Effect(seen=drug, query=query, guideline="I.C.19.e.5.c", why=why)
            return


def culprits(case: Case, header: Seen, listed: tuple[Seen, ...]) -> list[Seen]:
    """The drugs of a header's sentence that are named as the cause of it; none where less was taken than prescribed."""
    sentence = case.sentence(header)
    if UNDERDOSED.search(sentence) or POISONED.search(sentence):
        return []
    found = []
    for drug in _drugs(header, listed):
        place = sentence.find(str(drug.text))
        after = sentence[place + len(str(drug.text)) :]
        if place >= 0 and (CAUSED.search(sentence[:place]) or INDUCED.search(after)):
            found.append(drug)
    return found


def _drugs(header: Seen, listed: tuple[Seen, ...]) -> list[Seen]:
    same = [m for m in listed if m.kind == "medication" and m.sentence == header.sentence]
    return [m for m in same if _name(m)]


def _name(drug: Seen) -> str:
    """The group of the drug in the tabular list's words; empty when the table does not know it."""
    own = (str(drug.concept or ""), str(drug.drug_class or ""))
    return next((g.name for g in _groups() if any(re.fullmatch(g.drug_class, x) for x in own)), "")
