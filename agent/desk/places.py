"""Where the outputs of encounters go that came without an output folder."""

import hashlib
from pathlib import Path


def place_for(store: Path, tenant: str, encounter: str) -> Path:
    """A folder of one's own below the store, owner-only, told apart by tenant and encounter."""
    told = hashlib.sha256(f"{tenant}\0{encounter}".encode()).hexdigest()[:12]
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in encounter)[:40]
    base = store / "out"
    base.mkdir(exist_ok=True, mode=0o700)
    return base / f"{safe or 'encounter'}-{told}"
