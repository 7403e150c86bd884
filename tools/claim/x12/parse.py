"""Any X12 file we know -> the object ``superbill claim parse --json`` prints."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from pydantic import BaseModel

from tools.claim.errors import X12Error
from tools.claim.model import Adjustment, Claim
from tools.claim.x12.acks import read_claim_statuses, read_group_status, read_interchange_status
from tools.claim.x12.interchange import Envelopes, Transaction
from tools.claim.x12.reader import KeptSegment, read_transaction
from tools.claim.x12.remit import RemitClaim, RemitLine, read_remittance

Json = dict[str, object]
_ZERO = Decimal(0)


def parse(source: str | bytes | Iterable[str]) -> Json:
    """What an 837P, 835, 999, TA1 or 277CA file holds, in the shape of the contract, ready for JSON.

    Money, exact in the readers' records, becomes a JSON number here; dates become ISO text.

    ``errors`` names segment and position of everything malformed; ``warnings`` (only when there are any)
    holds balances that do not add up; ``kept`` counts segments that were read but have no field.

    Raises:
        X12Error: the file is not UTF-8, has no interchange header, or holds no transaction we read.
    """
    return {key: _ready(value) for key, value in _Collector().read(_decoded(source)).items()}


def _decoded(source: str | bytes | Iterable[str]) -> str | Iterable[str]:
    if not isinstance(source, bytes):
        return source
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise X12Error(f"byte {error.start} is not UTF-8; save the file as UTF-8") from None


def _ready(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _ready(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_ready(item) for item in value]
    return value


def kind_of(transaction: Transaction) -> str:
    """837P, 835, 999 or 277CA.

    Raises:
        X12Error: another transaction, such as an institutional 837 or a 277 that is no claim acknowledgement.
    """
    head, version = transaction.segments[0], transaction.version
    if transaction.kind == "837":
        if version and "X222" not in version and "X098" not in version:
            raise head.error(f"837 version {version} is not professional (005010X222A1)")
        return "837P"
    if transaction.kind == "277":
        if version and "X214" not in version:
            raise head.error(f"277 version {version} is no claim acknowledgement (005010X214)")
        return "277CA"
    if transaction.kind in {"835", "999"}:
        return transaction.kind
    raise head.error(f"transaction {transaction.kind!r} is none of 837P, 835, 999, 277CA")


@dataclass(slots=True)
class _Collector:
    kind: str = ""
    claims: list[Json] = field(default_factory=list)
    statuses: list[Json] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    kept: int = 0

    def read(self, text: str | Iterable[str]) -> Json:
        envelopes = Envelopes()
        for transaction in envelopes.transactions(text):
            try:
                self._transaction(transaction)
            except X12Error as error:
                self.errors.append(str(error))
        for segment in envelopes.acknowledgments:
            self.kind = self.kind or "TA1"
            self.statuses.append(_dump(read_interchange_status(segment)))
        if not self.kind:
            reasons = [*map(str, envelopes.errors), *self.errors]
            raise X12Error("no transaction could be read" + (f": {reasons[0]}" if reasons else ""))
        return self._result(envelopes)

    def _transaction(self, transaction: Transaction) -> None:
        kind = kind_of(transaction)
        self.kind = self.kind or kind
        if kind != self.kind:
            raise transaction.segments[0].error(
                f"a {kind} among {self.kind}; the file is read as {self.kind}"
            )
        match kind:
            case "837P":
                self._professional(transaction)
            case "835":
                self._remittance(transaction)
            case "999":
                group = read_group_status(transaction)
                self.statuses.append(_dump(group))
            case "277CA":
                self.statuses += [_dump(status) for status in read_claim_statuses(transaction)]

    def _professional(self, transaction: Transaction) -> None:
        claims: list[Claim] = []
        kept: list[KeptSegment] = []
        read_transaction(transaction, claims, kept, self.errors)
        self.claims += [_claim(claim) for claim in claims]
        self.kept += len(kept)

    def _remittance(self, transaction: Transaction) -> None:
        remittance = read_remittance(transaction)
        self.claims += [_remitted(claim, remittance.payer) for claim in remittance.claims]
        self.warnings += remittance.imbalances
        self.kept += len(remittance.kept)
        self.statuses.append(
            _dump(
                remittance,
                keys=("payer", "payee", "trace", "amount", "method", "paid_on", "provider_adjustments"),
            )
        )

    def _result(self, envelopes: Envelopes) -> Json:
        result: Json = {
            "kind": self.kind,
            "interchanges": envelopes.interchanges,
            "transactions": envelopes.count,
        }
        if self.kind in {"837P", "835"}:
            result["claims"] = self.claims
        if self.kind != "837P":
            result["statuses"] = self.statuses
        result["errors"] = [*map(str, envelopes.errors), *self.errors]
        if self.warnings:
            result["warnings"] = self.warnings
        if self.kept:
            result["kept"] = self.kept
        return result


def _claim(claim: Claim) -> Json:
    billed = claim.billed
    adjustments = [
        *(_adjustment(a) for p in claim.payments for a in p.adjustments),
        *(
            _adjustment(a, n)
            for n, line in enumerate(claim.lines, 1)
            for p in line.payments
            for a in p.adjustments
        ),
    ]
    result: Json = {
        "id": claim.claim_id,
        "total_charge": claim.total_charge,
        "payer": billed.payer_name if billed else "",
        "frequency": claim.frequency,
        "diagnoses": [d.code for d in claim.diagnoses],
        "lines": [
            {
                "code": line.code,
                "modifiers": list(line.modifiers),
                "units": line.units,
                "charge": line.charge,
                "pointers": list(line.pointers),
            }
            for line in claim.lines
        ],
    }
    if claim.payments or claim.patient_paid is not None:
        result["paid"] = sum((p.paid for p in claim.payments), claim.patient_paid or _ZERO)
    if adjustments:
        result["adjustments"] = adjustments
    return result


def _remitted(claim: RemitClaim, payer: str) -> Json:
    result: Json = {
        "id": claim.claim_id,
        "total_charge": claim.charge,
        "paid": claim.paid,
        "payer": payer,
        "status": claim.status,
        "lines": [_remitted_line(line) for line in claim.lines],
        "adjustments": [
            *(_adjustment(a) for a in claim.adjustments),
            *(_adjustment(a, n) for n, line in enumerate(claim.lines, 1) for a in line.adjustments),
        ],
    }
    if claim.frequency:
        result["frequency"] = claim.frequency
    if claim.payer_claim_number:
        result["payer_claim_number"] = claim.payer_claim_number
    if claim.patient_responsibility is not None:
        result["patient_responsibility"] = claim.patient_responsibility
    return result


def _remitted_line(line: RemitLine) -> Json:
    return {
        "code": line.code,
        "modifiers": list(line.modifiers),
        "units": line.units,
        "charge": line.charge,
        "paid": line.paid,
        "remark_codes": list(line.remark_codes),
    }


def _adjustment(adjustment: Adjustment, line: int | None = None) -> Json:
    result: Json = {"group": adjustment.group, "carc": adjustment.carc, "amount": adjustment.amount}
    return result | {"line": line} if line else result


def _dump(record: BaseModel, keys: tuple[str, ...] = ()) -> Json:
    return record.model_dump(include=set(keys) if keys else None, exclude_none=True)
