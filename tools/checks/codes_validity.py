"""Diagnosis rules: does the code exist, is it complete, does it fit the patient?"""

import re
from collections.abc import Iterator

from knowledge.icd10cm import IcdCode
from knowledge.records import Source
from tools.checks.lines_table import sex_told
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.checks.tables import EDITION, DxLimit, dx_limits

_FORM = re.compile(r"[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?\Z")


def icd_source(row: IcdCode) -> Source:
    """The row of the tabular list a verdict stands on."""
    return Source(table="icd10cm", edition=row.edition, row=row.code)


@rule("dx.none", "error", "The claim has no diagnosis.", "837P loop 2300 HI; guidelines IV")
def none(request: CheckRequest) -> Iterator[Doubt]:
    """A professional claim reports at least one diagnosis."""
    if not request.claim.diagnoses:
        yield Doubt(message="The claim has no diagnosis.")


@rule("dx.format", "error", "The code is not written like an ICD-10-CM code.", "ICD-10-CM tabular list")
def form(request: CheckRequest) -> Iterator[Doubt]:
    """Three to seven characters, the dot after the third."""
    for code in request.codes:
        if not _FORM.match(code):
            yield Doubt(message=f"{code!r} is not written like an ICD-10-CM code.", codes=(code,))


@rule(
    "dx.unknown",
    "error",
    "The edition in force does not know the code.",
    "45 CFR 162.1002; ICD-10-CM tabular list",
)
def unknown(request: CheckRequest) -> Iterator[Doubt]:
    """The whole tabular list is loaded, so a code it lacks does not exist on the date."""
    for code, row in request.icd.items():
        if row is None and _FORM.match(code):
            yield Doubt(
                message=f"{code} is not an ICD-10-CM code on {request.on}.",
                codes=(code,),
                source=Source(table="icd10cm", edition=request.bookshelf.icd.edition(request.on), row=None),
                hint="Search the condition again and look the code up.",
            )


@rule("dx.not_billable", "error", "The code is a header; more characters are needed.", "guideline I.B.2")
def not_billable(request: CheckRequest) -> Iterator[Doubt]:
    """Codes are reported with the highest number of characters available."""
    for row in _known(request):
        if not row.billable and "7th" not in (row.needs or ""):
            yield Doubt(
                message=f"{row.code} is not complete: it needs a {row.needs or 'further character'}.",
                codes=(row.code,),
                source=icd_source(row),
                hint=_below(request, row),
            )


@rule(
    "dx.seventh_character",
    "error",
    "The 7th character is missing or not allowed.",
    "guideline I.A.5; tabular 7th character notes",
)
def seventh_character(request: CheckRequest) -> Iterator[Doubt]:
    """Where the list demands a 7th character, the code has one of those listed."""
    for code, row in request.icd.items():
        if row is not None and not row.billable and "7th" in (row.needs or ""):
            yield Doubt(
                message=f"{code} lacks its 7th character ({row.needs}).",
                codes=(code,),
                source=icd_source(row),
            )
        elif row is None and len(code) == 8:
            base = request.bookshelf.icd.find(code[:7].rstrip("X"), request.on) or request.bookshelf.icd.find(
                code[:7], request.on
            )
            if base is not None and not base.billable:
                yield Doubt(
                    message=f"{code} has a 7th character its category does not list.",
                    codes=(code,),
                    source=icd_source(base),
                )


@rule(
    "dx.age",
    "error",
    "The code does not fit the patient's age.",
    "CMS definitions of Medicare code edits, age conflict",
    overridable=True,
)
def age(request: CheckRequest) -> Iterator[Doubt]:
    """Newborn, paediatric, maternity and adult codes fit only patients of that age."""
    if request.age is None:
        return
    for row in _known(request):
        limit = dx_limits().age(row.code)
        if limit is not None and not _fits(request.age, limit):
            yield Doubt(
                message=f"{row.code} ({row.display}) is for ages {_ages(limit)}; the patient is {request.age}.",
                codes=(row.code,),
                source=Source(table="checks/dx_limits", edition=EDITION, row=limit.codes),
            )


@rule(
    "dx.sex",
    "error",
    "The code does not fit the patient's sex.",
    "organ of the category; payer edits",
    overridable=True,
)
def sex(request: CheckRequest) -> Iterator[Doubt]:
    """Codes of organs that only one sex has."""
    known = request.claim.patient.sex
    if known not in {"female", "male"} or any(sex_told(request, x.modifiers) for x in request.claim.lines):
        return
    for row in _known(request):
        limit = dx_limits().sex(row.code)
        if limit is not None and limit.sex != known:
            yield Doubt(
                message=f"{row.code} ({row.display}) is for {limit.sex} patients; the patient is {known}.",
                codes=(row.code,),
                source=Source(table="checks/dx_limits", edition=EDITION, row=limit.codes),
            )


_DATED = {
    "icd10cm": "ICD-10-CM",
    "ncci_ptp": "NCCI pair edit",
    "ncci_mue": "NCCI unit limit",
    "ncci_add_on": "NCCI add-on",
}
"""The tables whose edition decides a claim, and what a coder calls them."""


@rule(
    "dx.edition_mismatch",
    "warning",
    "No loaded edition is in force on the date.",
    "45 CFR 162.1002; architecture law 1",
    hold="edition",
)
def edition_mismatch(request: CheckRequest) -> Iterator[Doubt]:
    """The nearest edition answers, and a person decides, when none is in force on the date of service.

    Of the NCCI tables only imported ones are asked: a starter is partial on every date.
    """
    editions = request.bookshelf.editions
    for table, name in _DATED.items():
        choice = editions.choose(table, request.on)
        if choice.mismatch and choice.edition.complete:
            yield Doubt(
                message=f"No {name} edition is loaded for {request.on}; {choice.edition.edition} was used.",
                source=Source(table=table, edition=choice.edition.edition),
                hint="superbill knowledge import",
            )


@rule("dx.duplicate", "error", "A diagnosis is on the claim twice.", "guideline I.B.12; 837P HI edits")
def duplicate(request: CheckRequest) -> Iterator[Doubt]:
    """Each unique code is reported once."""
    for code in sorted({c for c in request.codes if request.codes.count(c) > 1}):
        yield Doubt(message=f"{code} is on the claim more than once.", codes=(code,))


@rule(
    "dx.sequence", "error", "The sequence numbers do not count 1, 2, 3.", "837P HI01 to HI12; CMS-1500 box 21"
)
def sequence(request: CheckRequest) -> Iterator[Doubt]:
    """Pointers resolve only when sequences count from one without gaps."""
    numbers = [d.sequence for d in request.claim.diagnoses]
    if numbers != list(range(1, len(numbers) + 1)):
        yield Doubt(message=f"The diagnosis sequence is {numbers}; it must count from 1.")


def _known(request: CheckRequest) -> Iterator[IcdCode]:
    return (row for row in request.icd.values() if row is not None)


def _below(request: CheckRequest, row: IcdCode) -> str:
    children = request.bookshelf.icd.children(row.code, request.on)[:6]
    return "Choose among " + ", ".join(f"{c.code} {c.display}" for c in children) if children else ""


def _fits(years: int, limit: DxLimit) -> bool:
    return (limit.age_min is None or years >= limit.age_min) and (
        limit.age_max is None or years <= limit.age_max
    )


def _ages(limit: DxLimit) -> str:
    if limit.age_max is None:
        return f"{limit.age_min} and over"
    return f"up to {limit.age_max}" if limit.age_min is None else f"{limit.age_min} to {limit.age_max}"
