"""The generated parts of the README are what the code says today."""

from agent.docs import README, regenerated


def test_readme_is_fresh() -> None:
    now = README.read_text(encoding="utf-8")
    assert regenerated(now) == now, "README.md is stale: run make docs"


def test_a_changed_drawing_is_noticed() -> None:
    now = README.read_text(encoding="utf-8")
    assert regenerated(now.replace("self_check(self_check)", "gone(gone)")) == now
