"""Dagster's log of events, its files held open.

Belongs here: how the commands' SQLite files are opened. Does not belong here: what is logged, which
is Dagster's; a service, which logs to Postgres.
"""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event

# The UI reads many runs; the index and those in hand are asked for again and again.
_MOST_HELD = 4
_SECONDS_LOCKED = 60


class HeldEventLog(SqliteEventLogStorage):
    """What Dagster keeps for the UI, in the same files.

    Dagster opens a run's file and the index anew for each event, closes them, which has SQLite
    write back what it appended, asks again which tables there are and puts its statements together
    again: half of what an event takes, and a night has a thousand. Another process may read and
    write them all the same, since nothing is locked between two events. An event is not waited for
    until it is on the disk itself: where the machine fails, the log ends a moment earlier.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None):
        """As Dagster's own.

        Args:
            base_dir: The folder of the files.
            inst_data: How an instance was configured to have this one.
        """
        self._engines: dict[str, Engine] = {}
        self._tables: set[str] = set()
        self._turn = threading.Lock()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> "HeldEventLog":
        """As the settings of an instance say."""
        return cls(inst_data=inst_data, **config_value)

    def run_connection(self, run_id: str | None = None) -> Any:
        """A transaction on the file of a run; events that no run made have an empty name."""
        assert run_id is not None
        return self._opened(run_id)

    def index_connection(self) -> Any:
        """A transaction on the file of what all runs tell of assets."""
        return self._opened(INDEX_SHARD_NAME)

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table; one that is there stays."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    @contextlib.contextmanager
    def _opened(self, shard: str) -> Iterator[Connection]:
        with self._turn:
            engine = self._engines.pop(shard, None)
            if engine is None:
                # Dagster's own way once, for either kind of file: it makes one that is not there.
                with super().run_connection(shard):
                    pass
                engine = create_engine(
                    self.conn_string_for_shard(shard), connect_args={"timeout": _SECONDS_LOCKED}
                )
                event.listen(engine, "connect", _without_waiting)
            self._engines[shard] = engine
            if len(self._engines) > _MOST_HELD:
                self._engines.pop(next(iter(self._engines))).dispose()
            with engine.begin() as connection:
                yield connection

    def dispose(self) -> None:
        """Close the files."""
        with self._turn:
            while self._engines:
                self._engines.popitem()[1].dispose()
        super().dispose()


def _without_waiting(connection: Any, _record: object) -> None:
    # Of a file whose log is written ahead, which Dagster's are, nothing else can be lost.
    connection.execute("pragma synchronous = normal")
