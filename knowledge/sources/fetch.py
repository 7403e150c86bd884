"""Fetching official files that CMS and CDC publish without a licence page, over HTTPS only.

A file behind a licence page is never fetched: a person accepts the terms there and imports what was downloaded.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import unquote, urlsplit

from knowledge.bookshelf import DATA
from knowledge.errors import TableError
from knowledge.store import Progress
from knowledge.tables import read_csv, unique
from knowledge.whole import written_whole

if TYPE_CHECKING:
    import httpx

ADDRESSES: Final = DATA / "sources" / "addresses.csv"
LARGEST: Final = 1 << 30
"""Most bytes taken of one address; the largest official archive has about 100 MB."""
_CHUNK: Final = 1 << 16
_HOPS: Final = 5
_SECONDS: Final = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where a file is published, and the page a person visits for it."""

    name: str
    what: str
    access: Literal["free", "licence"]
    url: str
    page: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """A file as it came, and its checksum."""

    path: Path
    url: str
    size: int
    sha256: str


def read_addresses(path: Path = ADDRESSES) -> tuple[Address, ...]:
    """Read the list of addresses.

    Raises:
        TableError: malformed, a name that occurs twice, or an address that is not https.
    """
    found = read_csv(path, Address)
    unique(path, (row.name for row in found))
    for row in found:
        if row.access not in {"free", "licence"} or not row.url.startswith("https://"):
            raise TableError(f"{path.name}: {row.name}: access is free or licence, and the address is https")
    return found


def address_of(name: str, addresses: Iterable[Address]) -> Address:
    """Return the address of a name, or of a URL that the list holds.

    Raises:
        TableError: no such name, or the file stands behind a licence page (the message names the page).
    """
    listed = {key: row for row in addresses for key in (row.name, row.url)}
    found = listed.get(name)
    if found is None:
        names = ", ".join(sorted({row.name for row in listed.values()}))
        raise TableError(f"{name}: is not in the list of addresses; known are {names}")
    if found.access == "licence":
        raise TableError(
            f"{found.name}: stands behind a licence page; accept the terms at {found.page}, then import the file"
        )
    return found


def fetch(
    address: Address, folder: Path, *, progress: Progress | None = None, largest: int = LARGEST
) -> Fetched:
    """Fetch one file: all of it or nothing.

    Args:
        address: where it is.
        folder: where it is put, under the name its address gives it.
        progress: called with (what, bytes done, bytes in all).
        largest: most bytes taken.

    Raises:
        TableError: not reached, another answer than the file, too large, cut off, or a way that leaves https.
    """
    import httpx

    try:
        with httpx.Client(timeout=_SECONDS, follow_redirects=False) as client:
            return _follow(client, address, folder, progress, largest)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise TableError(f"{address.name}: {address.url} was not reached: {error}") from error


def _follow(
    client: "httpx.Client", address: Address, folder: Path, progress: Progress | None, largest: int
) -> Fetched:
    url = address.url
    for _ in range(_HOPS):
        if not url.startswith("https://"):
            raise TableError(f"{address.name}: leads to {url}, which is not https; nothing was fetched")
        if "license" in urlsplit(url).path.lower():
            raise TableError(
                f"{address.name}: leads to a licence page; accept the terms at {address.page}, then import the file"
            )
        with client.stream("GET", url) as answer:
            if answer.is_redirect:
                url = str(answer.url.join(answer.headers["location"]))
                continue
            return _keep(answer, address, folder, progress, largest)
    raise TableError(f"{address.name}: {address.url} is redirected more than {_HOPS} times")


def _keep(
    answer: "httpx.Response", address: Address, folder: Path, progress: Progress | None, largest: int
) -> Fetched:
    if answer.status_code != 200:
        raise TableError(
            f"{address.name}: {address.url} answers {answer.status_code}; see {address.page} for its new name"
        )
    if answer.headers.get("content-type", "").startswith("text/html"):
        raise TableError(f"{address.name}: {address.url} answers with a page, not a file; see {address.page}")
    total = int(answer.headers.get("content-length", "0"))
    if total > largest:
        raise TableError(f"{address.name}: {total:,} bytes, more than the {largest:,} that are taken")
    target = folder / (PurePosixPath(unquote(urlsplit(str(answer.url)).path)).name or address.name)
    digest, size = hashlib.sha256(), 0
    with written_whole(target) as temporary, temporary.open("wb") as out:
        for chunk in answer.iter_bytes(_CHUNK):
            size += len(chunk)
            if size > largest:
                raise TableError(f"{address.name}: more than the {largest:,} bytes that are taken")
            digest.update(chunk)
            out.write(chunk)
            if progress is not None:
                progress(f"fetching {address.name}", size, max(total, size))
        if total and size != total and "content-encoding" not in answer.headers:
            raise TableError(f"{address.name}: {size:,} of {total:,} bytes came: cut off")
    return Fetched(path=target, url=str(answer.url), size=size, sha256=digest.hexdigest())
