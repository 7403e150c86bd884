"""The formats of official files that can be imported; a file belongs to the first that its content fits.

The order is also that of loading: what others build upon comes first.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from knowledge.sources.coverage_import import COVERAGE
from knowledge.sources.fee_import import VALUES
from knowledge.sources.format import Format, Into
from knowledge.sources.guideline_import import GUIDELINES
from knowledge.sources.hcpcs_import import CPT, HCPCS
from knowledge.sources.icd_import import import_order
from knowledge.sources.icd_order import is_order
from knowledge.sources.index_import import import_index
from knowledge.sources.ncci_import import import_ncci
from knowledge.sources.ncci_ptp import form_of
from knowledge.sources.ncci_units import is_add_on, is_mue
from knowledge.sources.place_import import GPCI, LOCALITIES
from knowledge.sources.tabular_import import TABULAR


def _load_order(paths: Sequence[Path], into: Into) -> Path:
    return import_order(paths[0], into.home)


def _load_index(paths: Sequence[Path], into: Into) -> Path:
    return import_index(paths[0], into.home).path


def _load_ncci(paths: Sequence[Path], into: Into) -> Path:
    return import_ncci(paths, into.home, into.edits, progress=into.progress)


def _is_index(head: str) -> bool:
    start = head.removeprefix("\xef\xbb\xbf")
    return "<ICD10CM.index" in start or "ICD-10-CM INDEX TO DISEASES" in start.upper()


FORMATS: Final[tuple[Format, ...]] = (
    Format(name="ICD-10-CM order file", told=is_order, load=_load_order),
    TABULAR,
    Format(name="ICD-10-CM index or table", told=_is_index, load=_load_index),
    GUIDELINES,
    HCPCS,
    CPT,
    VALUES,
    GPCI,
    LOCALITIES,
    Format(name="NCCI unit limits", told=is_mue, load=_load_ncci),
    Format(name="NCCI add-on edits", told=is_add_on, load=_load_ncci),
    COVERAGE,
    Format(name="NCCI pairs", told=lambda h: form_of(h) is not None, load=_load_ncci, together=True),
)


def format_of(head: str) -> Format | None:
    """The format whose files begin like this, or None."""
    return next((one for one in FORMATS if one.told(head)), None)
