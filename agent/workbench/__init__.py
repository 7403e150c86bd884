"""The workbench: server-rendered pages on which people review, amend, query and debug, over the desk."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from agent.settings import Settings
    from agent.workbench.app import Options
    from agent.workbench.seat import DeskFactory

__all__ = ["create_app"]


def create_app(
    desk_factory: "DeskFactory", settings: "Settings", options: "Options | None" = None
) -> "FastAPI":
    """Make the application (see ``agent.workbench.app``); the web framework is imported only here."""
    from agent.workbench.app import create_app as make

    return make(desk_factory, settings, options)
