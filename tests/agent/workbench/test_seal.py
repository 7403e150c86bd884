import pytest

from agent.workbench.seal import Seal

SEAL = Seal(b"k" * 32)


@pytest.mark.parametrize("name", ["e1", "01-memory-loss", "x" * 100, "Encounter/ünïcode"])
def test_an_id_opens_again_and_does_not_show(name):
    token = SEAL.close("north", "case", name)
    assert SEAL.open("north", "case", token) == name
    assert name not in token
    assert token == SEAL.close("north", "case", name)


def test_short_ids_have_tokens_of_one_length():
    assert len({len(SEAL.close("north", "case", "x" * n)) for n in range(1, 33)}) == 1


@pytest.mark.parametrize(("tenant", "kind"), [("south", "case"), ("north", "query")])
def test_it_opens_for_its_own_tenant_and_kind_only(tenant, kind):
    assert SEAL.open(tenant, kind, SEAL.close("north", "case", "e1")) is None


@pytest.mark.parametrize("token", ["", "e1", "!!", "ü", "A" * 64])
def test_what_was_not_sealed_does_not_open(token):
    assert SEAL.open("north", "case", token) is None


def test_another_key_opens_nothing():
    assert Seal(b"j" * 32).open("north", "case", SEAL.close("north", "case", "e1")) is None
