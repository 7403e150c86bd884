"""X12 005010: 837P out and in, 835, 999, TA1 and 277CA in.

The names below load on first use: what checks a claim needs only the character set and the code lists of this
package, not the writer that needs those checks.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.claim.x12.envelope import Envelope
    from tools.claim.x12.reader import KeptSegment, ParsedFile, read_837
    from tools.claim.x12.writer import write_837

__all__ = ["Envelope", "KeptSegment", "ParsedFile", "read_837", "write_837"]

_HOMES = {
    "Envelope": "envelope",
    "KeptSegment": "reader",
    "ParsedFile": "reader",
    "read_837": "reader",
    "write_837": "writer",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
