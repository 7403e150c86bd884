"""What the imported coverage articles say of a diagnosis and a procedure; silent where none is imported or speaks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from knowledge.editions import day_number
from knowledge.edits import Pick, Rows
from knowledge.icd10cm import dotted
from knowledge.records import Linkage, Source, Verdict

TABLE: Final = "coverage"
_ARTICLES: Final = """
SELECT a.id, max(a.version), a.title FROM article_procedure p JOIN article a ON a.id = p.id AND a.version = p.version
WHERE p.code = ? AND ? BETWEEN a.first AND a.last GROUP BY a.id ORDER BY a.id
"""
_CONTRACTORS: Final = "SELECT contractor FROM article_contractor WHERE id = ? AND version = ?"
_GROUPS: Final = "SELECT kind, number, procedures, named FROM article_group WHERE id = ? AND version = ?"
_LISTED: Final = """
SELECT kind, number, asterisk FROM article_diagnosis WHERE id = ? AND version = ? AND code = ? ORDER BY kind, number
"""
_CAVEAT: Final = "; marked with an asterisk: a condition of the group applies, read the article"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Article:
    """An article that governs a procedure: its groups of diagnoses that hold for this procedure, by kind."""

    id: str
    version: int
    title: str
    groups: frozenset[tuple[str, str]]
    named: frozenset[str]


class CoverageTable:
    """Billing articles of the Medicare Coverage Database, by procedure, contractor and date."""

    def __init__(self, pick: Pick) -> None:
        self._pick = pick
        self._articles = lru_cache(maxsize=4096)(self._find)

    def check(
        self, diagnosis: str, procedure: str, on: date, contractor: str | None = None
    ) -> Linkage | None:
        """Judge a pair by the articles in force; None where none governs the procedure.

        An article that names contractors holds for them only; one that names none holds for all. A diagnosis on a
        list of non-covered ones is not supported; one on a covered list is; where an article has covered lists for
        the procedure and the diagnosis is on none of them, it is not supported, unless the words of the article name
        it: then the article does not decide.

        Args:
            diagnosis: ICD-10-CM code, with or without dot.
            procedure: CPT or HCPCS code.
            on: date of service.
            contractor: number or id of the Medicare contractor; None when unknown.
        """
        picked = self._pick(TABLE, on)
        if picked is None:
            return None
        edition, rows = picked
        code = dotted(diagnosis)
        open_article: _Article | None = None
        supported: Linkage | None = None
        for article in self._articles(procedure, on, contractor):
            found = rows.rows(_LISTED, (article.id, article.version, code))
            listed = [row for row in found if (row[0], row[1]) in article.groups]
            if any(kind == "noncovered" for kind, _, _ in listed):
                return _said("not_supported", diagnosis, procedure, article, edition, listed)
            if listed and supported is None:
                supported = _said("supported", diagnosis, procedure, article, edition, listed)
            if open_article is None and code not in article.named and _has_covered(article):
                open_article = article
        if supported is not None or open_article is None:
            return supported
        return _said("not_supported", diagnosis, procedure, open_article, edition, ())

    def _find(self, procedure: str, on: date, contractor: str | None) -> tuple[_Article, ...]:
        picked = self._pick(TABLE, on)
        if picked is None:
            return ()
        _, rows = picked
        return tuple(
            _article(rows, name, version, title, procedure)
            for name, version, title in rows.rows(_ARTICLES, (procedure, day_number(on)))
            if _governs(rows, name, version, contractor)
        )


def _governs(rows: Rows, name: str, version: int, contractor: str | None) -> bool:
    named = {row[0] for row in rows.rows(_CONTRACTORS, (name, version))}
    return not named or contractor in named


def _article(rows: Rows, name: str, version: int, title: str, procedure: str) -> _Article:
    """Take the groups whose paragraph names the procedure, and those whose paragraph names none."""
    found = rows.rows(_GROUPS, (name, version))
    held = [row for row in found if not row[2] or procedure in row[2].split(" ")]
    return _Article(
        id=name,
        version=version,
        title=title,
        groups=frozenset((kind, number) for kind, number, _, _ in held),
        named=frozenset(code for row in held for code in row[3].split(" ")),
    )


def _has_covered(article: _Article) -> bool:
    return any(kind == "covered" for kind, _ in article.groups)


def _said(
    verdict: Verdict,
    diagnosis: str,
    procedure: str,
    article: _Article,
    edition: str,
    listed: Iterable[tuple[str, str, int]],
) -> Linkage:
    wanted = "covered" if verdict == "supported" else "noncovered"
    kind, number, starred = next((row for row in listed if row[0] == wanted), ("", "", 0))
    words = {"covered": "is on the covered list of", "noncovered": "is on the non-covered list of"}
    why = f"{diagnosis} {words.get(kind, 'is on no covered list of')} {article.id} for {procedure} ({article.title})"
    row = f"{article.id} v{article.version}" + (f" {kind} group {number} {dotted(diagnosis)}" if kind else "")
    return Linkage(
        diagnosis=diagnosis,
        procedure=procedure,
        verdict=verdict,
        reason=why + (_CAVEAT if starred else ""),
        source=Source(table=TABLE, edition=edition, row=row),
    )
