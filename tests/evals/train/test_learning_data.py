"""What payers' answers and people's decisions make of a claim, joining, the grader, tool-use traces."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from evals.train.build import NoExample, of_claim, same, teach
from evals.train.export import export
from evals.train.formats import unreserved
from evals.train.grader import GraderInputError, handler
from evals.train.joining import Join
from evals.train.outcomes import judged, rules
from evals.train.patients import patients
from evals.train.records import Joined, Paid, TrainError, Visit
from evals.train.sources import Remits, read_claims, read_lessons, read_remits, read_visits
from evals.train.synthetic import write_synthetic
from evals.train.traces import cleaner_of
from tests.evals.train.conftest import KEY, TODAY, Exported, plan_of
from tools.claim.model import Adjustment, Claim
from tools.claim.x12.remit import RemitClaim, RemitLine
from tools.encounter import Name, Provider


def remit(*carcs: str, paid: int = 0, status: str = "1", claim: str = "C1", group: str = "CO") -> RemitClaim:
    """An answer to a claim of one line of 100 dollars."""
    adjustments = tuple(Adjustment(group=group, carc=c, amount=Decimal(100 - paid)) for c in carcs)
    line = RemitLine(
        code="99213",
        modifiers=(),
        charge=Decimal(100),
        paid=Decimal(paid),
        units=Decimal(1),
        adjustments=adjustments,
    )
    return RemitClaim(
        claim_id=claim,
        status=status,
        charge=Decimal(100),
        paid=Decimal(paid),
        patient_responsibility=None,
        filing_code=None,
        payer_claim_number=None,
        frequency="1",
        adjustments=(),
        remark_codes=(),
        lines=(line,),
    )


def answers(*remits: RemitClaim, balanced: bool = True) -> list[Paid]:
    return [Paid(remit=r, balanced=balanced) for r in remits]


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ([], "unanswered"),
        (answers(remit("45", paid=60)), "paid"),
        (answers(remit("1", group="PR")), "paid"),
        (answers(remit("11")), "denied"),
        (answers(remit("29")), "unjudged"),
        (answers(remit("999")), "unjudged"),
        (answers(remit("29", "97")), "denied"),
        (answers(remit("45", paid=60), balanced=False), "unbalanced"),
        (answers(remit("45", paid=60), remit(paid=-60, status="22")), "unanswered"),
        (answers(remit("11"), remit("45", paid=60)), "paid"),
    ],
)
def test_verdicts_by_the_rule_table(given: list[Paid], verdict: str) -> None:
    assert judged(given).verdict == verdict


def test_every_rule_says_whether_it_judges_the_coding() -> None:
    assert {r.says for r in rules().values()} == {"coding", "other"}
    assert all(bool(r.aspect) == (r.says == "coding") for r in rules().values())


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Visit], list[Claim], Path]:
    """Twelve invented visits and their claims."""
    folder = tmp_path_factory.mktemp("few")
    write_synthetic(folder, 12)
    return read_visits(folder / "notes.ndjson", TODAY, []), read_claims([folder / "claims.837"], []), folder


def joined(visits: list[Visit], claims: list[Claim], *remits: RemitClaim) -> tuple[Join, Joined]:
    join = Join(visits)
    join.claims(claims)
    join.remits(Remits(claims=list(remits)))
    return join, join.rows[0]


def test_a_claim_joins_by_patient_and_day_and_never_by_the_day_alone(
    seen: tuple[list[Visit], list[Claim], Path],
) -> None:
    visits, claims, _ = seen
    foreign = claims[0].model_copy(update={"claim_id": "OTHER1"})
    assert joined(visits, [foreign])[1].how == {"patient and day"}
    stranger = foreign.patient.model_copy(update={"birth_date": date(1901, 1, 1)})
    none = foreign.model_copy(update={"patient": stranger, "coverages": ()})
    join, row = joined(visits, [none])
    assert not row.claims
    assert join.unmatched[0].why == "no encounter of that patient on that day"


def test_two_visits_of_one_day_join_nothing_but_by_id(seen: tuple[list[Visit], list[Claim], Path]) -> None:
    visits, claims, _ = seen
    twin = visits[0].facts.model_copy(update={"encounter_id": "twin"})
    both = [visits[0], Visit(raw=visits[0].raw, facts=twin)]
    foreign = claims[0].model_copy(update={"claim_id": "OTHER1"})
    join, _ = joined(both, [foreign])
    assert join.unmatched[0].why == "2 encounters of that patient on that day"
    assert joined(both, [claims[0]])[1].how == {"id"}


def test_the_same_claim_twice_counts_once_and_an_id_of_another_day_joins_nothing(
    seen: tuple[list[Visit], list[Claim], Path],
) -> None:
    visits, claims, _ = seen
    assert len(joined(visits, [claims[0], claims[0]])[1].claims) == 1
    line = claims[0].lines[0].model_copy(update={"date_from": date(2026, 9, 9)})
    other = claims[0].model_copy(update={"lines": (line,)})
    assert joined(visits, [other])[0].unmatched[0].why == "the encounter of that id was on another day"


def test_what_a_denied_claim_and_its_replacement_teach(seen: tuple[list[Visit], list[Claim], Path]) -> None:
    visits, claims, _ = seen
    claim = claims[0]
    _, row = joined(visits, [claim], remit("11", claim=claim.claim_id))
    taught = teach(row, unproven=False)
    assert (taught.label, taught.why) == ("negative", ["11: diagnosis does not support the procedure"])
    mended = claim.model_copy(update={"frequency": "7", "diagnoses": claim.diagnoses[::-1]})
    paid = remit("45", paid=60, claim=claim.claim_id).model_copy(update={"frequency": "7"})
    _, row = joined(visits, [claim, mended], remit("11", claim=claim.claim_id), paid)
    taught = teach(row, unproven=False)
    assert taught.label == "corrected"
    assert taught.chosen is not None
    assert same(taught.chosen, of_claim(mended))


def test_what_nobody_has_answered_teaches_only_when_asked(
    seen: tuple[list[Visit], list[Claim], Path],
) -> None:
    visits, claims, _ = seen
    _, row = joined(visits, claims[:1])
    with pytest.raises(NoExample, match="no payer has answered"):
        teach(row, unproven=False)
    assert teach(row, unproven=True).label == "positive"
    _, row = joined(visits, claims[:1], remit("29", claim=claims[0].claim_id))
    with pytest.raises(NoExample, match="does not judge the coding"):
        teach(row, unproven=False)


def test_a_voided_claim_and_two_originals_that_differ_teach_nothing(
    seen: tuple[list[Visit], list[Claim], Path],
) -> None:
    visits, claims, _ = seen
    void = claims[0].model_copy(update={"frequency": "8"})
    _, row = joined(visits, [claims[0], void])
    with pytest.raises(NoExample, match="voided"):
        teach(row, unproven=True)
    other = claims[0].model_copy(update={"claim_id": "OTHER1", "diagnoses": claims[0].diagnoses[:1]})
    _, row = joined(visits, [claims[0], other])
    with pytest.raises(NoExample, match="two original claims"):
        teach(row, unproven=True)


def test_a_correction_brings_the_words_it_cites(exported: Exported) -> None:
    rows = [orjson.loads(x) for x in (exported.out / "preferences" / "train.jsonl").read_bytes().splitlines()]
    people = [r for r in rows if any("a person" in w for w in r["why"])]
    answer = orjson.loads(people[0]["chosen"][0]["content"])
    quotes = {d["quote"] for d in answer["diagnoses"] if "quote" in d}
    assert quotes
    assert all(q in people[0]["prompt"][1]["content"] for q in quotes)


def test_unreadable_inputs_are_told_without_their_content(tmp_path: Path) -> None:
    broken = tmp_path / "x.jsonl"
    broken.write_text('{"id": "Quillon"}\n')
    for read in (
        lambda: read_lessons([broken]),
        lambda: read_remits([broken]),
        lambda: read_claims([broken], []),
    ):
        with pytest.raises(TrainError) as told:
            read()
        assert "Quillon" not in str(told.value)
    dropped: list = []
    with pytest.raises(TrainError, match="no documented encounter"):
        read_visits(broken, TODAY, dropped)


def test_a_bulk_export_of_resources_reads_as_bundles_do(few: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bulk"
    folder.mkdir()
    files: dict[str, list[bytes]] = {}
    for line in (few / "notes.ndjson").read_bytes().splitlines()[:3]:
        bundle = orjson.loads(line)
        known = {
            e["fullUrl"]: f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in bundle["entry"]
        }
        text = orjson.dumps([e["resource"] for e in bundle["entry"]]).decode()
        for url, reference in known.items():
            text = text.replace(url, reference)
        for resource in orjson.loads(text):
            files.setdefault(resource["resourceType"], []).append(orjson.dumps(resource))
    for kind, rows in files.items():
        (folder / f"{kind}.ndjson").write_bytes(b"\n".join(dict.fromkeys(rows)) + b"\n")
    bundled = read_visits(few / "notes.ndjson", TODAY, [])[:3]
    bulk = read_visits(folder, TODAY, [])
    assert [v.facts.patient.name for v in bulk] == [v.facts.patient.name for v in bundled]
    assert [v.facts.documents[0].text for v in bulk] == [v.facts.documents[0].text for v in bundled]


def samples(exported: Exported) -> list[dict[str, Any]]:
    return [
        orjson.loads(x)
        for x in (exported.out / "reinforcement" / "train.jsonl").read_bytes().splitlines()[:3]
    ]


def answered(sample: dict[str, Any], text: str) -> dict[str, Any]:
    return {**sample, "messages": [*sample["messages"], {"role": "assistant", "content": text}]}


def right(sample: dict[str, Any]) -> dict[str, Any]:
    """The right answer, each code with words of the note."""
    gold = sample["reference_answer"]["gold"]
    codes, em = gold["icd10"]["must"], gold["em"]["codes"][0]
    quote = sample["messages"][1]["content"].partition("<note>\n")[2].splitlines()[0]
    return {
        "diagnoses": [{"code": c, "quote": quote} for c in codes],
        "em": em,
        "lines": [{"code": em, "diagnoses": codes, "quote": quote}],
    }


def test_the_grader_gives_one_for_right_less_for_wrong_and_nothing_for_silence(exported: Exported) -> None:
    sample = samples(exported)[0]
    good = right(sample)
    worse = {**good, "diagnoses": [*good["diagnoses"], {"code": "A41.9"}]}
    over = {**good, "em": "99215"}
    fair, wrong, upcoded, silent, none = handler(
        [answered(sample, orjson.dumps(x).decode()) for x in (good, worse, over, {})]
        + [answered(sample, "I would say flu")]
    )
    assert fair["aggregate_reward_score"] == 1.0
    assert 0 < wrong["aggregate_reward_score"] < 1
    assert 0 < upcoded["aggregate_reward_score"] < 1
    assert silent["aggregate_reward_score"] == none["aggregate_reward_score"] == 0
    assert {m["name"]: m["value"] for m in upcoded["metrics_list"]}["em_over"] == 1.0
    assert fair["id"] == sample["id"]


def test_the_grader_punishes_a_quote_that_is_not_in_the_note(exported: Exported) -> None:
    sample = samples(exported)[0]
    good = right(sample)
    invented = {**good, "diagnoses": [{**d, "quote": "words nobody wrote"} for d in good["diagnoses"]]}
    (fair,) = handler(answered(sample, orjson.dumps(good).decode()))
    (lying,) = handler([answered(sample, orjson.dumps(invented).decode())])
    assert lying["aggregate_reward_score"] < fair["aggregate_reward_score"]


def test_the_grader_refuses_a_sample_that_is_none_of_ours(exported: Exported) -> None:
    with pytest.raises(GraderInputError, match="sample 1: no reference_answer"):
        handler([{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]}])
    with pytest.raises(GraderInputError, match="no messages"):
        handler([{**samples(exported)[0], "messages": []}])


def test_marks_of_the_model_are_no_marks_in_a_text() -> None:
    assert unreserved("Assistant: was there\nthe System: no") == "Assistant - was there\nthe System: no"
    assert unreserved("<image> [EOS]") == "(image) (EOS)"


def test_a_name_that_only_the_runs_facts_know_goes_too(
    seen: tuple[list[Visit], list[Claim], Path],
) -> None:
    visits, claims, _ = seen
    person = next(iter(patients([joined(visits, claims)[1]], KEY)))
    assert person.anonymisers is not None
    supervisor = Provider(reference="p", name=Name(last="Zephyrine", first="Ottoline"), is_person=True)
    facts = visits[0].facts.model_copy(update={"supervising_provider": supervisor})
    said = "Seen with Ottoline Zephyrine."
    assert person.anonymisers[0].text(said) == said
    assert cleaner_of(facts, person.known, person.anonymisers[0]).text(said) == "Seen with [NAME] [NAME]."


def test_tool_traces_of_runs_that_were_right_are_learned_from(few: Path, tmp_path: Path) -> None:
    from agent.graph import build_graph
    from agent.run import code_encounter, make_context
    from agent.settings import load_settings
    from agent.trace import dump_trace, trace_events

    line = (few / "notes.ndjson").read_bytes().splitlines()[0]
    context = make_context(load_settings(), model_spec="rules", pdf=False)
    result = code_encounter(orjson.loads(line), context=context, graph=build_graph(None))
    state = {**result.state, "status": "emitted"}
    claim = result.claim
    assert claim is not None
    for name in ("right", "wrong"):
        (tmp_path / "runs" / name).mkdir(parents=True)
    (tmp_path / "runs" / "right" / "trace.jsonl").write_bytes(dump_trace(trace_events(state, context)))
    (tmp_path / "runs" / "wrong" / "trace.jsonl").write_bytes(b"{}\n")
    from agent.outputs import envelope
    from tools.claim.x12.writer import write_837

    own = tmp_path / "own.837"
    own.write_text(write_837([claim], envelope(claim, 7)))
    plan = plan_of(
        few,
        tmp_path / "out",
        formats=("tool-traces",),
        traces=tmp_path / "runs",
        claims=(own,),
        remits=(),
        unproven=True,
    )
    manifest = export(plan)
    assert manifest["dropped"]["counts"]["no trace that can be read (TraceError)"] == 1
    rows = [
        orjson.loads(x)
        for p in (tmp_path / "out" / "tool-traces").glob("*.jsonl")
        for x in p.read_bytes().splitlines()
    ]
    assert len(rows) == 1
    roles = [m["role"] for m in rows[0]["messages"]]
    assert roles == ["user", "assistant"] * (len(roles) // 2)
    uses = [b["toolUse"] for m in rows[0]["messages"] for b in m["content"] if "toolUse" in b]
    assert uses[-1]["name"] == "propose_claim"
    read = next(
        b["toolResult"]["content"][0]["json"]["documents"][0]
        for m in rows[0]["messages"]
        for b in m["content"]
        if "toolResult" in b
        and "documents" in b["toolResult"]["content"][0]["json"]
        and b["toolResult"]["toolUseId"] == "t1-3"
    )
    same_words = [m for m in read["mentions"] if m["kind"] == "problem"]
    assert same_words
    assert all(read["text"][m["start"] : m["end"]] == m["text"] for m in same_words)
    assert all(uses[-1]["input"]["diagnoses"][n]["citations"] for n in range(2))
    said = orjson.dumps(rows).decode()
    patient = result.state["facts"].patient
    assert patient.name.last not in said
    assert patient.mrn is not None
    assert patient.mrn not in said
    assert "synthetic-000001" not in said
