"""The bookshelf: one read-only facade over every table; each is loaded when it is first asked for."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from knowledge.editions import Editions, read_manifest
from knowledge.icd10cm import TABLE as ICD
from knowledge.icd10cm import IcdTable
from knowledge.imported import ImportedTables
from knowledge.store import Store, open_store

if TYPE_CHECKING:
    from knowledge.chronic import ChronicTable
    from knowledge.edits import EditTables
    from knowledge.em import EmTable
    from knowledge.fees import FeeSchedule
    from knowledge.guidelines import GuidelineIndex, GuidelineSection
    from knowledge.guidelines.embedding import Embedder
    from knowledge.guidelines.remote import KnowledgeBase
    from knowledge.linkage import LinkageTable
    from knowledge.modifiers import ModifierTable
    from knowledge.payers import PayerPacks
    from knowledge.places import PlaceTable
    from knowledge.procedures import ProcedureTable
    from knowledge.search import CodeSearch
    from knowledge.vocabulary import Vocabulary

    Embedding = Embedder | KnowledgeBase

DATA: Final = Path(__file__).parent / "data"


class Bookshelf:
    """All of a coder's references. Open it once per process and share it, between threads too."""

    def __init__(
        self,
        store: Store,
        home: Path,
        contractor: str | None = None,
        embedding: "Callable[[], Embedding] | None" = None,
        learned: Path | None = None,
    ) -> None:
        self.store = store
        self.home = home
        self.contractor = contractor
        self._embedding = embedding
        self.learned = learned

    @classmethod
    def open(
        cls,
        home: Path,
        *,
        progress: Callable[[str, int, int], None] | None = None,
        contractor: str | None = None,
        embedding: "Callable[[], Embedding] | None" = None,
        learned: Path | None = None,
    ) -> "Bookshelf":
        """Open the bookshelf kept in ``home``, building its store first where it is missing.

        Args:
            home: the data folder; made when missing.
            progress: called with (what, done, total) while building.
            contractor: number of the practice's Medicare contractor, whose coverage articles hold.
            embedding: makes what embeds the guidelines, or the knowledge base that is asked for them, when they are
                first searched; None is the local default.
            learned: folder of what was learned from the practice's approved cases (``problems.csv``); None for none.

        Raises:
            TableError: an official or shipped file is missing or can not be read.
        """
        return cls(open_store(home, progress), home, contractor, embedding, learned)

    def with_learned(self, folder: Path) -> "Bookshelf":
        """The same tables with what was learned in ``folder``; both share one store."""
        return Bookshelf(self.store, self.home, self.contractor, self._embedding, folder)

    def memo_path(self, name: str) -> Path:
        """Where work that can be done again is kept between processes, named after the store it belongs to."""
        return self.home / f"{self.store.path.stem}.{name}.json"

    def close(self) -> None:
        """Close the store; the bookshelf can not be used afterwards."""
        self.store.close()

    @cached_property
    def editions(self) -> Editions:
        """Which edition of each table answers for a date of service."""
        shipped = [e for path in sorted(DATA.glob("*/manifest.toml")) for e in read_manifest(path)]
        codes = {e.edition: e for e in (*self.store.editions(), *self.imported.editions(ICD))}
        return Editions([*codes.values(), *shipped, *self.imported.complete()])

    def icd_store(self, edition: str) -> Store:
        """The store that holds an edition of ICD-10-CM: the imported one where there is one, else the shipped."""
        return self.imported.store(ICD, edition) or self.store

    @cached_property
    def imported(self) -> ImportedTables:
        """The official editions imported into ``home``; each is opened when it is first asked for."""
        return ImportedTables(self.home)

    @cached_property
    def icd(self) -> IcdTable:
        """The ICD-10-CM tabular list."""
        return IcdTable(self.icd_store, self.editions)

    @cached_property
    def search(self) -> "CodeSearch":
        """Search for codes by words."""
        from knowledge.search import CodeSearch

        return CodeSearch(self)

    @cached_property
    def vocabulary(self) -> "Vocabulary":
        """How clinicians say it."""
        from knowledge.vocabulary import Vocabulary

        shipped = Vocabulary.load(DATA / "vocabulary")
        return shipped.with_learned(self.learned / "problems.csv") if self.learned else shipped

    @cached_property
    def procedures(self) -> "ProcedureTable":
        """CPT and HCPCS facts."""
        from knowledge.beyond import BeyondStarter
        from knowledge.procedures import ProcedureTable

        return ProcedureTable.load(DATA).with_imported(BeyondStarter(self.imported.pick))

    @cached_property
    def modifiers(self) -> "ModifierTable":
        """Modifier rules."""
        from knowledge.modifiers import ModifierTable

        return ModifierTable.load(DATA)

    @cached_property
    def places(self) -> "PlaceTable":
        """Places of service."""
        from knowledge.places import PlaceTable

        return PlaceTable.load(DATA)

    @cached_property
    def edits(self) -> "EditTables":
        """NCCI pairs, unit limits and add-on rules."""
        from knowledge.edits import EditTables

        return EditTables.load(DATA, self.imported.pick)

    @cached_property
    def linkage(self) -> "LinkageTable":
        """Which diagnoses justify which procedures."""
        from knowledge.coverage import CoverageTable
        from knowledge.linkage import LinkageTable

        coverage = CoverageTable(self.imported.pick)
        return LinkageTable.load(DATA, self.procedures).with_coverage(coverage.check, self.contractor)

    @cached_property
    def fees(self) -> "FeeSchedule":
        """The physician fee schedule."""
        from knowledge.fees import FeeSchedule

        return FeeSchedule.load(DATA, self.procedures, self.imported.pick)

    @cached_property
    def payers(self) -> "PayerPacks":
        """Payer packs."""
        from knowledge.payers import PayerPacks

        return PayerPacks.load(DATA)

    @cached_property
    def em(self) -> "EmTable":
        """The table of medical decision making and the E/M families."""
        from knowledge.em import EmTable

        return EmTable.load(DATA / "2026")

    @cached_property
    def chronic(self) -> "ChronicTable":
        """Which diagnoses are chronic conditions."""
        from knowledge.chronic import ChronicTable

        return ChronicTable.load(DATA)

    @cached_property
    def guidelines(self) -> "GuidelineIndex":
        """The guideline digest and its index, kept in ``home``."""
        from knowledge.guidelines import GuidelineIndex

        folder, official = self.home / "guidelines", self._official_guidelines
        if self._embedding is None:
            return GuidelineIndex.open(DATA, folder, official=official)
        from knowledge.guidelines.remote import KnowledgeBase

        made = self._embedding()
        if isinstance(made, KnowledgeBase):
            return GuidelineIndex.open(DATA, folder, official=official, retriever=made)
        return GuidelineIndex.open(DATA, folder, official=official, embedder=made)

    def _official_guidelines(self) -> "tuple[GuidelineSection, ...]":
        """The sections of the imported official guidelines, the newest edition last."""
        from knowledge.guidelines.official import official_sections

        return official_sections(self.imported)
