"""The JSON of AWS B2B Data Interchange holds the same segments, in the same order and loops."""

import pytest

from tests.tools.claim.seeded import batch
from tests.tools.claim.strategies import envelope
from tools.claim.errors import X12Error
from tools.claim.x12.segments import tokenise
from tools.claim.x12.service_json import service_json
from tools.claim.x12.writer import write_837


def _flat(value):
    """Every segment of the JSON in order, as id and the filled elements by number."""
    for name in ("interchanges", "functional_groups", "transactions", "segments"):
        own = {k: v for k, v in value.items() if not isinstance(v, list)}
        if name in value:
            if own:
                yield _segment(own)
            for below in value[name]:
                yield from _flat(below)
            return
    ((key, inside),) = value.items() if len(value) == 1 else ((None, None),)
    if key and key.endswith("_loop"):
        for below in inside:
            yield from _flat(below)
    else:
        yield _segment(value)


def _segment(row):
    name = next(iter(row)).split("_")[0]
    found = {}
    for key, said in row.items():
        parts = {int(k.rsplit("_", 1)[1]): v for k, v in said.items()} if isinstance(said, dict) else None
        text = ":".join(parts.get(n, "") for n in range(1, max(parts) + 1)) if parts else said
        found[int(key.rsplit("_", 1)[1])] = text
    return name, found


@pytest.mark.parametrize("seed", range(6))
def test_every_segment_is_there_in_its_order(seed):
    text = write_837(batch(seed, 12), envelope())
    wanted = [
        (s.id, {n: t for n, t in enumerate(s.elements) if n and t})
        for s in tokenise(text)
        if s.id not in {"SE", "GE", "IEA"}
    ]
    assert list(_flat(service_json(text))) == wanted


def test_loops_and_composites_are_named_as_the_service_names_them(claim):
    (interchange,) = service_json(write_837([claim], envelope()))["interchanges"]
    (transaction,) = interchange["functional_groups"][0]["transactions"]
    assert transaction["ST_01"] == "837"
    names = [key for row in transaction["segments"] for key in row if key.endswith("_loop")]
    assert names == ["NM1-1000A_loop", "NM1-1000B_loop", "HL-2000A_loop"]
    text = str(transaction)
    assert "'CLM_05': {'CLM_05_01': '11', 'CLM_05_02': 'B', 'CLM_05_03': '1'}" in text
    assert "'LX-2400_loop': [{'LX_01': '1'}, {'SV1_01': {'SV1_01_01': 'HC'" in text


def test_what_is_damaged_is_not_built_anew(claim, x12_file):
    text = write_837([claim], envelope())
    with pytest.raises(X12Error, match="counts 28 segments"):
        service_json(text.replace("SE*29", "SE*28"))
    with pytest.raises(X12Error, match="is no 837"):
        service_json(x12_file("remittance.835"))
