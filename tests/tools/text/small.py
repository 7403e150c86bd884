"""A small vocabulary: enough to read the test notes, independent of the shipped one."""

from knowledge.vocabulary import (
    AnatomyTerm,
    MedicationTerm,
    ProblemTerm,
    ServiceTerm,
    TestTerm,
    Vocabulary,
)

PROBLEMS = """hypertension|I10|disorder
type 2 diabetes|E11.9|disorder
diabetes|E11.9|disorder
hyperlipidemia|E78.5|disorder
pneumonia|J18.9|disorder
stroke|I63.9|disorder
myocardial infarction|I21.9|disorder
chest pain|R07.9|symptom
fever|R50.9|symptom
chills|R68.83|symptom
cough|R05.9|symptom
nausea|R11.0|symptom
vomiting|R11.10|symptom
shortness of breath|R06.02|symptom
headache|R51.9|symptom
dementia|F03.90|disorder
depression|F32.A|disorder
neuropathy|G62.9|disorder
gout|M10.9|disorder
knee pain|M25.56|symptom
back pain|M54.9|symptom
erectile dysfunction|N52.9|disorder
former smoker|Z87.891|status
murmur|R01.1|finding
fracture|T14.8|injury
edema|R60.9|finding
urinary tract infection|N39.0|disorder
asthma|J45.909|disorder
fall|W19|external
rash|R21|finding
colon cancer|C18.9|disorder
memory loss|R41.3|symptom"""
CAPS = "ed|N52.9|disorder"
MEDICATIONS = """lisinopril|lisinopril
metformin|metformin
lasix|furosemide
furosemide|furosemide
torsemide|torsemide
tramadol|tramadol
aspirin|aspirin
prednisone|prednisone
aricept|donepezil
penicillin|penicillin
testosterone|testosterone
triamcinolone|triamcinolone"""
TESTS = """hemoglobin a1c|hemoglobin a1c|lab
a1c|hemoglobin a1c|lab
cbc|complete blood count|lab
tsh|thyroid stimulating hormone|lab
creatinine|creatinine|lab
x ray|x-ray|imaging
mri|mri|imaging
ecg|electrocardiogram|ecg
ekg|electrocardiogram|ecg
rapid strep test|streptococcus antigen|lab
testosterone|testosterone|lab
troponin|troponin|lab"""
SERVICES = """joint injection|joint injection|injection
laceration repair|laceration repair|wound
knee replacement|knee replacement|surgery
flu vaccine|influenza vaccine|vaccine"""
ANATOMY = (
    "knee yes|shoulder yes|wrist yes|hand yes|elbow yes|ankle yes|radius yes|finger yes|abdomen no|back no"
)


def make_vocabulary() -> Vocabulary:
    """Build the small vocabulary."""
    rows = [line.split("|") for line in PROBLEMS.splitlines()]
    term, code, kind = CAPS.split("|")
    problems = [ProblemTerm(term=t, code=c, kind=k) for t, c, k in rows]
    problems.append(ProblemTerm(term=term, code=code, kind=kind, note="caps"))
    medications = [
        MedicationTerm(
            name=name,
            generic=generic,
            drug_class="",
            availability="rx",
            long_term="",
            treats=(),
            high_risk=False,
            hcpcs=(),
        )
        for name, generic in (line.split("|") for line in MEDICATIONS.splitlines())
    ]
    tests = [
        TestTerm(term=t, canonical=c, kind=k, codes=(), region="")
        for t, c, k in (line.split("|") for line in TESTS.splitlines())
    ]
    services = [
        ServiceTerm(term=t, canonical=c, codes=(), kind=k)
        for t, c, k in (line.split("|") for line in SERVICES.splitlines())
    ]
    anatomy = [
        AnatomyTerm(term=t, site=t, paired=p == "yes")
        for t, p in (pair.split() for pair in ANATOMY.split("|"))
    ]
    return Vocabulary(
        problems=tuple(problems),
        medications=tuple(medications),
        tests=tuple(tests),
        services=tuple(services),
        anatomy=tuple(anatomy),
        integral=(),
        problem_index={},
        medication_index={},
        test_index={},
        service_index={},
        anatomy_index={},
    )


SMALL = make_vocabulary()
