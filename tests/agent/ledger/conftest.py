"""Ledgers on SQLite and on a PostgreSQL server of the tests' own, and claims to send."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from agent.ledger.ledger import Ledger, open_ledger
from agent.ledger.sending import Outgoing, Partner
from knowledge.records import CodeSystem
from tools.claim.model import Claim, ClaimDiagnosis, ClaimLine
from tools.encounter import Address, CoverageFacts, Name, Person, Provider

PARTNER = Partner(
    template="{sender}_{receiver}_837P_{date}_{icn}.x12",
    receiver="CLEARING",
    receiver_name="CLEARING HOUSE",
    phone="2175550100",
)
_SEARCH = (*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/local/bin"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_claim(claim_id: str, *, lines: int = 2, payer: str = "PAY01", **changes: object) -> Claim:
    address = Address(line1="1 Main St", city="Springfield", state="IL", postal_code="627011234")
    rows = tuple(
        ClaimLine(
            number=n,
            code=code,
            system=CodeSystem.CPT,
            display="a service",
            units=Decimal(1),
            place_of_service="11",
            date_from=date(2026, 7, 2),
            date_to=date(2026, 7, 2),
            charge=Decimal(100 * n),
            pointers=(1,),
        )
        for n, code in enumerate(("99213", "81002", "93000")[:lines], 1)
    )
    claim = Claim(
        claim_id=claim_id,
        encounter_id=f"enc-{claim_id}",
        draft=False,
        patient=Person(
            id="p1",
            name=Name(last="Doe", first="Rita"),
            birth_date=date(1980, 1, 2),
            sex="female",
            address=address,
        ),
        coverages=(
            CoverageFacts(
                reference="c1",
                order=1,
                payer_kind="commercial",
                payer_name="PRAIRIE MUTUAL",
                payer_id=payer,
                filing_code="CI",
                member_id="M1",
                relationship="self",
            ),
        ),
        billing_provider=Provider(
            reference="o1",
            name=Name(last="MAIN STREET FAMILY PRACTICE", first=""),
            npi="1234567893",
            tax_id="123456789",
            taxonomy="207Q00000X",
            address=address,
            phone="2175550100",
            is_person=False,
        ),
        rendering_provider=None,
        place_of_service="11",
        diagnoses=(ClaimDiagnosis(sequence=1, code="I10", display="hypertension"),),
        lines=rows,
        total_charge=sum((line.charge for line in rows), Decimal(0)),
        created=date(2026, 7, 3),
    )
    return claim.model_copy(update=changes)


def item(claim: Claim, accepts: tuple[str, ...] = ("1", "7", "8")) -> Outgoing:
    findings = '[{"rule":"linkage.weak","level":"warning","message":"a weak link"}]'
    return Outgoing(claim=claim, findings=findings, pack="commercial_template", accepts=accepts)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a PostgreSQL server on loopback, run as a normal user, gone with the tests."""
    binaries = next((p for p in _SEARCH if (p / "initdb").is_file() and (p / "postgres").is_file()), None)
    if binaries is None:
        pytest.skip("PostgreSQL (initdb, postgres) is not installed")
    folder = Path(tempfile.mkdtemp(prefix="ledger-pg-"))
    user: dict[str, object] = {}
    if os.getuid() == 0:
        normal = next((u for u in pwd.getpwall() if u.pw_name in {"postgres", "nobody"}), None)
        if normal is None:
            pytest.skip("PostgreSQL does not run as root, and there is no other user")
        shutil.chown(folder, normal.pw_uid, normal.pw_gid)
        user = {"user": normal.pw_uid, "group": normal.pw_gid}
    port, data = free_port(), folder / "data"
    quiet = {"capture_output": True, "cwd": folder, **user}
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True,
        **quiet,
    )
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    control = binaries / "pg_ctl"
    subprocess.run(
        [control, "-D", data, "-l", folder / "log", "-w", "-o", options, "start"], check=True, **quiet
    )
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([control, "-D", data, "-m", "immediate", "stop"], check=True, **quiet)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgres"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Ledger]:
    """Opens the same ledger again and again; a tenant of its own for each test."""
    if request.param == "sqlite":
        return lambda **more: open_ledger(tmp_path / "store", tenant="t", **more)
    url = request.getfixturevalue("postgres")
    return lambda **more: open_ledger(url, tenant=str(tmp_path), **more)


@pytest.fixture
def ledger(opened: Callable[..., Ledger]) -> Ledger:
    return opened()


def states(ledger: Ledger) -> dict[str, str]:
    with ledger.database.transaction() as session:
        return {c.claim_id: c.state for c in ledger.claims(session)}
