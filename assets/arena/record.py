"""Recording the Arena's leaderboards: what is new since the last visit, and what stood in the way.

Belongs here: one visit. Does not belong here: reading (see `assets.hub.arena`), files (see
`assets.arena.store`).
"""

import datetime as dt
from dataclasses import dataclass, field

from assets.arena.store import ArenaStore, Recorded
from assets.captures.store import CaptureStore
from assets.errors import HubUnavailable, LedgerError
from assets.hub.arena import arena_tables, read_leaderboard
from assets.hub.client import HubClient


@dataclass
class Visit:
    """What one visit did.

    Attributes:
        arenas: Leaderboards that the dataset has.
        unchanged: Those whose content is the one read last; nothing of them was fetched.
        written: Tables recorded.
        quarantined: Unusable rows of the leaderboards that were read.
        problems: What could not be had, a line each.
        sample: None for observations; otherwise what kind of sample data this is.
    """

    arenas: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    written: list[Recorded] = field(default_factory=list)
    quarantined: int = 0
    problems: list[str] = field(default_factory=list)
    sample: str | None = None


def record_arena(
    store: ArenaStore, captures: CaptureStore, client: HubClient, today: dt.date
) -> Visit:
    """Record every leaderboard whose content is another one than on the last visit.

    It raises nothing that the Hub may cause: without the Arena the Hub's own facts are as good.

    Args:
        store: Where leaderboards are kept.
        captures: The captures of the same home, which must be of the same kind.
        client: The Hub that has the dataset.
        today: Today's UTC date.
    """
    visit = Visit()
    try:
        with store.writing():
            _record(store, captures, client, today, visit)
    except LedgerError as error:
        visit.problems.append(str(error))
    visit.sample = client.sample
    return visit


def _record(
    store: ArenaStore, captures: CaptureStore, client: HubClient, today: dt.date, visit: Visit
) -> None:
    tables, unknown = arena_tables(client, today)
    visit.problems += unknown
    visit.arenas = [table.arena for table in tables]
    captures.require_kind(client.sample)
    store.require_kind(client.sample)
    if not tables:
        visit.problems.append("the Arena's dataset has no leaderboard that is known")
    for table in tables:
        source = store.source(table.arena)
        if source is not None and source.content == table.content:
            visit.unchanged.append(table.arena)
            continue
        try:
            board = read_leaderboard(client, table)
        except HubUnavailable:
            raise
        except LedgerError as error:
            visit.problems.append(str(error))
            continue
        written, damaged = store.record(table, board, client.sample)
        visit.written += written
        visit.problems += damaged
        visit.quarantined += len(board.bad)
