"""The entity map of the report: entities by concept and assertion, links drawn once, nothing where nothing was read."""

import orjson
from langchain_core.messages import ToolMessage

from agent.report.entity_map import WIDTH, entity_map


def mention(concept, kind="problem", **more):
    base = {"kind": kind, "concept": concept, "assertion": "present", "temporality": "recent"}
    return {**base, "experiencer": "patient", "links": [], **more}


def answer(*documents, name="read_note", status="success"):
    body = {"documents": [{"id": str(i), "mentions": list(d)} for i, d in enumerate(documents)]}
    return ToolMessage(orjson.dumps(body).decode(), name=name, tool_call_id="1", status=status)


def named(drawn):
    return {node.full: node for node in drawn.nodes}


def test_a_drug_is_joined_to_the_problem_it_is_for_from_edge_to_edge():
    drawn = entity_map([answer([mention("gout"), mention("allopurinol", "medication", links=[0])])])
    (link,) = drawn.links
    gout, drug = named(drawn)["gout: present"], named(drawn)["allopurinol: present"]
    assert link.start == (gout.x + WIDTH, gout.y + 11)
    assert link.end == (drug.x, drug.y + 11)
    assert [name for name, _ in drawn.headings] == ["Problems", "Medications"]


def test_mentions_of_one_concept_are_one_entity_unless_their_assertion_differs():
    cough = [mention("cough"), mention("cough"), mention("cough", assertion="absent")]
    drawn = entity_map([answer(cough, [mention("cough")])])
    assert named(drawn)["cough: present"].mentions == 3
    assert named(drawn)["cough: absent"].mentions == 1


def test_a_relative_and_the_past_have_their_own_colour():
    drawn = entity_map(
        [
            answer(
                [
                    mention("stroke", "family", experiencer="family"),
                    mention("asthma", temporality="historical"),
                ]
            )
        ]
    )
    assert {n.colour for n in drawn.nodes} == {"relative", "historical"}


def test_a_link_told_twice_is_drawn_once_and_linked_entities_stand_first():
    note = [
        mention("cough"),
        mention("gout"),
        mention("urate", "test", links=[1]),
        mention("urate", "test", links=[1]),
    ]
    drawn = entity_map([answer(note)])
    assert len(drawn.links) == 1
    assert named(drawn)["gout: present"].y < named(drawn)["cough: present"].y


def test_the_last_reading_counts_and_other_tools_or_errors_are_no_reading():
    older, newer = answer([mention("cough")]), answer([mention("gout")])
    other = answer([mention("fever")], name="get_history")
    failed = answer([mention("rash")], status="error")
    assert list(named(entity_map([older, newer, other, failed]))) == ["gout: present"]
    assert entity_map([other]).nodes == ()


def test_dates_and_vitals_are_no_entities():
    assert entity_map([answer([mention("date", "time"), mention("pulse", "vital")])]).nodes == ()
