"""Addresses on one FHIR server, percent-encoded so strictly that the signature and the wire agree (RFC 3986)."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, unquote, urljoin, urlsplit

from tools.fhir.errors import InputError
from tools.fhir.rest.errors import BrokenAnswerError

Pairs = Iterable[tuple[str, str]]
_UNRESERVED = "-_.~"


def encode(pairs: Pairs) -> str:
    """Names and values as a query (or a form): everything but the unreserved characters is escaped."""
    return "&".join(f"{quote(k, safe=_UNRESERVED)}={quote(v, safe=_UNRESERVED)}" for k, v in pairs)


def decode(query: str) -> list[tuple[str, str]]:
    """The pairs of a query. ``+`` stays a plus sign, because page tokens hold it."""
    parts = (one.partition("=") for one in query.split("&") if one)
    return [(unquote(name), unquote(value)) for name, _, value in parts]


def is_loopback(host: str) -> bool:
    """True for this machine's own addresses."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """The base address of a server.

    Attributes:
        origin: scheme, host and port.
        path: ends with a slash.
    """

    origin: str
    path: str

    def at(self, path: str, pairs: Pairs = ()) -> str:
        """The address of ``path`` (relative to the base; ids are plain) with strictly encoded parameters."""
        query = encode(pairs)
        return f"{self.origin}{self.path}{path}" + (f"?{query}" if query else "")

    def follow(self, link: str) -> str:
        """A link the server gave, as it gave it, re-encoded strictly.

        Raises:
            BrokenAnswerError: it leads to another host or out of the base.
        """
        parts = urlsplit(urljoin(f"{self.origin}{self.path}", link))
        inside = parts.path == self.path.rstrip("/") or parts.path.startswith(self.path)
        if f"{parts.scheme}://{parts.netloc}".lower() != self.origin or not inside or ".." in parts.path:
            raise BrokenAnswerError(
                "FHIR server: a link leads to another host or out of the base address; it was not followed"
            )
        query = encode(decode(parts.query))
        return f"{self.origin}{parts.path}" + (f"?{query}" if query else "")

    def reference(self, link: str) -> str | None:
        """``Type/id`` of a reference to this server (relative, or absolute below the base), else None."""
        own = f"{self.origin}{self.path}"
        if "://" in link and not link.lower().startswith(own.lower()):
            return None
        parts = link.removeprefix(own).split("/_history/")[0].split("/")
        return "/".join(parts) if len(parts) == 2 and all(parts) else None


def base_of(url: str) -> Base:
    """The base address a person configured.

    Raises:
        InputError: no http(s) address, one with a query or user, or plain http to another machine.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.username:
        raise InputError("SUPERBILL_FHIR_URL: give the base address, such as https://host/fhir/r4/")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise InputError("SUPERBILL_FHIR_URL: plain http only to this machine; give an https address")
    return Base(
        origin=f"{parts.scheme}://{parts.netloc}".lower(),
        path=f"/{parts.path.strip('/')}/".replace("//", "/"),
    )
