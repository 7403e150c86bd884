"""LangGraph's SQLite checkpointer over a connection of either kind."""

from langgraph.checkpoint.sqlite import SqliteSaver

from agent.vault.database import operational_errors


class EitherSaver(SqliteSaver):
    """``SqliteSaver`` that also understands the errors of SQLCipher."""

    def setup(self) -> None:
        """Make the tables; a column that is there already is no fault (the original knows only sqlite3's own error)."""
        try:
            super().setup()
        except operational_errors() as error:
            if "duplicate column name" not in str(error):
                raise
            self.is_setup = True
