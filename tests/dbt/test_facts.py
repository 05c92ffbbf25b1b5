"""The facts through real dbt: METHOD's vector T6, an independent lineage, order and rebuild.

The random records hold merges, cycles, self references, parents that are not on the Hub, renames,
absences and edited lineage.
"""

import csv
import datetime as dt
import itertools
import random
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from assets.captures.sources import import_files
from assets.captures.store import CaptureStore
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
    build_facts(home)
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
        "select relation, direct, direct_fractional, transitive, publishers "
        "from marts.fct_derivative_counts where family = 'Qwen'",
    )
    counts = {relation: rest for relation, *rest in rows}
    assert counts["any"] == [3, 2.5, 4, 3]
    assert counts["quantized"][:2] == [1, 1]
    assert counts["finetune"][:2] == [1, 1]
    assert counts["merge"][:2] == [1, 0.5]
    assert counts["adapter"] == [0, 0, 0, 0]


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

    def derivatives(self, family: str) -> tuple[int, float, int]:
        first = {
            node
            for node in self.graph
            if brand(self.names[node]) == family and is_first_party(self.names[node])
        }
        owners = next(r["publishers"] for r in FAMILIES if r["family"] == family).split(";")
        others = {
            node
            for node in self.listed
            if self.names[node].lower().rpartition("/")[0] not in owners
        }
        direct = {node for node in others if first & set(self.graph.successors(node))}
        fractional = sum(
            len(first & set(self.graph.successors(node))) / self.graph.out_degree(node)
            for node in direct
        )
        below = set(itertools.chain.from_iterable(nx.ancestors(self.graph, node) for node in first))
        return len(direct), fractional, len(below & others)


def history(seed: int, models: int = 260, dates: int = 3) -> dict[dt.date, list[Item]]:
    """Captures of one changing set of models."""
    rng = random.Random(seed)
    stems = ["Qwen2", "Llama-3", "gemma", "DeepSeek-R1", "thing", "mixtral", "tool"]
    owners = ["Qwen", "meta-llama", "google", "deepseek-ai", "unsloth", "someone", "mistralai"]
    names = [f"{rng.choice(owners)}/{rng.choice(stems)}-{n}" for n in range(models)]

    def draw(number: int, name: str) -> Item:
        # Mostly older parents; a few younger ones close cycles, a few are the model itself.
        count = rng.choice((0, 0, 1, 1, 1, 2, 3))
        reach = [models if rng.random() < 0.15 else number + 1 for _ in range(count)]
        parents = [names[rng.randrange(limit)] for limit in reach]
        if rng.random() < 0.05:
            parents.append(f"{rng.choice(owners)}/{rng.choice(stems)}-gone")
        relation = "merge" if len(parents) > 1 else rng.choice(("finetune", "adapter", "quantized"))
        made = item(names[number], rng.randrange(1000), parents, relation)
        return {**made, "id": name, "pipeline_tag": rng.choice(("text-generation", "other"))}

    states = [draw(number, name) for number, name in enumerate(names)]
    captures = {}
    for day in range(dates):
        for number in rng.sample(range(models), 25):
            states[number] = draw(number, states[number]["id"])
        for number in rng.sample(range(models), 5):
            states[number] = {**states[number], "id": f"renamed/{rng.choice(stems)}-{day}-{number}"}
        absent = set(rng.sample(range(models), 20))
        captures[DATE + dt.timedelta(days=7 * day)] = [
            {**one, "downloads": rng.randrange(1000)}
            for number, one in enumerate(states)
            if number not in absent
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
    return built(tmp_path_factory.mktemp("nightly"), random_record, [[d] for d in random_record])


def built(home: Path, captures: dict[dt.date, list[Item]], runs: Iterable[list[dt.date]]) -> Path:
    record(home, captures)
    for dates in runs:
        load(home, dates)
        build_facts(home)
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
                "where date = ? and scope = ? and attribution = 'root' and downloads > 0",
                date, scope,
            )  # fmt: skip
            assert dict(found) == pytest.approx({k: v for k, v in expected.items() if v}, rel=1e-9)


def test_derivatives_equal_an_independent_count(
    nightly_home: Path, random_record: dict[dt.date, list[Item]]
) -> None:
    for date in random_record:
        lineage = lineage_on(random_record, date)
        for family in ("Qwen", "Llama", "Gemma", "DeepSeek", "Mistral"):
            found = query(
                nightly_home,
                "select direct, direct_fractional, transitive from marts.fct_derivative_counts "
                "where date = ? and family = ? and relation = 'any'",
                date, family,
            )[0]  # fmt: skip
            assert found == pytest.approx(lineage.derivatives(family)), (date, family)


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
    build_facts(tmp_path)
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
