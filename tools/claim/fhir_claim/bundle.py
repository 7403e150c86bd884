"""The claim and what it references as a Bundle of separate resources."""

from uuid import NAMESPACE_URL, uuid5

from tools.claim.fhir_claim.codes import Json
from tools.claim.fhir_claim.write import fhir_claim
from tools.claim.model import Claim


def fhir_bundle(claim: Claim) -> Json:
    """A collection Bundle: the Claim first, then its resources, pointing to each other by ``urn:uuid``."""
    resource = fhir_claim(claim)
    contained = resource.pop("contained")
    others = [item for item in contained if isinstance(item, dict)] if isinstance(contained, list) else []
    addresses = {f"#{item['id']}": _address(claim, str(item["id"])) for item in others}
    entries: list[Json] = [{"fullUrl": _address(claim, "claim"), "resource": _repoint(resource, addresses)}]
    entries += [
        {"fullUrl": addresses[f"#{item['id']}"], "resource": _repoint(item, addresses)} for item in others
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _address(claim: Claim, key: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'urn:superbill:{claim.tenant}:{claim.claim_id}:{key}')}"


def _repoint(node: object, addresses: dict[str, str]) -> object:
    if isinstance(node, dict):
        return {
            key: addresses.get(value, value)
            if key == "reference" and isinstance(value, str)
            else _repoint(value, addresses)
            for key, value in node.items()
        }
    return [_repoint(item, addresses) for item in node] if isinstance(node, list) else node
