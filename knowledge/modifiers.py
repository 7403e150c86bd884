"""Modifiers as data: what each says, when it may be used, with which codes, and in which order."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from knowledge.errors import TableError, UnknownCodeError
from knowledge.procedures import Procedure
from knowledge.records import Record, Source
from knowledge.tables import EDITION, edition_folder, read_csv, unique


@dataclass(frozen=True, kw_only=True, slots=True)
class Modifier:
    """One modifier of a professional claim.

    ``applies_to`` names the tests of which the procedure must pass one. ``pricing`` modifiers change payment;
    ``order`` sorts modifiers on a line (lowest first). ``criteria`` are what the record must show, worded for
    a coder. ``conflicts`` never stand on the same line. ``professional`` is False for facility modifiers.
    """

    code: str
    title: str
    applies_to: tuple[str, ...]
    order: int
    pricing: bool
    professional: bool
    conflicts: tuple[str, ...]
    source: str
    criteria: tuple[str, ...]


class Allowed(Record):
    """Whether a modifier can stand with a code at all (its criteria must be met by evidence besides)."""

    ok: bool
    why: str
    source: Source


class ModifierTable:
    """All modifiers of the shipped table."""

    edition: Final = EDITION

    def __init__(self, rows: Iterable[Modifier]) -> None:
        self._rows = {row.code: row for row in rows}

    @classmethod
    def load(cls, data_dir: Path) -> "ModifierTable":
        """Read the shipped table.

        Raises:
            TableError: the file is missing or malformed, or names an unknown test or conflict.
        """
        path = edition_folder(data_dir) / "modifiers.csv"
        rows = read_csv(path, Modifier)
        unique(path, (row.code for row in rows))
        known = {row.code for row in rows}
        for row in rows:
            strays = [t for t in row.applies_to if t not in TESTS] + [
                c for c in row.conflicts if c not in known
            ]
            if strays:
                raise TableError(f"{path.name}: {row.code} names {strays[0]}, which is unknown")
        return cls(rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, code: str) -> bool:
        return code in self._rows

    @property
    def codes(self) -> tuple[str, ...]:
        """All modifier codes, sorted."""
        return tuple(self._rows)

    def find(self, code: str) -> Modifier | None:
        """Return the modifier, or None where the table does not hold it."""
        return self._rows.get(code)

    def get(self, code: str) -> Modifier:
        """Return the modifier.

        Raises:
            UnknownCodeError: the table does not hold it.
        """
        found = self._rows.get(code)
        if found is None:
            raise UnknownCodeError(f"modifier {code} is not in the loaded table (edition {EDITION})")
        return found

    def criteria(self, code: str) -> tuple[str, ...]:
        """Return what the record must show for the modifier.

        Raises:
            UnknownCodeError: the table does not hold it.
        """
        return self.get(code).criteria

    def conflicts(self, codes: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """Return the pairs of a line's modifiers that never stand together."""
        line = tuple(dict.fromkeys(codes))
        return tuple(
            (a, b)
            for n, a in enumerate(line)
            for b in line[n + 1 :]
            if a in self._rows and b in self._rows[a].conflicts
        )

    def sort(self, codes: Iterable[str]) -> tuple[str, ...]:
        """Put a line's modifiers in claim order: pricing first, then payment, then information."""
        return tuple(sorted(codes, key=lambda c: (self._rows[c].order if c in self._rows else 99, c)))

    def allowed(self, modifier: str, procedure: Procedure) -> Allowed:
        """Say whether the modifier can stand with the procedure, from the figures of the tables.

        Raises:
            UnknownCodeError: the table does not hold the modifier.
        """
        row = self.get(modifier)
        source = Source(table="modifiers", edition=EDITION, row=f"{modifier}: {row.source}")
        if not row.professional:
            return Allowed(ok=False, why=f"{modifier} is for facility claims only", source=source)
        if any(TESTS[test](procedure) for test in row.applies_to):
            return Allowed(ok=True, why=f"{procedure.code}: {_WHY[_passed(row, procedure)]}", source=source)
        needs = " or ".join(_WHY[test] for test in row.applies_to)
        why = f"{modifier} needs a code of which this is true: {needs}; {procedure.code} is not one"
        return Allowed(ok=False, why=f"{why}{_detail(modifier, procedure)}", source=source)


def _passed(row: Modifier, procedure: Procedure) -> str:
    return next(test for test in row.applies_to if TESTS[test](procedure))


def _detail(modifier: str, p: Procedure) -> str:
    if modifier == "50":
        return f" (bilateral indicator {p.bilateral})"
    if modifier in {"26", "TC"}:
        return f" (PC/TC indicator {p.pctc})"
    if modifier == "QW" and p.clia == "waived":
        return " (waived by itself, reported without QW)"
    return ""


_NOT_PROCEDURES: Final = frozenset({"drug", "supply", "vaccine", "immune_globulin", "quality", "prolonged"})
_TELE: Final = frozenset(
    {"em_new", "em_established", "em_consult", "em_hospital", "em_nursing", "em_home", "em_emergency",
     "behavioral", "counseling", "screening", "care_management", "nutrition", "therapy", "wellness",
     "neuro", "preventive", "em_addon", "prolonged", "virtual", "telehealth"}
)  # fmt: skip
_PREVENTIVE: Final = frozenset(
    {"preventive", "wellness", "counseling", "screening", "vaccine", "vaccine_admin", "lab", "imaging", "gi",
     "womens", "vascular", "eye", "ear", "drug", "specimen", "behavioral", "pathology", "em_new",
     "em_established", "nutrition"}
)  # fmt: skip
_EYELID: Final = frozenset({"67700", "67800", "67810", "67820", "68801"})
_PRIMARY_CARE_EXCEPTION: Final = frozenset(
    {"99202", "99203", "99211", "99212", "99213", "G0402", "G0438", "G0439"}
)
_COLONOSCOPY: Final = frozenset({"lower_endoscopy", "colorectal_screening"})
_PER_SIDE: Final = frozenset({"1", "3"})
_NF_INITIAL: Final = frozenset({"99304", "99305", "99306"})


def _procedure(p: Procedure) -> bool:
    return not p.is_em and p.category not in _NOT_PROCEDURES


def _sided(p: Procedure) -> bool:
    return p.side == "paired" or p.bilateral in _PER_SIDE


TESTS: Final[Mapping[str, Callable[[Procedure], bool]]] = MappingProxyType(
    {
        "any": lambda p: True,
        "any_procedure": _procedure,
        "anesthesia": lambda p: p.category == "anesthesia" and p.code.startswith("0"),
        "assistant": lambda p: p.assistant in {"0", "2"} and p.surgical,
        "behavioral_em": lambda p: p.code in {"90791", "90792"},
        "bilateral_50": lambda p: p.bilateral in _PER_SIDE,
        "chiropractic": lambda p: p.family == "chiropractic",
        "clia_waived": lambda p: p.qw,
        "colonoscopy": lambda p: p.family in _COLONOSCOPY,
        "critical_care": lambda p: p.code in {"99291", "99292"},
        "drug": lambda p: p.category in {"drug", "immune_globulin"},
        "em": lambda p: p.is_em or p.code in {"92002", "92004", "92012", "92014"},
        "em_facility": lambda p: p.category in {"em_hospital", "em_emergency", "em_nursing"},
        "em_hospital": lambda p: (
            p.family in {"hospital_initial", "hospital_same_day"} or p.code in _NF_INITIAL
        ),
        "eye_exam": lambda p: p.code in {"92002", "92004", "92012", "92014"},
        "eyelid": lambda p: p.code in _EYELID,
        "facility_only": lambda p: False,
        "finger": lambda p: p.region in {"finger", "nail", "small_joint", "soft_tissue", "hand_any"},
        "foot_care": lambda p: p.family == "nail_care" or p.code == "G0247",
        "global_10_90": lambda p: p.global_days in {"010", "090"},
        "global_10_90_any": lambda p: p.surgical,
        "lab": lambda p: p.category in {"lab", "pathology"} or bool(p.clia),
        "mammography": lambda p: p.family in {"mammography_diagnostic", "mammography_screening"},
        "multiple": lambda p: _procedure(p) and p.mult_proc in {"2", "3"} and not p.add_on,
        "obstetric_or_em": lambda p: p.is_em or p.category == "obstetric",
        "pctc1": lambda p: p.pctc == "1",
        "preventive_like": lambda p: p.category in _PREVENTIVE,
        "primary_care_exception": lambda p: p.code in _PRIMARY_CARE_EXCEPTION,
        "side": _sided,
        "surgical": lambda p: p.surgical or p.global_days in {"YYY", "MMM", "ZZZ"},
        "surgical_or_test": _procedure,
        "telehealth_capable": lambda p: p.category in _TELE,
        "therapy": lambda p: p.category == "therapy",
        "toe": lambda p: p.region in {"toe", "nail", "small_joint", "soft_tissue"},
        "transitional": lambda p: p.family == "tcm",
        "vaccine": lambda p: p.category == "vaccine",
    }
)
_WHY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "any": "any code may carry it",
        "any_procedure": "a procedure or test, not a visit",
        "anesthesia": "an anaesthesia code",
        "assistant": "a procedure for which the schedule allows an assistant at surgery",
        "behavioral_em": "a psychiatric diagnostic evaluation",
        "bilateral_50": "bilateral indicator 1 or 3 in the fee schedule",
        "chiropractic": "a chiropractic adjustment",
        "clia_waived": "a laboratory test that takes QW",
        "colonoscopy": "a colonoscopy or sigmoidoscopy",
        "critical_care": "critical care",
        "drug": "a drug",
        "em": "an evaluation and management visit",
        "em_facility": "a visit in a facility",
        "em_hospital": "a first hospital or nursing facility visit",
        "eye_exam": "an eye examination",
        "eyelid": "a procedure of the eyelid",
        "facility_only": "a facility claim",
        "finger": "a procedure of a finger",
        "foot_care": "routine foot care",
        "global_10_90": "a global period of 10 or 90 days",
        "global_10_90_any": "a global period",
        "lab": "a laboratory test",
        "mammography": "a mammogram",
        "multiple": "a procedure under the multiple-procedure rule",
        "obstetric_or_em": "maternity care or a visit",
        "pctc1": "PC/TC indicator 1 in the fee schedule",
        "preventive_like": "a service that may be preventive",
        "primary_care_exception": "a visit of the primary care exception",
        "side": "a paired part of the body",
        "surgical": "a procedure with a global period",
        "surgical_or_test": "a procedure or test, not a visit",
        "telehealth_capable": "a service that may be given by telehealth",
        "therapy": "a therapy service",
        "toe": "a procedure of a toe",
        "transitional": "transitional care",
        "vaccine": "a vaccine",
    }
)
