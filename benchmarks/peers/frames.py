"""A landed date with pandas: read into a frame, and the three headline facts from it.

Belongs here: what pandas does; lineage is igraph's (see `benchmarks.peers.graphs`). Does not belong
here: the rules (see `benchmarks.peers.rules`).
"""

import re
from collections import defaultdict
from typing import Any

from benchmarks.measure import Figures, tell, timed
from benchmarks.peers import graphs
from benchmarks.peers.rules import exclusions, families

_CHUNK_ROWS = 200_000
_TAG = re.compile("^base_model:((adapter|finetune|merge|quantized):)?")


def load(items: str) -> Figures:
    """Read the rows into a frame."""
    import pandas  # noqa: F401  imported before the clock runs

    with timed() as figures:
        frame = _read(items)
    return {**figures, "rows": len(frame)}


def facts(items: str, results: str) -> Figures:
    """The facts from a frame, names being judged already; written as tables of a DuckDB file."""
    import duckdb
    import igraph  # noqa: F401  imported before the clock runs

    frame = _read(items)
    nodes, edges = _lineage(frame)
    judged = _brands(nodes["repo_id"])
    with timed() as figures:
        nodes, edges = _lineage(frame)
        nodes[["owner", "brand"]] = judged
        unbranded = nodes["is_known"].map({True: "other", False: "unknown"})
        nodes["brand"] = nodes["brand"].fillna(unbranded)
        pairs = list(zip(edges["child"].tolist(), edges["parent"].tolist(), strict=True))
        made = {
            "family_share": _shares(frame, nodes, pairs),
            "derivative_counts": _derivatives(nodes, edges, pairs),
            "top_models": _top(frame),
        }
    with duckdb.connect(results) as connection:
        for name, table in made.items():
            connection.register("made", table)
            connection.execute(f"create table {name} as from made")
    return figures


def _read(items: str) -> Any:
    import pandas as pd

    # In chunks, each without what no fact needs: a frame of all of it would be 10 kB a row. pandas'
    # Arrow engine refuses the Hub's rows, in which `gated` is a boolean or a text.
    chunks = pd.read_json(
        items,
        lines=True,
        chunksize=_CHUNK_ROWS,
        compression="zstd",
        dtype=False,
    )
    return pd.concat([chunk.drop(columns=["safetensors"]) for chunk in chunks], ignore_index=True)


def _lineage(frame: Any) -> tuple[Any, Any]:
    """Nodes (models in the frame's order, then parents that are gone) and distinct edges."""
    import pandas as pd

    declared = pd.Series(
        [_parents(one, tags) for one, tags in zip(frame["baseModels"], frame["tags"], strict=True)]
    ).explode()
    declared = declared[declared.notna()]
    named = pd.DataFrame(declared.tolist(), columns=["hub_id", "repo_id"], index=declared.index)
    by_id = pd.Series(frame.index, index=frame["_id"])
    by_name = pd.Series(frame.index, index=frame["id"].str.lower())
    name = named["repo_id"].str.lower()
    parent = named["hub_id"].map(by_id).fillna(name.map(by_name))
    gone = name[parent.isna()]
    codes, _ = pd.factorize(gone)
    parent = parent.astype("float64")
    parent.loc[parent.isna()] = codes + len(frame)
    edges = pd.DataFrame(
        {
            "child": named.index,
            "parent": parent.astype("int64").to_numpy(),
            "name": named["repo_id"],
        }
    )
    edges = edges[edges["child"] != edges["parent"]]
    lost = edges[edges["parent"] >= len(frame)].groupby("parent")["name"].min()
    lost = lost.reindex(range(len(frame), len(frame) + len(set(codes))), fill_value="")
    nodes = pd.DataFrame(
        {
            "repo_id": pd.concat([frame["id"], lost], ignore_index=True),
            "is_known": [True] * len(frame) + [False] * len(lost),
        }
    )
    return nodes, edges[["child", "parent"]].drop_duplicates()


def _parents(declared: Any, tags: list[str]) -> list[tuple[str | None, str]]:
    if isinstance(declared, dict) and declared.get("models"):
        return [(one.get("_id"), one["id"]) for one in declared["models"]]
    named = {_TAG.sub("", tag) for tag in tags if tag.startswith("base_model:")}
    return [(None, name) for name in sorted(named)]


def _brands(repo_ids: Any) -> Any:
    """Owner and brand of each name, nothing where none matches."""
    import pandas as pd

    lower = repo_ids.str.lower()
    owner = lower.str.extract("^([^/]*)/", expand=False)
    short = lower.str.extract("([^/]*)$", expand=False)
    brand = pd.Series(None, index=repo_ids.index, dtype="str")
    excluded = pd.Series(False, index=repo_ids.index)
    for pattern in exclusions():
        excluded |= _contains(lower, pattern)
    for family in families():
        matches = owner.isin(family.namespaces) | _contains(short, family.pattern)
        brand[matches & brand.isna() & ~excluded] = family.name
    return pd.DataFrame({"owner": owner, "brand": brand})


def _contains(names: Any, pattern: str) -> Any:
    return names.str.contains(re.sub(r"\((?!\?)", "(?:", pattern), regex=True)


def _shares(frame: Any, nodes: Any, pairs: list[tuple[int, int]]) -> Any:
    import pandas as pd

    parts = graphs.Igraph(len(nodes), pairs).parts()
    shares = graphs.attribute(pairs, parts, nodes["brand"].tolist())
    downloads: dict[str, float] = defaultdict(float)
    counted = frame["downloads"]
    for place, number in counted[counted > 0].items():
        for family, weight in shares[parts[place]].items():
            downloads[family] += weight * number
    made = pd.DataFrame({"family": downloads.keys(), "downloads": downloads.values()})
    made["share"] = made["downloads"] / made["downloads"].sum()
    return made


def _derivatives(nodes: Any, edges: Any, pairs: list[tuple[int, int]]) -> Any:
    """Derivatives of the models of a family's own accounts, published by others."""
    import igraph
    import pandas as pd

    held = []
    for family in families():
        is_own = nodes["owner"].isin(family.publishers)
        own = nodes.index[is_own & (nodes["brand"] == family.name)]
        direct = edges.loc[edges["parent"].isin(own), "child"].unique().tolist()
        if direct:
            held.append((family.name, ~is_own & nodes["is_known"], direct))
    # A node a family, to which its direct derivatives lead: all below them is one visit in C.
    ends = [(child, len(nodes) + end) for end, (*_, direct) in enumerate(held) for child in direct]
    graph = igraph.Graph(n=len(nodes) + len(held), edges=pairs + ends, directed=True)
    rows = []
    for end, (family_name, others, direct) in enumerate(held, len(nodes)):
        below = [node for node in graph.subcomponent(end, mode="in") if node != end]
        rows.append((family_name, *(int(others[found].sum()) for found in (direct, below))))
    return pd.DataFrame(rows, columns=["family", "direct", "transitive"])


def _top(frame: Any) -> Any:
    used = frame[frame["downloads"] > 0]
    # The thousandth value first, so that only its equals and betters are put in order.
    least = used["downloads"].nlargest(1000).min()
    top = used[used["downloads"] >= least].sort_values(
        ["downloads", "downloadsAllTime", "id"], ascending=[False, False, True]
    )
    top = top.head(1000)
    place = top["downloads"].rank(method="min", ascending=False).astype("int64")
    made = top[["_id", "id", "downloads"]].set_axis(["hub_id", "repo_id", "downloads"], axis=1)
    return made.assign(place=place)


if __name__ == "__main__":
    tell({"load": load, "facts": facts})
