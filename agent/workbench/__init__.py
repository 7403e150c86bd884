"""The workbench: server-rendered pages on which people review, amend, query and debug, over the desk."""

from agent.workbench.app import create_app

__all__ = ["create_app"]
