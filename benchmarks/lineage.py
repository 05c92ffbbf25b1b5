"""Closure and attribution of one date's lineage, beside igraph and networkx on the same edges.

Belongs here: running the project's own statements, handing their input to the peers. Does not
belong here: the peers (see `benchmarks.peers.graphs`).
"""

import datetime as dt
import math
from pathlib import Path

from benchmarks.facts import dbt
from benchmarks.measure import Figures, TookTooLong, child, tell, timed
from benchmarks.site import FIRST, SECOND, Site
from benchmarks.table import Figure, Row, inner

# The nodes are a view: what reads them reads through it.
_MODELS = ("int_lineage_[!n]*", "int_model_profiles", "int_profiles")
_PATIENCE = 300.0


def ours(home: str, date: str) -> Figures:
    """The statements of the lineage's models, each once, into temporary tables."""
    from assets.ledger.due import mark_facts_due, next_batch
    from assets.ledger.warehouse import connect

    with connect(Path(home)) as connection:
        mark_facts_due(connection, [dt.date.fromisoformat(date)])
        next_batch(connection, 10**9)
    statements = _compiled(Path(home))
    with connect(Path(home)) as connection:
        with timed() as figures:
            for name, statement in statements.items():
                connection.execute(f"create temp table {name} as {statement}")
        (pairs,) = connection.execute("select count(*) from int_lineage_pairs").fetchall()[0]
        weights = connection.execute(
            "select family, sum(weight)::double from int_model_profiles "
            "join intermediate.int_profiles using (profile) where attribution = 'root' group by 1"
        ).fetchall()
        connection.execute("delete from raw.facts_due")
    return {**figures, "pairs": pairs, "weights": dict(weights)}


def _compiled(home: Path) -> dict[str, str]:
    """The models' SQL for a home, by name; each reads what dbt built of the others."""
    dbt(home, "compile", "--no-print", "--select", *_MODELS)
    compiled = (home / "target" / "compiled" / "hub_ledger" / "models").rglob("*.sql")
    wanted = {path.stem: path for path in compiled}
    return {
        name: path.read_text()
        for name, path in sorted(wanted.items())
        if any(Path(name).match(pattern) for pattern in _MODELS)
    }


def export(home: str, folder: str) -> Figures:
    """A date's edges and nodes, as dbt built them, for the peers."""
    from assets.ledger.warehouse import connect

    columns = {"edges": "child_key, parent_key", "nodes": "node_key, brand, is_known"}
    with connect(Path(home), read_only=True) as connection:
        for name, chosen in columns.items():
            path = Path(folder) / f"{name}.parquet"
            connection.execute(
                f"copy (select {chosen} from intermediate.int_lineage_{name}) to '{path}'"
            )
    return {}


def rows(site: Site) -> list[Row]:
    """The realistic graph and the stress graph, each beside both peers."""
    graphs = {
        "realistic": (site.second.home, SECOND, "2 s"),
        "stress": (site.stress, FIRST, "10 s"),
    }
    found = []
    for graph, (home, date, goal) in graphs.items():
        folder = site.home(f"lineage-{graph}")
        child("lineage", "export", home, folder)
        runs = [child("lineage", "ours", home, date) for _ in range(site.rounds)]
        pairs = runs[0].said["pairs"]
        stage = f"lineage closure and attribution, {graph} graph, {pairs:,} pairs"
        for peer in ("igraph", "networkx"):
            theirs = _peer(site, peer, folder, runs[0].said)
            found.append(Row(stage, inner(runs), peer, theirs, goal))
    return found


def _peer(site: Site, peer: str, folder: Path, expected: Figures) -> Figure:
    try:
        run = child("peers.graphs", peer, folder, python=site.peers, deadline=_PATIENCE)
    except TookTooLong as late:
        return Figure((), "s", text=str(late))
    pairs, weights = run.said["pairs"], run.said["weights"]
    site.expect(f"pairs of {peer}", pairs == expected["pairs"], f"{pairs}, {expected['pairs']}")
    held: dict[str, float] = expected["weights"]
    same = held.keys() == weights.keys() and all(
        math.isclose(held[family], weights[family], rel_tol=1e-6) for family in held
    )
    site.expect(f"weights of {peer}", same, f"{weights}, {held}")
    return inner([run])


if __name__ == "__main__":
    tell({"ours": ours, "export": export})
