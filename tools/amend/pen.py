"""What an edit is written with: codes of the edition in force and words of the record, verbatim.

Laws 1 and 2 hold for people too. Whether the words support the code is judged by the self-check.
"""

from knowledge.bookshelf import Bookshelf
from knowledge.records import Evidence, FhirEvidence, NoteEvidence
from tools.amend.edits import EditError, Quote
from tools.encounter import EncounterFacts


class Pen:
    """What an edit is written with: it knows codes and finds quotations."""

    def __init__(self, *, facts: EncounterFacts, bookshelf: Bookshelf, why: str) -> None:
        self._facts = facts
        self._bookshelf = bookshelf
        self.why = why

    def diagnosis_code(self, code: str) -> None:
        """Refuse a code that is unknown on the date of service, or a category."""
        found = self._bookshelf.icd.find(code, self._facts.date_of_service)
        if found is None:
            raise EditError(f"{code} is not an ICD-10-CM code of the edition in force; search for it")
        if not found.billable:
            raise EditError(f"{code} is a category; it needs {found.needs or 'more characters'}")

    def evidence(self, quotes: tuple[Quote, ...], code: str) -> tuple[Evidence, ...]:
        """The quotations as evidence, each found in the record; at least one."""
        if not quotes:
            raise EditError(f"{code} needs evidence: quote the record, or ask the provider")
        return tuple(self._one(q, code) for q in quotes)

    def _one(self, quote: Quote, code: str) -> Evidence:
        if quote.reference is not None:
            item = next((h for h in self._facts.history if h.reference == quote.reference), None)
            if item is None:
                raise EditError(f"{code}: {quote.reference} is not in the history")
            return FhirEvidence(
                reference=item.reference, pointer=item.pointer, text=item.display, sha256=item.sha256
            )
        return self._words(quote, code)

    def _words(self, quote: Quote, code: str) -> Evidence:
        words = quote.quote or ""
        if not words.strip():
            raise EditError(f"{code}: give 'quote' (words of a document) or 'reference' (of the history)")
        for document in self._facts.documents:
            if quote.document not in {None, document.id}:
                continue
            start = quote.start if quote.start is not None else document.text.find(words)
            if start >= 0 and document.text[start : start + len(words)] == words:
                return NoteEvidence(document=document.id, text=words, start=start, end=start + len(words))
        raise EditError(f"{code}: the words quoted do not stand in the record; quote them exactly")
