"""Line rules on drugs: how given, units, what was discarded, NDC."""

import math
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from knowledge.bookshelf import Bookshelf
from knowledge.procedures import DrugUnit
from tools.checks.lines_table import known, row_source
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule

_ROUTES = frozenset(
    {
        "injection",
        "joint",
        "skin",
        "womens",
        "wound",
        "pulmonary",
        "eye",
        "neuro",
        "urology",
        "immune_globulin",
        "ortho",
    }
)
_SINGLE_DOSE = frozenset({"biologic", "bone_agent", "hyaluronate", "neurotoxin_migraine"})


@rule(
    "line.drug_without_administration",
    "warning",
    "A drug without how it was given.",
    "NCCI policy manual ch. 12; Claims Processing Manual ch. 17",
    overridable=True,
)
def drug_without_administration(request: CheckRequest) -> Iterator[Doubt]:
    """A drug given in the office is billed beside an injection, infusion or procedure."""
    ways = {row.category for _, row in known(request)} & _ROUTES
    unknown = any(request.procedure(x) is None for x in request.claim.lines)
    for line, row in known(request):
        if row.category == "drug" and not ways and not unknown:
            yield Doubt(
                message=f"{line.code} ({row.title}) has no administration on the claim.",
                codes=(line.code,),
                line=line.number,
            )


@rule(
    "line.administration_without_drug",
    "warning",
    "An injection without the drug.",
    "Claims Processing Manual ch. 12 s. 30.5",
    overridable=True,
)
def administration_without_drug(request: CheckRequest) -> Iterator[Doubt]:
    """An injection names what was injected, unless the patient brought it."""
    drugs = any(r.category in {"drug", "immune_globulin", "vaccine"} for _, r in known(request))
    unknown = any(request.procedure(x) is None for x in request.claim.lines)
    for line, row in known(request):
        if (
            row.family in {"therapeutic_injection", "infusion"}
            and not drugs
            and not unknown
            and not row.add_on
        ):
            yield Doubt(
                message=f"{line.code} has no drug on the claim.", codes=(line.code,), line=line.number
            )


@rule(
    "line.drug_units",
    "error",
    "The drug units do not match the documented dose.",
    "HCPCS level II unit of the code; Claims Processing Manual ch. 17 s. 10",
    overridable=True,
)
def drug_units(request: CheckRequest) -> Iterator[Doubt]:
    """Units are the dose divided by the amount in the code, rounded up; what was discarded (JW) is on a line of its own."""
    given = [x for x in request.claim.lines if "JW" not in x.modifiers]
    for line, row in known(request):
        if "JW" in line.modifiers:
            continue
        unit = request.bookshelf.procedures.drug_unit(line.code)
        if row.category != "drug" or unit is None or not request.documents:
            continue
        total = sum((x.units for x in given if x.code == line.code), Decimal(0))
        doses = _doses(request, unit)
        wanted = {_units(dose, unit) for dose in doses}
        if wanted and total not in wanted and sum(wanted) != total:
            yield Doubt(
                message=f"{line.code}: {total} units billed; the note's dose of {min(doses)} {unit.unit} makes {min(wanted)}.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
            )


def _units(dose: Decimal, unit: DrugUnit) -> Decimal:
    return Decimal(1) if unit.up_to and dose <= unit.amount else Decimal(math.ceil(dose / unit.amount))


def _doses(request: CheckRequest, unit: DrugUnit) -> frozenset[Decimal]:
    """The doses in the unit of the code that stand beside the drug's name where it was given."""
    text = request.reading.text
    amount = re.compile(rf"(\d[\d,]*(?:\.\d+)?)\s*(?:{_UNITS[unit.unit]})\b")
    found: set[Decimal] = set()
    for match in _drug_names(request.bookshelf, unit.drug).finditer(text):
        if _GIVEN.search(
            text, max(0, match.start() - 60), max(match.end() + 60, _sentence_end(text, match.end()))
        ):
            near = text[max(0, match.start() - 25) : match.end() + 30]
            found |= {Decimal(value.replace(",", "")) for value in amount.findall(near)}
    return frozenset(found)


def _sentence_end(text: str, start: int) -> int:
    """Where the sentence of a place ends; a full stop inside a number does not end it."""
    found = _STOP.search(text, start, start + 200)
    return found.start() if found else start


_STOP = re.compile(r"[.;](?=\s)|\n")
_UNITS = {
    "mg": "mg|milligrams?",
    "mcg": "mcg|micrograms?",
    "unit": "units?",
    "IU": "iu|units?",
    "mL": "ml",
    "dose": "doses?",
    "system": "systems?",
}
_GIVEN = re.compile(r"inject|administer|given|gave|im\b|intramuscular|subcut|infus|intra-?articular|nebul")


@lru_cache(maxsize=512)
def _drug_names(bookshelf: Bookshelf, drug: str) -> re.Pattern[str]:
    """The words of a drug's name and the brand names of its generic, as one pattern."""
    words = {w for w in re.findall(r"[a-z]{5,}", drug.lower()) if w not in {"sodium", "acetate", "injection"}}
    rows = bookshelf.vocabulary.medications
    brands = {m.name for m in rows if m.generic.split()[0] in words and len(m.name) > 4}
    return re.compile("|".join(rf"\b{re.escape(name)}\b" for name in sorted(words | brands)) or r"(?!)")


@rule(
    "line.drug_wastage",
    "error",
    "A single-dose drug without JW or JZ.",
    "Medicare Claims Processing Manual ch. 17 s. 40: JZ since 2023-07-01",
    overridable=True,
)
def drug_wastage(request: CheckRequest) -> Iterator[Doubt]:
    """Medicare wants discarded amounts on a JW line, or JZ when nothing was discarded."""
    wasted = {x.code for x in request.claim.lines if "JW" in x.modifiers}
    for line, row in known(request):
        single = request.medicare and row.category == "drug" and row.family in _SINGLE_DOSE
        if single and line.code not in wasted and "JZ" not in line.modifiers:
            yield Doubt(
                message=f"{line.code} comes in single doses: Medicare wants JZ, or a JW line for the discarded rest.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
            )


@rule(
    "line.wastage_alone",
    "error",
    "A discarded amount without the amount given.",
    "Claims Processing Manual ch. 17 s. 40",
)
def wastage_alone(request: CheckRequest) -> Iterator[Doubt]:
    """A JW line stands beside the line of the amount given, and never beside JZ."""
    for line in request.claim.lines:
        twins = [x for x in request.claim.lines if x.code == line.code and x is not line]
        if "JW" in line.modifiers and (not twins or any("JZ" in x.modifiers for x in twins)):
            yield Doubt(
                message=f"{line.code}: the JW line needs a line of the amount given, without JZ.",
                codes=(line.code,),
                line=line.number,
            )


@rule(
    "line.ndc",
    "error",
    "A drug to Medicaid without its NDC.",
    "Deficit Reduction Act s. 6002; 837P loop 2410",
    overridable=True,
)
def ndc(request: CheckRequest) -> Iterator[Doubt]:
    """Medicaid needs the national drug code of every physician-administered drug."""
    for line, row in known(request):
        if "medicaid" in request.payers and row.category == "drug" and line.drug is None:
            yield Doubt(
                message=f"{line.code} needs its NDC for Medicaid.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
            )


@rule("line.ndc_format", "error", "An NDC does not have 11 digits.", "837P LIN03, 5-4-2 form")
def ndc_format(request: CheckRequest) -> Iterator[Doubt]:
    """The NDC travels as 11 digits without dashes, with a positive quantity."""
    for line in request.claim.lines:
        if line.drug is not None and (not re.fullmatch(r"\d{11}", line.drug.ndc) or line.drug.quantity <= 0):
            yield Doubt(
                message=f"{line.code}: the NDC must have 11 digits and a quantity.",
                codes=(line.code,),
                line=line.number,
            )
