"""The desks of all practices of one store: one opened session, a desk a tenant."""

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.desk.desk import Desk


class Desks:
    """Gives the desk of a tenant; the desk factory of ``create_app``."""

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk
        self._made = {desk.tenant: desk}
        self._lock = Lock()

    def __call__(self, tenant: str) -> "Desk":
        """The tenant's desk."""
        with self._lock:
            if tenant not in self._made:
                self._made[tenant] = self._desk.for_tenant(tenant)
            return self._made[tenant]

    def recover(self) -> int:
        """Finish what killed processes left, of every practice of the store; how many encounters."""
        from agent.desk.incoming import left_behind

        return sum(len(self(tenant).recover()) for tenant in left_behind(self._desk.store))
