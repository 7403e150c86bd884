"""Office services end to end from a bare note: each documented as done, and its near miss that is only planned."""

import pytest

from agent.context import Context
from agent.run import code_encounter, make_context
from agent.settings import load_settings
from tools.fhir.context_file import context_of
from tools.intake import read_bytes

SAID = {
    "age": 50, "sex": "female", "new_patient": False, "place_of_service": "11", "date_of_service": "2026-03-16",
    "payer": "commercial", "encounter": "probe",
}  # fmt: skip


@pytest.fixture(scope="module")
def context() -> Context:
    return make_context(load_settings(), pdf=False)


def codes(context: Context, assessment: str, done: str, plan: str) -> set[str]:
    procedure = f"PROCEDURE: {done}\n" if done else ""
    note = f"CC: Visit.\nASSESSMENT: {assessment}\n{procedure}PLAN: {plan}\n"
    result = code_encounter(read_bytes(note.encode(), "probe", context_of(SAID)), context=context)
    return {line.code for line in result.coding.service_lines}


PROBES = [
    ("Irritated nevus of the left arm.", "Shave biopsy of the lesion on the left arm was performed today.",
     "Shave biopsy will be done next week.", {"11102"}),
    ("Ingrown toenail, right great toe.", "Partial nail avulsion of the right great toe was performed today.",
     "Return next week for nail avulsion.", {"11730"}),
    ("Vitamin B12 deficiency.", "Cyanocobalamin 1000 mcg IM was given in the left deltoid today.",
     "Cyanocobalamin 1000 mcg IM will be given next month.", {"96372", "J3420"}),
    ("Plantar warts of the left foot.", "Three warts were treated with liquid nitrogen cryotherapy today.",
     "Cryotherapy next visit if not better.", {"17110"}),
    ("Impacted cerumen, right ear.", "Impacted cerumen of the right ear was removed with a curette today.",
     "Cerumen to be removed with a curette next week.", {"69210"}),
    ("Asthma exacerbation, mild persistent.", "Albuterol nebulizer treatment was given in the office today.",
     "Albuterol nebulizer treatments as needed.", {"94640"}),
    ("COPD.", "Spirometry was performed in the office today.", "Order spirometry.", {"94010"}),
    ("Acute cystitis.", "Urine dipstick done in the office today.", "Urinalysis sent to the laboratory.", {"81002"}),
    ("Hypertension, controlled.", "Quadrivalent influenza vaccine 0.5 mL IM was given today in the left deltoid.",
     "Flu vaccine will be given next month.", {"90471"}),
    ("Abscess of the left buttock.", "The abscess was incised and drained today under lidocaine.",
     "Incision and drainage if it does not open.", {"10060"}),
    ("Laceration of the right forearm.", "The 2.0 cm laceration of the right forearm was repaired today with sutures.",
     "The laceration will be repaired in the emergency department.", {"12001"}),
    ("Laceration of the right forearm.", "The 3.0 cm laceration of the right forearm was closed today with sutures.",
     "The laceration was closed at an urgent care yesterday.", {"12002"}),
    ("Major depressive disorder, moderate.", "PHQ-9 was administered today, scored 14.",
     "PHQ-9 at the next visit.", {"96127"}),
    ("Acute cystitis.", "Urine dipstick in the office (automated): nitrite positive.",
     "Urinalysis (automated) at the laboratory.", {"81003"}),
    ("Influenza A.", "Rapid influenza A and B in the office: A positive.", "Rapid influenza A and B if fever returns.", {"87804"}),
    ("Neoplasm of uncertain behavior of skin of the back.", "Shave biopsy of the back was performed. Specimen to pathology.",
     "Shave biopsy next week, specimen to pathology.", {"11102"}),
]  # fmt: skip


@pytest.mark.parametrize(("assessment", "done", "planned", "wanted"), PROBES)
def test_a_service_done_is_billed_and_one_planned_is_not(
    context: Context, assessment: str, done: str, planned: str, wanted: set[str]
) -> None:
    assert wanted <= codes(context, assessment, done, "Return as needed.")
    assert not wanted & codes(context, assessment, "", planned)
