"""The facts through real dbt: METHOD's vector T6, an independent lineage, order and rebuild.

The random records hold merges, cycles, self references, parents that are not on the Hub, renames,
absences and edited lineage.
"""

import csv
import datetime as dt
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from assets.captures.sources import import_files
from assets.captures.store import CaptureStore
from assets.ledger.due import mark_facts_due, next_batch
from assets.ledger.warehouse import connect
from tests.helpers import (
    REPOSITORY,
    Item,
    build_facts,
    hub_id,
    item,
    load,
    marts,
    query,
    record,
    run_dbt,
    write_capture,
)

SEEDS = REPOSITORY / "dbt_project" / "seeds"
DATE = dt.date(2026, 3, 1)
RELATIONS = ("finetune", "adapter", "quantized", "merge", "unknown", "any")

T6 = [
    item("Qwen/Q", 100),
    item("unsloth/Q-GGUF", 40, ["Qwen/Q"], "quantized"),
    item("deepseek-ai/DeepSeek-D", 60, ["Qwen/Q"], "finetune"),
    item("someone/D-GGUF", 20, ["deepseek-ai/DeepSeek-D"], "quantized"),
    item("meta-llama/L", 80),
    item("someone/M", 30, ["Qwen/Q", "meta-llama/L"], "merge"),
    item("nobody/X", 70),
]


@pytest.fixture(scope="module")
def t6(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("t6")
    record(home, {DATE: T6})
    load(home, [DATE])
    build_facts(home, tested=True)
    return home


@pytest.mark.parametrize(
    ("attribution", "expected"),
    [
        # D is first-party DeepSeek; U, G and M are published by others.
        ("publisher", {"Qwen": 100, "DeepSeek": 60, "Llama": 80, "other": 160}),
        ("root", {"Qwen": 235, "Llama": 95, "other": 70}),
        ("anchor", {"Qwen": 155, "DeepSeek": 80, "Llama": 95, "other": 70}),
    ],
)
def test_t6_shares(t6: Path, attribution: str, expected: dict[str, int]) -> None:
    rows = query(
        t6,
        "select family, downloads, share, scope_downloads from marts.fct_family_share_daily "
        "where attribution = ? and scope = 'all' and downloads > 0",
        attribution,
    )
    assert {family: downloads for family, downloads, _, _ in rows} == expected
    assert all(total == 400 for *_, total in rows)
    assert all(
        share == pytest.approx(downloads / 400, abs=1e-12) for _, downloads, share, _ in rows
    )


def test_t6_derivatives(t6: Path) -> None:
    rows = query(
        t6,
        "select relation, direct, direct_fractional, transitive, publishers, top_publisher_share, "
        "direct_over_5 from marts.fct_derivative_counts where family = 'Qwen'",
    )
    counts = {relation: rest for relation, *rest in rows}
    # No all-time counts in the capture, so none above 5 either.
    assert counts["any"] == [3, 2.5, 4, 3, pytest.approx(1 / 3), None]
    assert counts["quantized"][:2] == [1, 1]
    assert counts["finetune"][:2] == [1, 1]
    assert counts["merge"][:2] == [1, 0.5]
    assert counts["adapter"] == [0, 0, 0, 0, None, None]


def test_t6_inclusive(t6: Path) -> None:
    rows = query(
        t6,
        "select family, downloads_inclusive, models from marts.fct_family_inclusive_daily "
        "where scope = 'all' and downloads_inclusive > 0",
    )
    # With X 127.5 % of 400: no share.
    assert {family: tuple(rest) for family, *rest in rows} == {
        "Qwen": (250, 5), "Llama": (110, 2), "DeepSeek": (80, 2), "other": (70, 1),
    }  # fmt: skip
    columns = query(t6, "select column_name from (describe marts.fct_family_inclusive_daily)")
    assert not [name for (name,) in columns if "share" in name]


def test_t6_derivatives_of_each_model(t6: Path) -> None:
    rows = query(
        t6,
        "select repo_id, relation, direct, direct_fractional, transitive, internal, publishers "
        "from marts.fct_model_derivatives where month = ? and as_of = ?",
        DATE, DATE,
    )  # fmt: skip
    found = {(parent, relation): tuple(rest) for parent, relation, *rest in rows}
    assert found == {
        ("Qwen/Q", "any"): (3, 2.5, 4, 0, 3),
        # U directly, and G through D.
        ("Qwen/Q", "quantized"): (1, 1, 2, 0, 1),
        ("Qwen/Q", "finetune"): (1, 1, 1, 0, 1),
        ("Qwen/Q", "merge"): (1, 0.5, 1, 0, 1),
        ("deepseek-ai/DeepSeek-D", "any"): (1, 1, 1, 0, 1),
        ("deepseek-ai/DeepSeek-D", "quantized"): (1, 1, 1, 0, 1),
        ("meta-llama/L", "any"): (1, 0.5, 1, 0, 1),
        ("meta-llama/L", "merge"): (1, 0.5, 1, 0, 1),
    }


def test_t6_histories_hold_one_state_each(t6: Path) -> None:
    rows = query(t6, "select repo_id, publisher, valid_from, valid_to from marts.dim_model_history")
    assert sorted(rows) == sorted((one["id"], one["id"].split("/")[0], DATE, None) for one in T6)


def test_t6_ranks_of_models(t6: Path) -> None:
    rows = query(
        t6,
        "select unit_name, rank_min from marts.fct_rank_history "
        "where unit_type = 'model' and scope = 'all' and metric = 'downloads_30d' "
        "order by rank_ordinal",
    )
    assert rows[:3] == [("Qwen/Q", 1), ("meta-llama/L", 2), ("nobody/X", 3)]


def test_dbt_unit_tests_pass(t6: Path) -> None:
    assert "PASS=2 " in run_dbt(t6, "test", "--select", "test_type:unit")


# An independent implementation of D6, D7 and D9.

FAMILIES = sorted(
    csv.DictReader((SEEDS / "families.csv").read_text().splitlines()),
    key=lambda row: int(row["priority"]),
)


def brand(repo_id: str) -> str | None:
    owner, _, name = repo_id.lower().rpartition("/")
    for rule in FAMILIES:
        if owner in rule["namespaces"].split(";") or re.search(rule["name_pattern"], name):
            return rule["family"]
    return None


def is_first_party(repo_id: str) -> bool:
    owner = repo_id.lower().rpartition("/")[0]
    return any(
        rule["family"] == brand(repo_id) and owner in rule["publishers"].split(";")
        for rule in FAMILIES
    )


def is_anchor(repo_id: str) -> bool:
    pattern = next((r["name_pattern"] for r in FAMILIES if r["family"] == brand(repo_id)), "(?!)")
    return is_first_party(repo_id) and bool(re.search(pattern, repo_id.lower().split("/")[-1]))


class Lineage:
    """The lineage of what is known on a date, by networkx and recursion."""

    def __init__(self, known: dict[str, Item], listed: set[str]) -> None:
        self.items = known
        self.listed = listed
        self.names = {identity: one["id"] for identity, one in known.items()}
        self.relation: dict[str, str] = {}
        self.graph = nx.DiGraph()
        self.graph.add_nodes_from(known)
        for identity, one in known.items():
            for parent in one.get("baseModels", {}).get("models", []):
                node = parent["_id"] if parent["_id"] in known else parent["id"].lower()
                self.names.setdefault(node, parent["id"])
                if node != identity:
                    self.graph.add_edge(identity, node)
                    self.relation[identity] = one["baseModels"]["relation"]

    def own_brand(self, node: str) -> str:
        return brand(self.names[node]) or (
            "other" if node in self.listed | self.known() else "unknown"
        )

    def known(self) -> set[str]:
        return {node for node in self.graph if re.fullmatch("[0-9a-f]{24}", node)}

    def weights(self, anchored: bool) -> dict[str, dict[str, float]]:
        graph = self.graph.copy()
        if anchored:
            graph.remove_edges_from(
                [(child, parent) for child, parent in graph.edges if is_anchor(self.names[child])]
            )
        component = {}
        for members in nx.strongly_connected_components(graph):
            for node in members:
                component[node] = frozenset(members)
        done: dict[frozenset[str], dict[str, float]] = {}

        def of(members: frozenset[str]) -> dict[str, float]:
            if members not in done:
                outer = {p for node in members for p in graph.successors(node)} - members
                sources = (
                    [of(component[parent]) for parent in outer]
                    if outer
                    else [{self.own_brand(node): 1.0} for node in members]
                )
                total: dict[str, float] = defaultdict(float)
                for source in sources:
                    for family, weight in source.items():
                        total[family] += weight / len(sources)
                done[members] = dict(total)
            return done[members]

        return {node: of(component[node]) for node in self.known()}

    def owner(self, node: str) -> str:
        return self.names[node].lower().rpartition("/")[0]

    def created(self, node: str) -> dt.date:
        return dt.date.fromisoformat(self.items[node]["createdAt"][:10])

    def below(self, parents: set[str]) -> set[str]:
        return set().union(*(nx.ancestors(self.graph, node) for node in parents))

    def counts(
        self, parents: set[str], owners: list[str], new_from: dt.date
    ) -> dict[str, tuple[Any, ...]]:
        """By relation, in the order of the columns of fct_derivative_counts."""
        children = {child for parent in parents for child in self.graph.predecessors(parent)}
        others = {node for node in self.known() if self.owner(node) not in owners}
        below = (self.below(parents) - (parents if len(parents) == 1 else set())) & others
        found: dict[str, tuple[Any, ...]] = {}
        for relation in RELATIONS:
            chosen = {n for n in children if relation in ("any", self.relation[n])}
            direct = chosen & others & self.listed
            authors = Counter(self.names[node].split("/")[0] for node in direct)
            found[relation] = (
                len(direct),
                sum(
                    Fraction(len(parents & set(self.graph[node])), len(self.graph[node]))
                    for node in direct
                ),
                len([n for n in direct if (self.items[n].get("downloadsAllTime") or 0) > 5]),
                len([n for n in below & self.listed if relation in ("any", self.relation[n])]),
                len((chosen - others) & self.listed),
                len([node for node in direct if self.created(node) >= new_from]),
                len(chosen & others - self.listed),
                len(authors),
                max(authors.values()) / len(direct) if direct else None,
            )
        return found

    def derivatives(self, family: str, date: dt.date) -> dict[str, tuple[Any, ...]]:
        first = {
            node
            for node in self.graph
            if brand(self.names[node]) == family and is_first_party(self.names[node])
        }
        owners = next(r["publishers"] for r in FAMILIES if r["family"] == family).split(";")
        return self.counts(first, owners, date - dt.timedelta(days=29))

    def inclusive(self, members: Iterable[Item]) -> dict[str, tuple[int, int]]:
        totals: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
        for one in members:
            line = {one["_id"]} | nx.descendants(self.graph, one["_id"])
            brands = {self.own_brand(node) for node in line}
            rest = {"unknown"} if "unknown" in brands else {"other"}
            for family in brands - {"other", "unknown"} or rest:
                downloads, models = totals[family]
                totals[family] = (downloads + one["downloads"], models + 1)
        return totals


def history(seed: int, models: int = 260, dates: int = 3) -> dict[dt.date, list[Item]]:
    """Captures of one changing set of models."""
    rng = random.Random(seed)
    stems = ["Qwen2", "Llama-3", "gemma", "DeepSeek-R1", "thing", "mixtral", "tool"]
    owners = ["Qwen", "meta-llama", "google", "deepseek-ai", "unsloth", "someone", "mistralai"]
    names = [f"{rng.choice(owners)}/{rng.choice(stems)}-{n}" for n in range(models)]

    def draw(number: int, name: str) -> Item:
        # Mostly older parents; a few younger ones close cycles, a few are the model itself.
        count = rng.choice((0, 0, 1, 1, 1, 2, 3))
        reach = [models if rng.random() < 0.3 else number + 1 for _ in range(count)]
        parents = [names[rng.randrange(limit)] for limit in reach]
        if rng.random() < 0.2:
            parents.append(f"{rng.choice(owners)}/{rng.choice((*stems, *stems[-1:] * 9))}-gone")
        relation = "merge" if len(parents) > 1 else rng.choice(("finetune", "adapter", "quantized"))
        made = item(names[number], rng.randrange(1000), parents, relation)
        return {
            **made,
            "id": name,
            "pipeline_tag": rng.choice(("text-generation", "other")),
            "createdAt": f"{DATE + dt.timedelta(days=number * 4 // 3 - 305)}T12:00:00.000Z",
        }

    states = [draw(number, name) for number, name in enumerate(names)]
    captures = {}
    for day in range(dates):
        for number in rng.sample(range(models), 80):
            states[number] = draw(number, states[number]["id"])
        for number in rng.sample(range(models), 5):
            states[number] = {**states[number], "id": f"renamed/{rng.choice(stems)}-{day}-{number}"}
        absent = set(rng.sample(range(models), 20))
        date = DATE + dt.timedelta(days=20 * day)
        captures[date] = [
            {
                **one,
                "downloads": rng.randrange(1000),
                # None at all in the first capture, and never for every model.
                "downloadsAllTime": number % 9 + day if day and number % 11 else None,
            }
            for number, one in enumerate(states)
            if number not in absent and one["createdAt"] < f"{date}T13"
        ]
    return captures


@pytest.fixture(scope="module")
def random_record() -> dict[dt.date, list[Item]]:
    return history(seed=11)


@pytest.fixture(scope="module")
def nightly_home(
    random_record: dict[dt.date, list[Item]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Facts built night by night."""
    home = tmp_path_factory.mktemp("nightly")
    return built(home, random_record, [[date] for date in random_record], tested=True)


def built(
    home: Path,
    captures: dict[dt.date, list[Item]],
    runs: Iterable[list[dt.date]],
    tested: bool = False,
) -> Path:
    record(home, captures)
    for dates in runs:
        load(home, dates)
        build_facts(home, tested=tested)
    return home


def lineage_on(captures: dict[dt.date, list[Item]], date: dt.date) -> Lineage:
    known: dict[str, Item] = {}
    for day in sorted(captures):
        if day <= date:
            known.update({one["_id"]: one for one in captures[day]})
    return Lineage(known, {one["_id"] for one in captures[date]})


@pytest.mark.parametrize("attribution", ["root", "anchor"])
def test_weights_equal_an_independent_lineage(
    nightly_home: Path, random_record: dict[dt.date, list[Item]], attribution: str
) -> None:
    for date in random_record:
        expected = lineage_on(random_record, date).weights(anchored=attribution == "anchor")
        found: dict[str, dict[str, float]] = defaultdict(dict)
        for identity, family, weight in query(
            nightly_home,
            "select hub_id, family, weight from marts.bridge_model_family where attribution = ? "
            "and valid_from <= ? and (valid_to is null or valid_to > ?)",
            attribution, date, date,
        ):  # fmt: skip
            found[identity][family] = weight
        assert found.keys() == expected.keys()
        for identity, weights in expected.items():
            assert found[identity] == pytest.approx(weights, abs=1e-9), (date, identity)


def test_the_random_record_is_hard_enough(random_record: dict[dt.date, list[Item]]) -> None:
    lineage = lineage_on(random_record, max(random_record))
    cycles = [c for c in nx.strongly_connected_components(lineage.graph) if len(c) > 1]
    assert cycles
    assert any(len(weights) > 2 for weights in lineage.weights(False).values())
    assert lineage.weights(False) != lineage.weights(True)
    assert any(node not in lineage.known() for node in lineage.graph)


def test_shares_follow_from_the_independent_weights(
    nightly_home: Path, random_record: dict[dt.date, list[Item]]
) -> None:
    for date, items in random_record.items():
        weights = lineage_on(random_record, date).weights(False)
        for scope, members in (
            ("all", items),
            ("text_vlm", [one for one in items if one["pipeline_tag"] == "text-generation"]),
        ):
            expected: dict[str, float] = defaultdict(float)
            for one in members:
                for family, weight in weights[one["_id"]].items():
                    expected[family] += weight * one["downloads"]
            found = query(
                nightly_home,
                "select family, downloads from marts.fct_family_share_daily "
                "where date = ? and scope = ? and attribution = 'root' and downloads > 0 "
                "and basis = 'window'",
                date, scope,
            )  # fmt: skip
            assert dict(found) == pytest.approx({k: v for k, v in expected.items() if v}, rel=1e-9)


def test_derivatives_equal_an_independent_count(
    nightly_home: Path, random_record: dict[dt.date, list[Item]]
) -> None:
    for date, items in random_record.items():
        lineage = lineage_on(random_record, date)
        counted = any(one["downloadsAllTime"] is not None for one in items)
        for family in ("Qwen", "Llama", "Gemma", "DeepSeek", "Mistral"):
            found = {
                relation: counts
                for relation, *counts in query(
                    nightly_home,
                    "select relation, direct, direct_fractional, direct_over_5, transitive, "
                    "internal, new_30d, gone, publishers, top_publisher_share "
                    "from marts.fct_derivative_counts where date = ? and family = ?",
                    date, family,
                )
            }  # fmt: skip
            expected = lineage.derivatives(family, date)
            assert found.keys() == expected.keys()
            for relation, (direct, fractional, over_5, *rest) in expected.items():
                assert found[relation] == [
                    direct,
                    pytest.approx(float(fractional), abs=1e-9),
                    over_5 if counted else None,
                    *rest,
                ], (date, family, relation)


def test_derivatives_of_each_model_equal_an_independent_count(
    nightly_home: Path, random_record: dict[dt.date, list[Item]]
) -> None:
    first, march, april = random_record
    assert (first.month, march.month, april.month) == (3, 3, 4)
    for date in (march, april):
        month = date.replace(day=1)
        lineage = lineage_on(random_record, date)
        expected = {}
        for node in lineage.known():
            for relation, counts in lineage.counts({node}, [lineage.owner(node)], month).items():
                direct, fractional, _, transitive, internal, new, _, publishers, _ = counts
                if direct or transitive or internal:
                    expected[node, relation] = (
                        lineage.names[node], direct, pytest.approx(float(fractional), abs=1e-9),
                        transitive, internal, new, publishers,
                    )  # fmt: skip
        found = {
            (identity, relation): tuple(counts)
            for identity, relation, *counts in query(
                nightly_home,
                "select hub_id, relation, repo_id, direct, direct_fractional, transitive, "
                "internal, new, publishers from marts.fct_model_derivatives "
                "where month = ? and as_of = ?",
                month, date,
            )
        }  # fmt: skip
        assert found == expected
        assert any(identity not in lineage.listed for identity, _ in found)
        assert any(row[4] for row in found.values())
        assert any(row[5] for row in found.values())
    assert query(
        nightly_home, "select distinct as_of from marts.fct_model_derivatives order by 1"
    ) == [(march,), (april,)]


def test_inclusive_downloads_equal_an_independent_count(
    nightly_home: Path, random_record: dict[dt.date, list[Item]]
) -> None:
    families: set[str] = set()
    for date, items in random_record.items():
        lineage = lineage_on(random_record, date)
        for scope, members in (
            ("all", items),
            ("text_vlm", [one for one in items if one["pipeline_tag"] == "text-generation"]),
        ):
            found = query(
                nightly_home,
                "select family, downloads_inclusive, models from marts.fct_family_inclusive_daily "
                "where date = ? and scope = ? and models > 0",
                date, scope,
            )  # fmt: skip
            assert {family: tuple(rest) for family, *rest in found} == lineage.inclusive(members)
            families |= {family for family, *_ in found}
    assert {"other", "unknown"} < families


def test_the_history_of_a_model_is_what_captures_showed(
    nightly_home: Path, random_record: dict[dt.date, list[Item]]
) -> None:
    expected: dict[str, list[tuple[object, ...]]] = defaultdict(list)
    for date, items in random_record.items():
        for one in items:
            state = (one["id"], one["id"].split("/")[0], one["pipeline_tag"])
            states = expected[one["_id"]]
            if not states or states[-1][:3] != state:
                states.append((*state, date))
    found: dict[str, list[tuple[object, ...]]] = defaultdict(list)
    until: dict[str, dt.date | None] = {}
    for identity, *held, begun, ended in query(
        nightly_home, "from marts.dim_model_history order by hub_id, valid_from"
    ):
        assert until.get(identity, begun) == begun
        found[identity].append((*held, begun))
        until[identity] = ended
    assert found == expected
    assert set(until.values()) == {None}
    assert max(map(len, found.values())) > 2


def test_rank_history_looks_back_as_ranks_say(nightly_home: Path) -> None:
    rows = query(
        nightly_home,
        "select unit_type, unit, scope, attribution, metric, period, rank_min, rank_change, "
        "best_rank_so_far, periods_at_first from marts.fct_rank_history order by all",
    )
    periods = sorted({row[5] for row in rows})
    by_unit: dict[Any, dict[dt.date, tuple[Any, ...]]] = defaultdict(dict)
    for *unit, period, rank, change, best, firsts in rows:
        by_unit[tuple(unit)][period] = (rank, change, best, firsts)
    for held in by_unit.values():
        for number, period in enumerate(periods):
            if period not in held:
                continue
            rank, change, best, firsts = held[period]
            before = held.get(periods[number - 1]) if number else None
            assert change == (before[0] - rank if before else None)
            past = [held[p][0] for p in periods[: number + 1] if p in held]
            assert best == min(past)
            assert firsts == past.count(1)


def test_any_order_of_nights_gives_the_same_marts(
    nightly_home: Path,
    random_record: dict[dt.date, list[Item]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    first, second, third = random_record
    expected = marts(nightly_home)
    backwards = built(
        tmp_path_factory.mktemp("backwards"), random_record, [[third], [first], [second]]
    )
    assert_same(marts(backwards), expected)


@pytest.mark.long
def test_all_nights_at_once_and_a_second_run_give_the_same_marts(
    nightly_home: Path,
    random_record: dict[dt.date, list[Item]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    expected = marts(nightly_home)
    at_once = built(tmp_path_factory.mktemp("at_once"), random_record, [list(random_record)])
    assert_same(marts(at_once), expected)
    build_facts(at_once)
    assert_same(marts(at_once), expected)


def assert_same(
    found: dict[str, list[tuple[Any, ...]]], expected: dict[str, list[tuple[Any, ...]]]
) -> None:
    assert found.keys() == expected.keys()
    for table, rows in expected.items():
        assert len(found[table]) == len(rows), table
        for ours, theirs in zip(found[table], rows, strict=True):
            for one, other in zip(ours, theirs, strict=True):
                if isinstance(other, float):
                    assert one == pytest.approx(other, rel=1e-12), table
                else:
                    assert one == other, (table, ours, theirs)


def test_a_capture_that_does_not_count_makes_no_facts(tmp_path: Path) -> None:
    days = [DATE + dt.timedelta(days=n) for n in range(3)]
    whole = [item(f"Qwen/m{n}", 10) for n in range(10)]
    folder = tmp_path / "incoming"
    for day, items in zip(days, (whole, whole[:3], whole), strict=True):
        write_capture(folder, day, items)
    import_files(CaptureStore(tmp_path / "captures"), folder, 1.0, 0.9)
    load(tmp_path, days)
    build_facts(tmp_path)
    dated = query(tmp_path, "select distinct date from marts.fct_family_share_daily order by 1")
    assert [date for (date,) in dated] == [days[0], days[2]]
    gone = query(tmp_path, "select count(*) from marts.dim_model where gone_on is not null")
    assert gone == [(0,)]
    verdicts = query(tmp_path, "select verdict from marts.meta_captures order by date")
    assert [verdict.split(":")[0] for (verdict,) in verdicts] == ["admitted", "partial", "admitted"]
    fresh = query(tmp_path, "select * from marts.meta_freshness")
    finished = CaptureStore(tmp_path / "captures").manifest(days[2]).finished_at
    assert fresh == [("hub", days[0], days[2], 2, finished.replace(tzinfo=None), None)]
    kept = query(tmp_path, "select count(*) from raw.model_counters where date = ?", days[1])
    assert kept == [(3,)]


def test_a_name_borne_twice_belongs_to_whoever_bore_it_last(tmp_path: Path) -> None:
    """In any order of loading; and a renamed parent is found by the name its child knows."""
    days = [DATE + dt.timedelta(days=n) for n in range(3)]
    child = item("z/child", 1, tags=["base_model:x/m"])
    old = {**item("x/m", 1, ["Qwen/Q"]), "_id": "f" * 24}
    new = {**item("x/m", 1, ["meta-llama/L"]), "_id": "0" * 24}
    lab = item("lab/base", 1, ["Qwen/Q"])
    orphan = item("z/orphan", 1, tags=["base_model:lab/base"])
    rest = [child, orphan, item("Qwen/Q", 1), item("meta-llama/L", 1)]
    nights = [[*rest, old, lab], [*rest, new, lab], [*rest, {**lab, "id": "lab/renamed"}]]
    for name, order in (("forward", (0, 1, 2)), ("backward", (2, 1, 0))):
        home = built(
            tmp_path / name,
            dict(zip(days, nights, strict=True)),
            [[days[number] for number in order]],
        )
        roots = query(
            home,
            "select repo_id, family_root from marts.dim_model where publisher = 'z' order by 1",
        )
        assert roots == [("z/child", "Llama"), ("z/orphan", "Qwen")], name


def test_hostile_names_pass_through_the_facts(tmp_path: Path) -> None:
    names = ["'; drop table x; --/qwen'", 'a"b/llama"', "{{ 1/0 }}/{% endif %}", "nöslash"]
    record(tmp_path, {DATE: [item(name, 5, ["'x'/\"y\""]) for name in names]})
    load(tmp_path, [DATE])
    build_facts(tmp_path, tested=True)
    found = query(tmp_path, "select repo_id, family_brand, publisher from marts.dim_model")
    assert {row[0] for row in found} == set(names)
    assert {row[0]: row[1] for row in found}["'; drop table x; --/qwen'"] == "Qwen"
    assert {row[0]: row[2] for row in found}["nöslash"] is None
    unknown = query(
        tmp_path,
        "select count(*) from marts.bridge_model_family where attribution = 'publisher' "
        "and family = 'unknown'",
    )
    assert unknown == [(1,)]
    assert hub_id(names[0]) in {
        row[0] for row in query(tmp_path, "select hub_id from marts.dim_model")
    }


@pytest.mark.long
def test_a_history_alone_takes_no_other_run_s_dates_for_its_own(tmp_path: Path) -> None:
    """As someone does who materializes one table for a past date: the whole run follows later."""
    dates = [dt.date(2026, 3, day) for day in (1, 2, 3)]
    record(
        tmp_path,
        {
            date: [item(name, 10, pipeline_tag="text-generation") for name in ("Qwen/Q", "a/b")]
            for date in dates
        },
    )
    load(tmp_path, dates)
    build_facts(tmp_path)
    spans = "from intermediate.int_scope_spans order by all"
    profiles = "from intermediate.int_profile_spans order by all"
    before = query(tmp_path, spans), query(tmp_path, profiles)
    assert all(before)
    with connect(tmp_path) as connection:
        # The tables of what is due hold all three dates: they came in one batch.
        mark_facts_due(connection, dates[:1])
        next_batch(connection, 10**9)
    run_dbt(tmp_path, "build", "--select", "int_scope_spans", "int_profile_spans")
    build_facts(tmp_path)
    assert (query(tmp_path, spans), query(tmp_path, profiles)) == before
