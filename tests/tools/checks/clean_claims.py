"""Clean claims that no checker made: the shipped encounters as a coder would bill them, and written visits."""

from datetime import date
from itertools import combinations
from pathlib import Path

from evals.encounters.expected import Expected, load_expected
from knowledge.bookshelf import Bookshelf
from knowledge.records import CodeSystem
from tests.tools.checks.builders import L, claim, coverage, diagnosis, document, facts, person, span
from tools.checks import CheckPolicy, CheckRequest
from tools.claim.assemble import assemble_claim
from tools.claim.model import Claim
from tools.context import ToolContext
from tools.encounter import ClinicalDocument, EncounterFacts
from tools.fhir import gather
from tools.intake import read_one
from tools.proposal import ModifierUse, Proposal, ProposedDiagnosis, ProposedLine

FOLDER = Path(__file__).parents[3] / "evals" / "encounters"
AS_OF = date(2026, 10, 1)
CONDITIONS = {
    "I10": "Hypertension, at goal on lisinopril.",
    "E78.5": "Hyperlipidemia, stable on atorvastatin.",
    "E03.9": "Hypothyroidism, on levothyroxine.",
    "J45.909": "Asthma, well controlled.",
    "K21.9": "Gastroesophageal reflux disease, better on omeprazole.",
    "M17.11": "Osteoarthritis of the right knee, acetaminophen helps.",
    "G43.909": "Migraine, two attacks this month.",
    "F41.1": "Generalized anxiety disorder, on sertraline.",
    "L40.0": "Plaque psoriasis of the elbows, cream continued.",
    "N40.0": "Benign prostatic hyperplasia, no symptoms.",
    "M81.0": "Age-related osteoporosis, on alendronate.",
    "H10.13": "Acute atopic conjunctivitis of both eyes.",
}
_MALE = {"N40.0"}


def written(codes: tuple[str, ...], number: int) -> tuple[Claim, ClinicalDocument]:
    """A visit for two conditions, each cited, with a payer that changes from one to the next."""
    text = "ASSESSMENT AND PLAN\n" + "\n".join(f"{n}. {CONDITIONS[c]}" for n, c in enumerate(codes, 1))
    text += "\nMedication list reviewed, prescriptions renewed. Return in six months.\n"
    kind = ("commercial", "medicare", "medicaid")[number % 3]
    male = bool(_MALE & set(codes))
    patient = person(sex="male" if male else "female", birth_date=date(1955 + number % 3, 5, 6))
    made = claim(
        claim_id=f"SBW{number:05d}",
        patient=patient,
        coverages=(coverage(kind),),
        diagnoses=tuple(diagnosis(n, c, span(CONDITIONS[c], text)) for n, c in enumerate(codes, 1)),
        lines=(
            L("99214", pointers=(1, 2)).model_copy(
                update={"evidence": (span("prescriptions renewed", text),)}
            ),
        ),
    )
    return made, document(text)


def written_requests(shelf: Bookshelf) -> list[CheckRequest]:
    """Forty-five visits over pairs of conditions."""
    pairs = [p for p in combinations(CONDITIONS, 2) if "N40.0" not in p or "M81.0" not in p][:45]
    made = (written(pair, number) for number, pair in enumerate(pairs))
    return [_request(shelf, c, (d,), facts(c, (d,), age_years=70)) for c, d in made]


def shipped_requests(shelf: Bookshelf) -> dict[str, CheckRequest]:
    """The shipped encounters, billed as ``expected.toml`` says."""
    context = ToolContext(bookshelf=shelf, today=AS_OF)
    out = {}
    for name, right in load_expected().items():
        known = encounter(name)
        out[name] = _request(shelf, assemble_claim(proposal(right), known, context), known.documents, known)
    return out


def encounter(name: str) -> EncounterFacts:
    """The facts of a shipped encounter."""
    return gather(read_one(FOLDER / f"{name}.json"), as_of=AS_OF)


def proposal(right: Expected) -> Proposal:
    """The proposal a coder would make who reads ``expected.toml``."""
    codes = list(dict.fromkeys([right.first[0], *(c for c, _, _ in right.must)]))
    codes += [group[0] for group in right.one_of if not set(group) & set(codes)]
    lines = [_line(right.em.codes[0], right.em.modifiers, right.em.links, codes)] if right.em.codes else []
    lines += [_line(x.code, x.modifiers, x.links, codes, x.units) for x in right.line]
    found = tuple(ProposedDiagnosis(code=c, evidence=(), rationale="") for c in codes)
    return Proposal(diagnoses=found, service_lines=tuple(lines))


def _line(
    code: str, modifiers: tuple[str, ...], links: tuple[str, ...], codes: list[str], units: int = 1
) -> ProposedLine:
    pointers = tuple(codes.index(link) + 1 for link in links if link in codes)[:4]
    return ProposedLine(
        code=code,
        system=CodeSystem.CPT if code[0].isdigit() else CodeSystem.HCPCS,
        modifiers=tuple(ModifierUse(code=m, why="") for m in modifiers),
        units=units,
        pointers=pointers or (1,),
        evidence=(),
        rationale="",
    )


def _request(
    shelf: Bookshelf, made: Claim, pages: tuple[ClinicalDocument, ...], known: EncounterFacts
) -> CheckRequest:
    policy = CheckPolicy.default()
    return CheckRequest(claim=made, documents=pages, facts=known, bookshelf=shelf, policy=policy)
