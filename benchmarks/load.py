"""A landed date into the ledger, beside DuckDB's bare `read_json`, dlt and pandas.

Belongs here: our load as a way of its own, and the lines it gives. Does not belong here: the floor
(see `benchmarks.bare`), the peers (see `benchmarks.peers`).
"""

import datetime as dt
from pathlib import Path

from benchmarks.measure import Figures, Measured, child, tell, timed
from benchmarks.site import FIRST, SECOND, Site
from benchmarks.table import Row, inner


def ours(home: str, date: str) -> Figures:
    """The load of a home's sealed capture."""
    from assets.captures.store import CaptureStore
    from assets.ledger.load import load_capture
    from assets.ledger.warehouse import connect

    store = CaptureStore(Path(home) / "captures")
    with timed() as figures, connect(Path(home)) as connection:
        loaded = load_capture(connection, store, dt.date.fromisoformat(date))
    return {**figures, "rows": loaded.models}


def rows(site: Site) -> list[Row]:
    """First and later date against the floor, the later one against the peers too."""
    floors: dict[dt.date, list[Measured]] = {FIRST: [], SECOND: []}
    first, later = [], []
    for number in range(site.rounds):
        for date, floor in floors.items():
            bare = site.folder / "read_json.duckdb"
            floor.append(child("bare", "read_json", site.items(date), bare))
            site.forget(bare)
        home = site.home(f"load-{number}", FIRST)
        first.append(child("load", "ours", home, FIRST))
        site.link(home, SECOND)
        later.append(child("load", "ours", home, SECOND))
        site.forget(home)
    dlt = child(
        "peers.dlt_load", "load", site.items(SECOND), site.folder / "dlt", python=site.peers
    )
    site.forget(site.folder / "dlt")
    pandas = child("peers.frames", "load", site.items(SECOND), python=site.peers)
    counted = {one.said["rows"] for one in (*floors[SECOND], *later, dlt, pandas)}
    site.expect("rows of a loaded date", len(counted) == 1, f"{sorted(counted)}")
    bare_read, goal = "DuckDB `read_json` into a table", "2"
    return [
        Row("load of a first date", inner(first), bare_read, inner(floors[FIRST]), goal),
        Row("load of a later date", inner(later), bare_read, inner(floors[SECOND]), goal),
        Row("load of a later date", inner(later), "dlt, Arrow tables into DuckDB", inner([dlt])),
        Row("load of a later date", inner(later), "pandas, lines into a frame", inner([pandas])),
    ]


if __name__ == "__main__":
    tell({"ours": ours})
