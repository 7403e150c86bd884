"""Typical mistakes of a coding model: each changes the right claim of a shipped encounter in one way."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Claim = dict[str, Any]
Change = Callable[[Claim], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mistake:
    """What goes wrong, in which encounter, and what has to be said about it.

    Attributes:
        name: of the test case.
        encounter: the shipped encounter that is coded.
        change: breaks the right claim in place.
        rules: rules of the self-check any of which names this mistake; empty when the hand-in itself is refused.
        told: words of the refusal when the hand-in is refused.
    """

    name: str
    encounter: str
    change: Change
    rules: frozenset[str] = frozenset()
    told: str = ""

    def made(self, right: Claim) -> Claim:
        """The right claim with the mistake in it."""
        wrong = deepcopy(right)
        self.change(wrong)
        assert wrong != right, f"{self.name} changes nothing"
        return wrong


def diagnosis(code: str, quote: str) -> Claim:
    return {"code": code, "citations": [{"quote": quote}], "guidelines": [], "rationale": "as read"}


def more(code: str, quote: str) -> Change:
    return lambda c: c["diagnoses"].append(diagnosis(code, quote))


def first(code: str, quote: str) -> Change:
    def change(c: Claim) -> None:
        c["diagnoses"].insert(0, diagnosis(code, quote))
        for line in c["service_lines"]:
            line["pointers"] = [p + 1 for p in line["pointers"]]

    return change


def recode(old: str, new: str) -> Change:
    def change(c: Claim) -> None:
        for item in (*c["diagnoses"], *c["service_lines"]):
            if item["code"] == old:
                item["code"] = new

    return change


def line(code: str, **changes: Any) -> Change:
    def change(c: Claim) -> None:
        next(x for x in c["service_lines"] if x["code"] == code).update(changes)

    return change


def more_line(code: str, quote: str) -> Change:
    new = {"code": code, "pointers": [1], "citations": [{"quote": quote}], "rationale": "as read"}
    return lambda c: c["service_lines"].append(new)


def drop_line(code: str) -> Change:
    def change(c: Claim) -> None:
        c["service_lines"] = [x for x in c["service_lines"] if x["code"] != code]

    return change


def cause_first(c: Claim) -> None:
    c["diagnoses"] = [c["diagnoses"][1], c["diagnoses"][0], *c["diagnoses"][2:]]
    for x in c["service_lines"]:
        x["pointers"] = [2]


def fabricate(c: Claim) -> None:
    c["diagnoses"][0]["citations"] = [{"quote": "The patient has severe pain of both knees"}]


def modifier(code: str) -> list[dict[str, str]]:
    return [{"code": code, "why": "as read"}]


def found(*rules: str) -> frozenset[str]:
    return frozenset(rules)


MEMORY, DIABETES, CHEST = "01-memory-loss", "02-diabetes-heart-depression", "03-chest-pain"
WELLNESS, ANKLE, KNEE = "04-wellness-hypertension-flu", "05-ankle-injury", "06-knee-injection"
OTITIS, PHYSICAL = "09-otitis-strep-test", "10-new-patient-physical"

MISTAKES: tuple[Mistake, ...] = (
    Mistake(
        name="wrong laterality",
        encounter=KNEE,
        change=recode("M17.11", "M17.12"),
        rules=found("dx.laterality"),
    ),
    Mistake(
        name="uncertain diagnosis coded",
        encounter=CHEST,
        change=more("I25.9", "Cardiac ischemia is a possibility"),
        rules=found("dx.uncertain_evidence"),
    ),
    Mistake(
        name="denied condition coded",
        encounter=MEMORY,
        change=more("S09.90XA", "She denies head trauma"),
        rules=found("dx.negated_evidence"),
    ),
    Mistake(
        name="family history coded as the patient's",
        encounter=CHEST,
        change=more("I21.9", "Her father had a heart attack at 61"),
        rules=found("dx.family_evidence"),
    ),
    Mistake(
        name="treatment taken for a diagnosis",
        encounter=MEMORY,
        change=recode("R41.3", "G30.9"),
        rules=found("dx.not_established"),
    ),
    Mistake(
        name="7th character missing", encounter=ANKLE, change=recode("S93.491A", "S93.491"), told="S93.491"
    ),
    Mistake(
        name="category that is not billable",
        encounter=DIABETES,
        change=recode("E11.9", "E11"),
        told="E11 is a category",
    ),
    Mistake(name="unknown diagnosis", encounter=MEMORY, change=recode("R41.3", "R41.77"), told="R41.77"),
    Mistake(
        name="unknown procedure",
        encounter=CHEST,
        change=recode("93000", "93999Z"),
        rules=found("line.format"),
    ),
    Mistake(
        name="Excludes1 pair",
        encounter=DIABETES,
        change=more("F32.1", "depress"),
        rules=found("dx.excludes1"),
    ),
    Mistake(
        name="manifestation first",
        encounter=MEMORY,
        change=first("F02.80", "Memory loss, slowly progressive"),
        rules=found("dx.manifestation_first"),
    ),
    Mistake(
        name="external cause first",
        encounter=ANKLE,
        change=cause_first,
        rules=found("dx.external_cause_first"),
    ),
    Mistake(
        name="symptom with its diagnosis",
        encounter=OTITIS,
        change=more("R07.0", "His throat hurts when he swallows"),
        rules=found("dx.symptom_with_definitive"),
    ),
    Mistake(
        name="unsupported link",
        encounter=WELLNESS,
        change=line("90662", pointers=[2]),
        rules=found("link.vaccine", "link.not_supported"),
    ),
    Mistake(
        name="no pointer", encounter=CHEST, change=line("93000", pointers=[]), told="points to no diagnosis"
    ),
    Mistake(
        name="pointer to nothing", encounter=CHEST, change=line("93000", pointers=[7]), told="points to [7]"
    ),
    Mistake(
        name="units over the MUE", encounter=CHEST, change=line("93000", units=9), rules=found("line.mue")
    ),
    Mistake(
        name="add-on without its primary",
        encounter=PHYSICAL,
        change=recode("90471", "90472"),
        rules=found("line.add_on_without_primary"),
    ),
    Mistake(
        name="25 missing",
        encounter=WELLNESS,
        change=line("99214", modifiers=[]),
        rules=found("line.em_with_preventive", "line.em_with_procedure", "line.ptp_modifier"),
    ),
    Mistake(
        name="59 unsupported",
        encounter=CHEST,
        change=line("93000", modifiers=modifier("59")),
        rules=found("modifier.59_unsupported"),
    ),
    Mistake(
        name="unbundled pair",
        encounter=CHEST,
        change=more_line("93010", "12-lead ECG done in the office"),
        rules=found("line.ptp", "line.ptp_modifier", "line.mutually_exclusive"),
    ),
    Mistake(
        name="ordered test billed",
        encounter=MEMORY,
        change=more_line("84443", "Order TSH and vitamin B12"),
        rules=found("line.ordered_not_done"),
    ),
    Mistake(
        name="vaccine without administration",
        encounter=WELLNESS,
        change=drop_line("G0008"),
        rules=found("line.vaccine_without_administration"),
    ),
    Mistake(name="fabricated evidence", encounter=KNEE, change=fabricate, told="not verbatim"),
    Mistake(
        name="wrong side on the procedure",
        encounter=KNEE,
        change=line("20610", modifiers=modifier("LT")),
        rules=found("modifier.side_documented", "link.side"),
    ),
    Mistake(name="drug units", encounter=KNEE, change=line("J3301", units=1), rules=found("line.drug_units")),
    Mistake(
        name="new-patient code for an established patient",
        encounter=OTITIS,
        change=recode("99213", "99203"),
        rules=found("line.new_patient"),
    ),
)
