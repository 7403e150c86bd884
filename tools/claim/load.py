"""Any file that holds a claim -> Claim objects: 837P, FHIR Claim, Bundle with a Claim, or claim.json."""

import json
from decimal import Decimal
from typing import Literal

from pydantic import ValidationError

from knowledge.records import Record
from tools.claim.errors import UnreadableClaim, X12Error
from tools.claim.fhir_claim.codes import Json
from tools.claim.fhir_claim.read import read_fhir_claim
from tools.claim.fhir_claim.walk import rows
from tools.claim.model import Claim
from tools.claim.x12.reader import ParsedFile, read_837

_HINT = "give an 837P file, a FHIR Claim or Bundle, or a claim.json"


class LoadedClaim(Record):
    """The claims of a file, in order.

    ``gaps`` says what the source lacks or what was taken for granted; ``faults`` says what is malformed in it
    although claims could be read (wrong counts in an X12 envelope, say).
    """

    kind: Literal["837P", "fhir", "claim"]
    claims: tuple[Claim, ...]
    gaps: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


def load_claim(raw: bytes, name: str = "") -> LoadedClaim:
    """Read a claim from bytes, whatever form it has; ``name`` of the file stands in messages.

    Raises:
        UnreadableClaim: in one line what is wrong, where, and what to do.
    """
    try:
        return _load(raw)
    except UnreadableClaim as error:
        if not name:
            raise
        raise UnreadableClaim(f"{name}: {error}") from None


def _load(raw: bytes) -> LoadedClaim:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableClaim(f"byte {error.start} is not UTF-8; save the file as UTF-8") from None
    start = text.lstrip()[:1]
    if not start:
        raise UnreadableClaim(f"the file is empty; {_HINT}")
    if start in "{[":
        return _from_json(text)
    return _from_x12(text)


def _from_x12(text: str) -> LoadedClaim:
    try:
        parsed = read_837(text)
    except X12Error as error:
        raise UnreadableClaim(f"no readable 837P: {error}; {_HINT}") from None
    if not parsed.claims:
        reason = parsed.errors[0] if parsed.errors else "it holds no claim (CLM)"
        raise UnreadableClaim(f"no claim could be read from the 837P: {reason}")
    return LoadedClaim(kind="837P", claims=parsed.claims, gaps=_gaps(parsed), faults=parsed.errors)


def _gaps(parsed: ParsedFile) -> tuple[str, ...]:
    kept = [f"segment {k.position} ({k.text.split('*')[0]}, loop {k.loop}) {k.reason}" for k in parsed.kept]
    return (
        "an 837P carries no evidence, code titles or relative values",
        *kept,
    )


def _from_json(text: str) -> LoadedClaim:
    try:
        document = json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError as error:
        raise UnreadableClaim(
            f"broken JSON at line {error.lineno} column {error.colno}: {error.msg}"
        ) from None
    except (RecursionError, ValueError):
        raise UnreadableClaim(f"the JSON is nested too deeply or holds a number too long; {_HINT}") from None
    if not isinstance(document, dict):
        raise UnreadableClaim(f"the JSON is a {type(document).__name__}, not an object; {_HINT}")
    kind = document.get("resourceType")
    if kind == "Claim":
        return _from_fhir([document], [])
    if kind == "Bundle":
        resources = _resources(document)
        return _from_fhir([r for r in resources if r.get("resourceType") == "Claim"], resources)
    if isinstance(kind, str):
        raise UnreadableClaim(f"a FHIR {kind} holds no claim; {_HINT}")
    return _from_claim_json(document)


def _resources(bundle: Json) -> list[Json]:
    found: list[Json] = []
    for entry in rows(bundle, "entry"):
        resource = entry.get("resource")
        if isinstance(resource, dict):
            found.append({**resource, "__fullUrl": entry.get("fullUrl")})
    return found


def _from_fhir(claims: list[Json], others: list[Json]) -> LoadedClaim:
    if not claims:
        raise UnreadableClaim(
            "the Bundle holds no Claim; code its encounter first (superbill code), or give a Claim"
        )
    read = [read_fhir_claim(resource, others) for resource in claims]
    gaps = tuple(dict.fromkeys(gap for found in read for gap in found.gaps))
    return LoadedClaim(kind="fhir", claims=tuple(found.claim for found in read), gaps=gaps)


def _from_claim_json(document: Json) -> LoadedClaim:
    if "claim_id" not in document:
        raise UnreadableClaim(f"the JSON is no claim.json (it has no claim_id); {_HINT}")
    try:
        claim = Claim.model_validate_json(json.dumps(document, default=str))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise UnreadableClaim(f"claim.json field {where}: {first['msg']}; correct it") from None
    return LoadedClaim(kind="claim", claims=(claim,))
