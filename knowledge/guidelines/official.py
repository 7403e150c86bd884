"""The imported official guidelines as sections that the index searches beside the digest."""

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from knowledge.guidelines.digest import GuidelineSection

if TYPE_CHECKING:
    from knowledge.imported import ImportedTables
    from knowledge.records import Edition
    from knowledge.store import Store

TABLE: Final = "icd10cm_guidelines"


def official_sections(imported: "ImportedTables") -> tuple[GuidelineSection, ...]:
    """Every section of every imported edition, older editions first."""
    return tuple(
        section
        for edition in imported.editions(TABLE)
        if (store := imported.store(TABLE, edition.edition)) is not None
        for section in _sections(store, edition)
    )


@lru_cache(maxsize=4)
def _sections(store: "Store", edition: "Edition") -> tuple[GuidelineSection, ...]:
    return tuple(
        GuidelineSection(
            id=section_id,
            title=title,
            text=text,
            topics=(),
            keywords=(),
            effective_from=edition.effective_from,
            effective_to=edition.effective_to,
            source=f"ICD-10-CM Official Guidelines FY {edition.edition}",
            official=True,
        )
        for section_id, title, text in store.rows("SELECT id, title, text FROM section ORDER BY place")
    )
