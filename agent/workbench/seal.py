"""Opaque ids for URLs: an encounter or query id sealed under the store's key and the tenant (AES-SIV, deterministic)."""

import base64
import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV


class Seal:
    """Seals ids so that a URL holds nothing of the patient's, and opens only what it sealed for the same tenant."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._box = AESSIV(hashlib.sha256(b"ids" + key).digest())

    def close(self, tenant: str, kind: str, name: str) -> str:
        """The opaque id of ``name``; padded so that short ids do not tell their length."""
        padded = name.encode().ljust(_WIDTH, b"\0")
        return base64.urlsafe_b64encode(self._box.encrypt(padded, [tenant.encode(), kind.encode()])).decode()

    def open(self, tenant: str, kind: str, token: str) -> str | None:
        """The id that was sealed for this tenant and kind, or None."""
        try:
            raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
            return self._box.decrypt(raw, [tenant.encode(), kind.encode()]).rstrip(b"\0").decode()
        except (ValueError, InvalidTag):
            return None

    def mark(self, text: str) -> str:
        """A keyed mark of a text: the answer to the sign-in page's own cookie."""
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


_WIDTH = 32
