"""Lineage with networkx and with igraph: closure and attribution of one date.

Belongs here: both libraries behind one small interface, and what follows from it in plain Python.
Does not belong here: which edges there are.

Both get integer edges, child to parent, and ask for ancestors: a model has few, a base model has a
hundred thousand descendants.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks.measure import Figures, tell, timed

Edges = Sequence[tuple[int, int]]
Shares = dict[str, float]


class Igraph:
    """igraph's part: sizes of ancestries in C, parts that are cycles, an order of visit."""

    def __init__(self, count: int, edges: Edges) -> None:
        import igraph

        self._graph = igraph.Graph(n=count, edges=edges, directed=True)
        self._parts = self._graph.connected_components(mode="strong")

    def parts(self) -> Sequence[int]:
        """The strongly connected part of each node."""
        return self._parts.membership

    def ancestries(self) -> Iterable[int]:
        """How many nodes each node reaches, itself not counted."""
        sizes = self._graph.neighborhood_size(order=self._graph.vcount(), mode="out")
        return (size - 1 for size in sizes)


class Networkx:
    """networkx's part: the same, node by node."""

    def __init__(self, count: int, edges: Edges) -> None:
        import networkx

        self._networkx = networkx
        self._graph = networkx.DiGraph()
        self._graph.add_nodes_from(range(count))
        self._graph.add_edges_from(edges)

    def parts(self) -> Sequence[int]:
        """The strongly connected part of each node."""
        found = [0] * len(self._graph)
        parts = self._networkx.strongly_connected_components(self._graph)
        for number, part in enumerate(parts):
            for node in part:
                found[node] = number
        return found

    def ancestries(self) -> Iterator[int]:
        """How many nodes each node reaches, itself not counted."""
        for node, parents in self._graph.adjacency():
            # Edges lead to parents: what networkx calls descendants are ancestors here.
            yield len(self._networkx.descendants(self._graph, node)) if parents else 0


def closure(graph: Any, parts: Sequence[int]) -> int:
    """Distinct pairs of descendant and ancestor; a node of a cycle is an ancestor of itself."""
    sizes = Counter(parts)
    in_cycles = sum(size for size in sizes.values() if size > 1)
    return sum(graph.ancestries()) + in_cycles


def attribute(edges: Edges, parts: Sequence[int], brands: Sequence[str]) -> list[Shares]:
    """The families that each part counts for, and how much: mass splits evenly at merges."""
    holders: dict[int, set[int]] = defaultdict(set)
    for child, parent in edges:
        if parts[child] != parts[parent]:
            holders[parts[child]].add(parent)
    # Most stand alone, and count for their own brand: one object for all of the same.
    sizes, alone = Counter(parts), {brand: {brand: 1.0} for brand in set(brands)}
    found: list[Shares | None] = [None] * len(sizes)
    members: dict[int, Counter[str]] = defaultdict(Counter)
    for node, part in enumerate(parts):
        if part in holders:
            continue
        if sizes[part] == 1:
            found[part] = alone[brands[node]]
        else:
            members[part][brands[node]] += 1
    for part, counted in members.items():
        whole = sum(counted.values())
        found[part] = {brand: number / whole for brand, number in counted.items()}
    for part in holders:
        _climb(part, holders, parts, found)
    return [shares or {} for shares in found]


def _climb(
    part: int,
    holders: Mapping[int, set[int]],
    parts: Sequence[int],
    found: list[Shares | None],
) -> None:
    """Fill in a part once all above it are filled in; without recursion, lineages are deep."""
    waiting = [part]
    while waiting:
        part = waiting[-1]
        if found[part] is not None:
            waiting.pop()
            continue
        above = [parts[holder] for holder in holders[part]]
        missing = [one for one in above if found[one] is None]
        if missing:
            waiting.extend(missing)
            continue
        shares: Shares = defaultdict(float)
        for one in above:
            for brand, weight in (found[one] or {}).items():
                shares[brand] += weight / len(above)
        found[part] = dict(shares)
        waiting.pop()


def _measured(make: Callable[[int, Edges], Any], folder: str) -> Figures:
    """Closure and attribution of exported edges and nodes; figures to compare."""
    import pyarrow.parquet as pq

    nodes = pq.read_table(f"{folder}/nodes.parquet")
    places = {key: place for place, key in enumerate(nodes["node_key"].to_pylist())}
    brands, known = nodes["brand"].to_pylist(), nodes["is_known"].to_pylist()
    table = pq.read_table(f"{folder}/edges.parquet")
    edges = [
        (places[child], places[parent])
        for child, parent in zip(
            table["child_key"].to_pylist(), table["parent_key"].to_pylist(), strict=True
        )
    ]
    with timed() as figures:
        graph = make(len(brands), edges)
        parts = graph.parts()
        pairs = closure(graph, parts)
        shares = attribute(edges, parts, brands)
        weights: Shares = defaultdict(float)
        for place, is_known in enumerate(known):
            if is_known:
                for family, weight in shares[parts[place]].items():
                    weights[family] += weight
    return {**figures, "pairs": pairs, "weights": weights}


if __name__ == "__main__":
    tell(
        {
            "igraph": lambda folder: _measured(Igraph, folder),
            "networkx": lambda folder: _measured(Networkx, folder),
        }
    )
