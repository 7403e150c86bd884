"""Payer packs: what differs from payer to payer, as dated data (law 11)."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError

from knowledge.errors import TableError, UnknownCodeError
from knowledge.records import Record
from knowledge.tables import EDITION, edition_folder, read_toml

PackKind = Literal[
    "medicare_part_b", "medicare_advantage", "medicaid_template", "commercial_template", "commercial"
]
Period = Literal["full_months", "months", "days", "calendar_year", "calendar_month", "season", "lifetime"]

_FOR_PAYER_KIND: Final = {
    "medicare": "medicare_part_b",
    "medicare_advantage": "medicare_advantage",
    "medicaid": "medicaid_template",
}


class Telehealth(Record):
    """How a payer wants telehealth reported.

    ``home_place`` and ``other_place`` are places of service by where the patient was. A modifier is "" where
    the payer wants none. ``accepts_98000``: whether 98000-98015 are taken (else the office visit codes).
    """

    home_place: str
    other_place: str
    video_modifier: str
    audio_modifier: str
    accepts_98000: bool
    accepts_98016: bool
    source: str


class FrequencyLimit(Record):
    """How often a payer takes a service: at most ``at_most`` of ``codes`` within a period.

    ``full_months``: that many whole calendar months must pass after the month of the last one; ``months`` and
    ``days``: within a running span of that length; ``season``: an influenza season, July to June.
    """

    name: str
    codes: tuple[str, ...]
    at_most: int
    per: Period
    length: int
    why: str
    source: str

    def earliest_next(self, last: date) -> date | None:
        """Return the first day on which one more is taken after the last (limit of one), None for never."""
        if self.per == "lifetime":
            return None
        if self.per == "days":
            return date.fromordinal(last.toordinal() + self.length)
        if self.per == "calendar_year":
            return date(last.year + self.length, 1, 1)
        if self.per == "season":
            return date(last.year + (1 if last.month >= 7 else 0), 7, 1)
        if self.per == "full_months":
            return _months_later(last.replace(day=1), self.length + 1)
        return _months_later(last if self.per == "months" else last.replace(day=1), self.length)


class PayerPack(Record):
    """The rules of one payer or of a kind of payer.

    ``vaccine_admin``: "medicare" wants G0008-G0010 for influenza, pneumococcal and hepatitis B vaccines,
    "cpt" wants 90460-90474. ``wellness``: "medicare" has the welcome and annual wellness visits, "preventive"
    wants 99381-99397. ``bilateral``: one line with 50, or two lines with RT and LT.
    ``separate_structure``: the modifier by which the payer is told that a procedure was done on another structure.
    """

    id: str
    name: str
    kind: PackKind
    payer_ids: tuple[str, ...]
    effective_from: date
    effective_to: date
    timely_filing_days: int
    accepted_frequencies: tuple[str, ...]
    vaccine_admin: Literal["medicare", "cpt"]
    wellness: Literal["medicare", "preventive"]
    accepts_consultations: bool
    prolonged_code: str
    bilateral: Literal["one_line_50", "two_lines"]
    accepts_x_modifiers: bool
    separate_structure: Literal["59", "XS"] = "59"
    accepts_g2211: bool
    pays_preventive_visits: bool
    qw: bool
    cms1500_lines: int
    new_patient_years: int
    note: str
    source: str
    telehealth: Telehealth
    frequency: tuple[FrequencyLimit, ...] = ()

    @property
    def edition(self) -> str:
        """The edition of the pack."""
        return EDITION

    def limits(self, code: str) -> tuple[FrequencyLimit, ...]:
        """Return the frequency limits that name a code."""
        return tuple(limit for limit in self.frequency if code in limit.codes)

    def telehealth_place(self, *, at_home: bool) -> str:
        """Return the place of service by where the patient was."""
        return self.telehealth.home_place if at_home else self.telehealth.other_place


class PayerPacks:
    """All shipped packs."""

    edition: Final = EDITION

    def __init__(self, packs: Iterable[PayerPack]) -> None:
        self._packs = {pack.id: pack for pack in packs}
        self._by_payer = {payer: pack for pack in self._packs.values() for payer in pack.payer_ids}

    @classmethod
    def load(cls, data_dir: Path) -> "PayerPacks":
        """Read every pack of the ``payers`` folder.

        Raises:
            TableError: a pack is malformed, or two packs claim the same payer.
        """
        packs = [read_pack(path) for path in sorted((edition_folder(data_dir) / "payers").glob("*.toml"))]
        seen: set[str] = set()
        for key in (key for pack in packs for key in (pack.id, *pack.payer_ids)):
            if key in seen:
                raise TableError(f"payers: {key} is claimed twice")
            seen.add(key)
        return cls(packs)

    def __len__(self) -> int:
        return len(self._packs)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all packs."""
        return tuple(self._packs)

    def get(self, pack_id: str) -> PayerPack:
        """Return a pack by id.

        Raises:
            UnknownCodeError: there is none (the message lists the packs).
        """
        found = self._packs.get(pack_id)
        if found is None:
            raise UnknownCodeError(f"payer pack {pack_id} is none of {', '.join(self._packs)}")
        return found

    def for_kind(self, kind: str) -> PayerPack:
        """Return the pack of a kind of payer; one without a pack of its own takes the commercial template.

        Args:
            kind: a pack kind or id, or a payer kind of the encounter ("medicare", "medicaid", "tricare" ...).
        """
        return self._packs.get(kind) or self._packs[_FOR_PAYER_KIND.get(kind, "commercial_template")]

    def for_payer(self, payer_id: str | None, kind: str) -> PayerPack:
        """Return the pack that names the payer, else the one of its kind."""
        return self._by_payer.get(payer_id or "") or self.for_kind(kind)


def read_pack(path: Path) -> PayerPack:
    """Read one pack.

    Raises:
        TableError: not TOML, a key missing or unknown, or a value of the wrong kind.
    """
    fields = PayerPack.model_fields
    required = [name for name, field in fields.items() if field.is_required()]
    content = read_toml(path, required=required, optional=fields.keys() - set(required))
    try:
        return PayerPack(**content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise TableError(f"{path.name}: {where}: {first['msg']}") from error


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
