"""Claims -> 837P 005010X222A1: the hierarchy of billing providers, subscribers and patients."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence

from tools.claim.errors import ClaimError
from tools.claim.model import Claim
from tools.claim.requirements import problems_of
from tools.claim.x12.envelope import (
    Envelope,
    close_interchange,
    close_transaction,
    open_interchange,
    open_transaction,
)
from tools.claim.x12.out import SegmentWriter
from tools.claim.x12.split import split_claim
from tools.claim.x12.write_claim import write_claim
from tools.claim.x12.write_parties import write_billing, write_patient, write_subscriber
from tools.encounter import CoverageFacts

CLAIMS_PER_TRANSACTION = 5_000
CLAIMS_PER_PATIENT_LOOP = 100


def write_837(claims: Sequence[Claim], envelope: Envelope) -> str:
    """The interchange that carries these claims, in as many transactions as they need.

    Claims are grouped by billing provider, subscriber and patient; one of more than 50 lines is split.

    Raises:
        ClaimError: claims or envelope lack something mandatory; every problem of every claim is listed.
    """
    _refuse_incomplete(claims)
    parts = [part for claim in claims for part in split_claim(claim)]
    _refuse_repeated(parts)
    out = SegmentWriter()
    open_interchange(out, envelope)
    batches = [parts[i : i + CLAIMS_PER_TRANSACTION] for i in range(0, len(parts), CLAIMS_PER_TRANSACTION)]
    for index, batch in enumerate(batches):
        opened_at = out.count
        open_transaction(out, envelope, index)
        _hierarchy(out, batch)
        close_transaction(out, envelope, index, opened_at)
    close_interchange(out, envelope, len(batches))
    return out.text()


def _refuse_incomplete(claims: Sequence[Claim]) -> None:
    if not claims:
        raise ClaimError(["no claim to write"])
    several = len(claims) > 1
    problems = [
        f"claim {claim.claim_id}: {problem}" if several else problem
        for claim in claims
        for problem in problems_of(claim)
    ]
    if problems:
        raise ClaimError(problems)


def _refuse_repeated(claims: Sequence[Claim]) -> None:
    ids = Counter(claim.claim_id for claim in claims)
    problems = [f"claim id {claim_id} is used {times} times" for claim_id, times in ids.items() if times > 1]
    if problems:
        raise ClaimError(problems)


class _Levels:
    """Hands out HL numbers and writes HL segments."""

    def __init__(self, out: SegmentWriter) -> None:
        self._out = out
        self._last = 0

    def open(self, parent: int | None, level: str, *, child: bool) -> int:
        self._last += 1
        self._out.add("HL", str(self._last), str(parent) if parent else "", level, "1" if child else "0")
        return self._last


def _hierarchy(out: SegmentWriter, claims: Sequence[Claim]) -> None:
    levels = _Levels(out)
    for billed_together in _grouped(claims, _billing_key):
        first = billed_together[0]
        assert first.billing_provider is not None  # noqa: S101  requirements checked
        provider_level = levels.open(None, "20", child=True)
        write_billing(out, first.billing_provider, first.pay_to)
        for insured_together in _grouped(billed_together, _subscriber_key):
            _subscriber(out, levels, provider_level, insured_together)


def _subscriber(out: SegmentWriter, levels: _Levels, parent: int, claims: Sequence[Claim]) -> None:
    coverage = _billed(claims[0])
    dependent = coverage.relationship != "self"
    for some in _chunks(claims) if not dependent else [claims]:
        level = levels.open(parent, "22", child=dependent)
        write_subscriber(out, some[0])
        if not dependent:
            _claims(out, some)
            continue
        for one_patient in _grouped(some, _patient_key):
            for chunk in _chunks(one_patient):
                levels.open(level, "23", child=False)
                write_patient(out, chunk[0])
                _claims(out, chunk)


def _claims(out: SegmentWriter, claims: Iterable[Claim]) -> None:
    for claim in claims:
        write_claim(out, claim)


def _grouped(claims: Iterable[Claim], key: Callable[[Claim], Hashable]) -> list[list[Claim]]:
    groups: dict[Hashable, list[Claim]] = {}
    for claim in claims:
        groups.setdefault(key(claim), []).append(claim)
    return list(groups.values())


def _chunks(claims: Sequence[Claim]) -> list[Sequence[Claim]]:
    return [claims[i : i + CLAIMS_PER_PATIENT_LOOP] for i in range(0, len(claims), CLAIMS_PER_PATIENT_LOOP)]


def _billed(claim: Claim) -> CoverageFacts:
    coverage = claim.billed
    assert coverage is not None  # noqa: S101  requirements checked
    return coverage


def _billing_key(claim: Claim) -> Hashable:
    provider = claim.billing_provider
    assert provider is not None  # noqa: S101  requirements checked
    return (
        provider.npi,
        provider.taxonomy,
        provider.tax_id,
        provider.tax_id_kind,
        provider.name,
        provider.address,
        provider.phone,
        claim.pay_to,
    )


def _subscriber_key(claim: Claim) -> Hashable:
    coverage = _billed(claim)
    own = coverage.relationship == "self"
    person = claim.patient if own else coverage.subscriber
    assert person is not None  # noqa: S101  requirements checked
    number = claim.property_casualty_number if own else None
    return (
        own,
        number,
        person.name,
        person.birth_date,
        person.sex,
        person.address,
        coverage.order,
        coverage.member_id,
        coverage.group_number,
        coverage.group_name or coverage.plan_name,
        coverage.insurance_type,
        coverage.filing_code or coverage.payer_kind,
        coverage.payer_id,
        coverage.payer_name,
        coverage.payer_address,
    )


def _patient_key(claim: Claim) -> Hashable:
    patient = claim.patient
    relationship = _billed(claim).relationship
    number = claim.property_casualty_number
    return (relationship, number, patient.name, patient.birth_date, patient.sex, patient.address)
