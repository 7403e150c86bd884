"""Queries and opportunities: an answer becomes a signed addendum, the encounter is coded again, the difference is kept."""

from dataclasses import replace
from typing import TYPE_CHECKING

from agent.desk import rows
from agent.desk.addendum import addendum_id, with_addendum
from agent.desk.book import Change, Entry, Row, dumped
from agent.desk.deciding import context_for
from agent.desk.difference import difference
from agent.desk.errors import EditRefused, NoSuchQuery, NotWaiting
from agent.desk.keep import opening, query_id
from agent.desk.people import Person
from agent.desk.records import Answered, Difference, OpportunityRecord, Query
from agent.desk.source import unpacked
from agent.run import CodingResult, code_encounter, forget
from tools.fhir.source import RawEncounter
from tools.proposal import Opportunity, ProviderQuery

if TYPE_CHECKING:
    from agent.desk.desk import Desk


def answer(desk: "Desk", own: str, person: Person, text: str) -> Answered:
    """See ``Desk.answer``."""
    encounter = _open_query(desk, own)["encounter"]
    with desk.store.alone(desk.tenant, encounter):
        return _answer(desk, _open_query(desk, own), person, text)


def _answer(desk: "Desk", row: Row, person: Person, text: str) -> Answered:
    own = row["id"]
    said = text.strip()
    if not said:
        raise EditRefused("an answer needs words; write full sentences, they become part of the record")
    source = desk.book.source(row["encounter"])
    if source is None:
        raise NotWaiting(f"{row['encounter']}: its source is not kept in this store; code it again first")
    case = desk.case(row["encounter"])
    work = desk.row(row["encounter"])
    at = desk.clock()
    raw = with_addendum(unpacked(source), case.facts, own, said, person.name, at)
    result = _code(desk, work, raw)
    changed = difference(case.claim, result.claim, case.item.status, result.status)
    _keep_answer(desk, row, person, said, changed, result)
    if result.thread != work["thread"]:
        forget(desk.session.graph, work["thread"])
    document = result.state["facts"].document(addendum_id(own))
    if document is None:
        raise NotWaiting(f"{row['encounter']}: the addendum can not be read back; code it again")
    return Answered(
        query=_kept(desk, row),
        document=document,
        status=result.coding.status,
        difference=changed,
    )


def dismiss(desk: "Desk", own: str, person: Person, reason: str) -> Query:
    """See ``Desk.dismiss``."""
    said = reason.strip()
    if not said:
        raise EditRefused("a query is dismissed with a reason; say why the provider need not be asked")
    with desk.store.alone(desk.tenant, _open_query(desk, own)["encounter"]):
        row, at = _open_query(desk, own), desk.clock()
        detail = {"query": own, "question": row["question"], "reason": said, "role": person.role}
        desk.book.write(
            (
                "update query set status = 'dismissed', answer = ?, answered_by = ?, answered_at = ? where id = ?",
                (said, person.name, at.isoformat(), own),
            ),
            entry=Entry(person.name, "dismiss", "", row["encounter"], detail, at),
        )
    return _kept(desk, row)


def _kept(desk: "Desk", row: Row) -> Query:
    """The query of a row as it stands by now."""
    return next(q for q in desk.queries(status=None, encounter=row["encounter"]) if q.id == row["id"])


def _code(desk: "Desk", work: Row, raw: RawEncounter) -> CodingResult:
    """Code it again, by the session's model whichever it was coded by before."""
    context = context_for(desk.session, desk.tenant, work)
    spec = desk.session.context.model_spec
    return code_encounter(raw, context=replace(context, model_spec=spec), graph=desk.session.graph)


def _open_query(desk: "Desk", own: str) -> Row:
    found = next((q for q in desk.book.queries("open") if q["id"] == own), None)
    if found is None:
        raise NoSuchQuery(f"{own}: no open query of this practice; see superbill queries")
    return found


def _keep_answer(
    desk: "Desk", row: Row, person: Person, text: str, changed: Difference, result: CodingResult
) -> None:
    at = desk.clock()
    detail = {
        "query": row["id"],
        "question": row["question"],
        "answer": text,
        "role": person.role,
        "document": addendum_id(row["id"]),
        "effect": changed.model_dump(mode="json"),
    }
    entry = Entry(
        person.name, "answer", result.claim.claim_id if result.claim else "", row["encounter"], detail, at
    )
    unsettled = [q for q in result.coding.queries if q.question == row["question"]]
    desk.book.write(
        (
            "update query set status = 'answered', answer = ?, answered_by = ?, answered_at = ?, effect = ? where id = ?",
            (text, person.name, at.isoformat(), dumped(changed), row["id"]),
        ),
        *(_ask_again(desk, row["encounter"], asked) for asked in unsettled),
        entry=entry,
    )


def _ask_again(desk: "Desk", encounter: str, asked: ProviderQuery) -> Change:
    times = sum(q.question == asked.question for q in desk.queries(status=None, encounter=encounter))
    return opening(desk.tenant, encounter, asked, query_id(desk.tenant, encounter, asked.question, times))


def opportunity(
    desk: "Desk", encounter: str, person: Person, *, code: str, accept: bool, reason: str
) -> OpportunityRecord:
    """See ``Desk.opportunity``. Laws 5 and 6: nothing is billed by accepting; what is missing is asked of the provider."""
    case = desk.case(encounter)
    found = next((o for o in case.coding.opportunities if o.code == code), None)
    if found is None:
        raise EditRefused(f"{encounter}: the coding shows no opportunity {code}")
    asked = _question(found) if accept and found.missing else None
    own = query_id(desk.tenant, encounter, asked.question, kind="opportunity") if asked else None
    at = desk.clock()
    detail = {"code": code, "accepted": accept, "role": person.role, "reason": reason, "query": own}
    entry = Entry(
        person.name, "opportunity", case.claim.claim_id if case.claim else "", encounter, detail, at
    )
    values = (desk.tenant, encounter, code, int(accept), person.name, at.isoformat(), reason, own)
    desk.book.write(
        (
            "insert into opportunity (tenant, encounter, code, accepted, by, at, reason, query) values (?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        ),
        *([opening(desk.tenant, encounter, asked, own)] if asked and own else ()),
        entry=entry,
    )
    return rows.opportunity(desk.book.opportunities(encounter)[-1])


def _question(found: Opportunity) -> ProviderQuery:
    """Open, and without a suggested answer."""
    wanted = "; ".join(found.missing)
    return ProviderQuery(
        question=f"The record does not tell: {wanted}. What, if anything, was done at this visit?",
        why=f"{found.code} depends on it ({found.guideline}); documented so far: {'; '.join(found.documented) or 'nothing'}",
    )
