"""Diagnosis rules: what may be first, and which code stands before which."""

from collections.abc import Iterator
from itertools import combinations

from knowledge.icd10cm import IcdCode, IcdNote
from knowledge.records import Source
from knowledge.vocabulary import in_range
from tools.checks.codes_validity import icd_source
from tools.checks.reading import Status
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.checks.tables import EDITION, dx_limits, dx_order

_WATCHED = ("Z79.4", "Z79.84", "Z79.85", "F17", "N18", "Z68")


@rule("dx.manifestation_first", "error", "A manifestation code is first-listed.", "guideline I.A.13")
def manifestation_first(request: CheckRequest) -> Iterator[Doubt]:
    """Codes for manifestations in diseases classified elsewhere are never first."""
    row = _first(request)
    if row is not None and dx_limits().manifestation(row.code):
        yield Doubt(
            message=f"{row.code} ({row.display}) is a manifestation and can not be first.",
            codes=(row.code,),
            source=icd_source(row),
            hint="List the underlying condition first.",
        )


@rule("dx.external_cause_first", "error", "An external-cause code is first-listed.", "guideline I.C.20.a.6")
def external_cause_first(request: CheckRequest) -> Iterator[Doubt]:
    """V, W, X and Y codes say how it happened, never what it is."""
    row = _first(request)
    if row is not None and row.code[0] in "VWXY":
        yield Doubt(
            message=f"{row.code} is an external-cause code and can not be first.",
            codes=(row.code,),
            source=icd_source(row),
            hint="List the injury first.",
        )


@rule(
    "dx.secondary_only_first",
    "error",
    "A code that only adds to another is first-listed.",
    "guidelines I.B.14, I.C.1, I.C.19.e.5, I.C.21.c",
)
def secondary_only_first(request: CheckRequest) -> Iterator[Doubt]:
    """Body mass index, organism, resistance, underdosing, blood type and the like are never first."""
    row = _first(request)
    found = dx_order("secondary_only", row.code) if row is not None else None
    if row is not None and found is not None:
        yield Doubt(
            message=f"{row.code} ({row.display}) is reported only beside another diagnosis.",
            codes=(row.code,),
            source=Source(table="checks/dx_order", edition=EDITION, row=found.codes),
            hint=found.why,
        )


@rule(
    "dx.status_first",
    "warning",
    "A status or history code is first-listed.",
    "guideline I.C.21.c.3 and c.4",
    overridable=True,
)
def status_first(request: CheckRequest) -> Iterator[Doubt]:
    """A status or history code rarely is the reason for the visit."""
    row = _first(request)
    found = dx_order("status", row.code) if row is not None else None
    if row is not None and found is not None and len(request.codes) > 1:
        yield Doubt(
            message=f"{row.code} ({row.display}) is first, although other diagnoses are reported.",
            codes=(row.code,),
            source=Source(table="checks/dx_order", edition=EDITION, row=found.codes),
            hint=found.why,
        )


@rule(
    "dx.first_listed_only",
    "warning",
    "A code meant to be first-listed stands later.",
    "guideline I.C.21.c.16",
    overridable=True,
)
def first_listed_only(request: CheckRequest) -> Iterator[Doubt]:
    """Some Z codes may only be first, unless there are several encounters on the day."""
    allowed = bool(request.codes) and dx_order("first_only", request.codes[0]) is not None
    for code in request.codes[1:]:
        found = dx_order("first_only", code)
        if found is not None and not allowed:
            yield Doubt(
                message=f"{code} is meant to be first-listed but stands later.",
                codes=(code,),
                source=Source(table="checks/dx_order", edition=EDITION, row=found.codes),
            )


@rule(
    "dx.code_first_missing",
    "error",
    "The condition that must come first is missing.",
    "guideline I.A.13; tabular code first notes",
)
def code_first_missing(request: CheckRequest) -> Iterator[Doubt]:
    """A manifestation stands only beside the condition it manifests."""
    for row in request.icd.values():
        if row is None or not dx_limits().manifestation(row.code):
            continue
        notes = _notes(request, row, "code_first")
        wanted = [ref for note in notes for ref in note.refs]
        if wanted and not any(_inside(request, code, notes) for code in request.codes if code != row.code):
            yield Doubt(
                message=f"{row.code} ({row.display}) needs the underlying condition coded before it.",
                codes=(row.code,),
                source=_note_source(row, notes[0]),
                hint="One of: " + ", ".join(str(ref) for ref in wanted[:8]),
            )


@rule(
    "dx.code_first_order",
    "error",
    "Two codes stand in the wrong order.",
    "guideline I.A.13; tabular code first notes",
)
def code_first_order(request: CheckRequest) -> Iterator[Doubt]:
    """Where both are reported, the code-first code comes first."""
    for earlier, later in combinations(request.codes, 2):
        row = request.icd.get(earlier)
        if row is None or earlier == later:
            continue
        note = next((n for n in _notes(request, row, "code_first") if _inside(request, later, [n])), None)
        if note is not None:
            yield Doubt(
                message=f"{later} must stand before {earlier}: at {note.origin} the list says to code it first.",
                codes=(earlier, later),
                source=_note_source(row, note),
            )


@rule(
    "dx.use_additional_missing",
    "warning",
    "An additional code the record supports is missing.",
    "guideline I.A.13; tabular use additional notes",
)
def use_additional_missing(request: CheckRequest) -> Iterator[Doubt]:
    """The tabular asks for a further code and the documents establish it."""
    asked: set[str] = set()
    for row in request.icd.values():
        if row is None:
            continue
        for note in _notes(request, row, "use_additional"):
            for code in _watched(note):
                if (
                    code not in asked
                    and not any(c.startswith(code) for c in request.codes)
                    and _established(request, code)
                ):
                    asked.add(code)
                    yield Doubt(
                        message=f"{row.code}: the tabular asks to add {code} ({note.text}), and the note supports it.",
                        codes=(row.code, code),
                        source=_note_source(row, note),
                    )


@rule(
    "dx.gestation_missing",
    "warning",
    "Pregnancy codes without the weeks of gestation.",
    "guideline I.C.21.c.11; chapter 15 note",
)
def gestation_missing(request: CheckRequest) -> Iterator[Doubt]:
    """Chapter 15 codes are joined by Z3A, except abortive outcomes and postpartum."""
    pregnant = [c for c in request.codes if in_range(c, "O09-O77") or in_range(c, "O94-O9A")]
    if pregnant and not any(c.startswith("Z3A") for c in request.codes) and _established(request, "Z3A"):
        yield Doubt(
            message="Pregnancy complications are coded without the weeks of gestation (Z3A).",
            codes=tuple(pregnant),
        )


@rule(
    "dx.bmi_without_diagnosis",
    "error",
    "A body mass index without the diagnosis it explains.",
    "guideline I.B.14",
    overridable=True,
)
def bmi_without_diagnosis(request: CheckRequest) -> Iterator[Doubt]:
    """BMI is reported only with an associated diagnosis by the provider, such as obesity."""
    bmi = [c for c in request.codes if c.startswith("Z68")]
    reasons = (
        "E66",
        "E65",
        "E67-E68",
        "E40-E46",
        "R63",
        "E88.A",
        "R64",
        "F50",
        "O99.21",
        "Z71.3",
        "O26",
        "O25",
        "E28.2",
        "R62",
    )
    if bmi and not any(in_range(c, span) for c in request.codes for span in reasons):
        yield Doubt(
            message=f"{bmi[0]} is reported without a weight-related diagnosis.",
            codes=(bmi[0],),
            hint="Ask the provider for the diagnosis, or leave the index out.",
        )


def _first(request: CheckRequest) -> IcdCode | None:
    return request.icd.get(request.codes[0]) if request.codes else None


def _notes(request: CheckRequest, row: IcdCode, kind: str) -> list[IcdNote]:
    notes = request.bookshelf.icd.notes(row.code, request.on)
    found = notes.code_first if kind == "code_first" else notes.use_additional
    return [note for note in found if note.refs]


def _inside(request: CheckRequest, code: str, notes: list[IcdNote]) -> bool:
    if request.icd.get(code) is None:
        return False
    return any(request.bookshelf.icd.in_ranges(code, note.refs, request.on) for note in notes)


def _note_source(row: IcdCode, note: IcdNote) -> Source:
    return Source(table="icd10cm", edition=row.edition, row=f"{note.origin}: {note.text}")


def _watched(note: IcdNote) -> Iterator[str]:
    for ref in note.refs:
        for code in _WATCHED:
            if ref.low.startswith(code.replace(".", "")):
                yield code


def _established(request: CheckRequest, code: str) -> bool:
    return request.establisher.verdict(code).status is Status.PRESENT
