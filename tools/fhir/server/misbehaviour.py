"""What a planned fault does to an answer."""

from email.utils import formatdate
from typing import Any

import orjson


def faulty(kind: str, now: float) -> dict[str, Any] | None:
    """The reply of a fault that needs no answer of the server (fields of Reply); None for the other kinds."""
    whole: dict[str, dict[str, Any]] = {
        "429": {"status": 429, "body": _outcome("throttled"), "headers": {"Retry-After": "1"}},
        "503": {"status": 503, "body": _outcome("transient")},
        "500": {"status": 500, "body": _outcome("exception")},
        "throttle": {"status": 400, "body": b'{"__type":"ThrottlingException","message":"Rate exceeded"}'},
        "drop": {"status": 0, "drop": True},
        "expired": {"status": 401, "body": _outcome("expired")},
        "skew": {
            "status": 403,
            "body": b'{"message":"Signature expired: it is now later"}',
            "headers": {"Date": formatdate(now, usegmt=True)},
        },
    }
    return whole.get(kind)


def _outcome(code: str) -> bytes:
    issue = {"severity": "error", "code": code, "diagnostics": "planned fault"}
    return orjson.dumps({"resourceType": "OperationOutcome", "issue": [issue]})


def spoiled(kind: str, body: bytes, base: str) -> bytes:
    """A good answer made bad; one that is no searchset stays as it is (but can be cut)."""
    if kind == "cut":
        return body[: len(body) // 2]
    page = orjson.loads(body)
    if page.get("type") != "searchset":
        return body
    entries = page.setdefault("entry", [])
    own = next((link["url"] for link in page.get("link", []) if link["relation"] == "self"), f"{base}/")
    if kind == "foreign":
        entries.append({"resource": _strangers(entries)})
    elif kind == "partial":
        entries.append({"resource": orjson.loads(_outcome("incomplete")), "search": {"mode": "outcome"}})
    elif kind == "short":
        del entries[-1:]
    elif kind == "bare":
        entries.append({"fullUrl": f"{base}/Condition/none"})
    else:
        address = {"loop": own, "elsewhere": "https://elsewhere.example/r4/Condition?page=2"}[kind]
        page["link"] = [*(one for one in page.get("link", []) if one["relation"] != "next")]
        page["link"].append({"relation": "next", "url": address})
    return orjson.dumps(page)


def _strangers(entries: list[Any]) -> dict[str, Any]:
    """A condition of someone else."""
    return {
        "resourceType": "Condition",
        "id": f"stranger-{len(entries)}",
        "subject": {"reference": "Patient/someone-else"},
        "code": {"text": "of another patient"},
    }
