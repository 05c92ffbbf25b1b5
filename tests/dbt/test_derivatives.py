"""Derivatives: METHOD traps 16 to 22 and 30 by name, months and verdicts that change, histories."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pytest

from assets.captures.admission import PLAIN, Thresholds
from assets.captures.store import CaptureStore
from assets.ledger.load import load_capture, settle
from assets.ledger.warehouse import connect
from tests.helpers import (
    Item,
    build_facts,
    hub_id,
    item,
    load,
    marts,
    query,
    record,
    record_archived,
)

BEFORE, DATE = dt.date(2026, 2, 27), dt.date(2026, 3, 2)
QWEN, LLAMA = "Qwen/Qwen3-8B", "meta-llama/Llama-3-8B"


def tagged(repo_id: str, *tags: str) -> Item:
    """A model whose parents the Hub did not resolve."""
    return item(repo_id, 1, tags=[f"base_model:{tag}" for tag in tags])


# One account a trap, so that each can be asked for alone.
BASES = [item(QWEN, 100, downloadsAllTime=1000), item(LLAMA, 50)]
TRAPS = [
    tagged("t16/repeated", QWEN, f"finetune:{QWEN}"),
    item("t17/merge", 1, [QWEN, LLAMA], "merge"),
    tagged("t17/tagged", f"quantized:{QWEN}", f"adapter:{LLAMA}"),
    item("t18/self", 1, ["t18/self", QWEN]),
    item("t18/cycle-a", 1, ["t18/cycle-b", QWEN], "merge"),
    item("t18/cycle-b", 1, ["t18/cycle-a"]),
    tagged("t18/missing", "finetune:Qwen/Qwen3-never-listed"),
    tagged("t18/renamed-parent", "finetune:lab/old-name"),
    tagged("t18/free-text", "my own Llama weights", "finetune:datasets/some/corpus"),
    tagged("t18/case", f"finetune:{QWEN.lower()}"),
    item("t19/quant", 1, [QWEN], "quantized"),
    item("t19/quant-of-quant", 1, ["t19/quant"], "finetune"),
    tagged("t19/gguf", QWEN),
    item("t19/merge-of-one", 1, [QWEN], "merge"),
    item("Qwen/Qwen3-8B-Instruct", 70, [QWEN], downloadsAllTime=70),
    item("t21/Qwen3-8B-mine", 7),
    item("t22/distill", 9, tags=["qwen2", "qwen2_for_causal_lm"]),
    item("t30/merge", 1, [QWEN, LLAMA, "t30/other"], "merge"),
    item("t30/other", 1),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("traps")
    lab = item("lab/old-name", 1, [QWEN])
    record(
        folder,
        {
            BEFORE: [*BASES, *TRAPS, lab],
            DATE: [*BASES, *TRAPS, {**lab, "id": "lab/new-name", "downloadsAllTime": 6}],
        },
    )
    load(folder, [BEFORE, DATE])
    build_facts(folder, tested=True)
    return folder


def edges(home: Path, account: str) -> set[tuple[str, str, str | None]]:
    """What an account's models are and of what, from the lineage of the date."""
    return set(
        query(
            home,
            """
            select children.repo_id, derivatives.relation, parents.repo_id
            from intermediate.int_lineage_edges as edges
            join intermediate.int_derivatives as derivatives using (date, child_key)
            join staging.stg_model_names as children
                on edges.child_key = children.model_key and children.valid_to is null
            left join staging.stg_model_names as parents
                on edges.parent_key = parents.model_key and parents.valid_to is null
            where edges.date = ? and children.publisher = ?
            """,
            DATE,
            account,
        )
    )


def of_model(home: Path, repo_id: str, relation: str, column: str) -> float:
    rows = query(
        home,
        f"select {column} from marts.fct_model_derivatives "
        "where repo_id = ? and relation = ? and as_of = ?",
        repo_id,
        relation,
        DATE,
    )
    return rows[0][0] if rows else 0


def of_family(home: Path, family: str, relation: str, column: str) -> float:
    return query(
        home,
        f"select {column} from marts.fct_derivative_counts "
        "where family = ? and relation = ? and date = ?",
        family,
        relation,
        DATE,
    )[0][0]


def test_trap_16_a_parent_tagged_twice_is_one_edge(home: Path) -> None:
    assert edges(home, "t16") == {("t16/repeated", "finetune", QWEN)}


def test_trap_17_several_parents_but_one_relation(home: Path) -> None:
    assert edges(home, "t17") == {
        ("t17/merge", "merge", QWEN), ("t17/merge", "merge", LLAMA),
        ("t17/tagged", "adapter", QWEN), ("t17/tagged", "adapter", LLAMA),
    }  # fmt: skip


def test_trap_18_self_reference_cycle_missing_renamed_free_text_case(home: Path) -> None:
    assert edges(home, "t18") == {
        ("t18/self", "finetune", QWEN),
        ("t18/cycle-a", "merge", QWEN),
        ("t18/cycle-a", "merge", "t18/cycle-b"),
        ("t18/cycle-b", "finetune", "t18/cycle-a"),
        ("t18/missing", "finetune", None),
        ("t18/renamed-parent", "finetune", "lab/new-name"),
        ("t18/free-text", "finetune", None),
        ("t18/case", "finetune", QWEN),
    }
    # Both of the cycle are by one publisher, and no model descends from itself.
    assert of_model(home, "t18/cycle-a", "any", "internal") == 1
    assert of_model(home, "t18/cycle-a", "any", "transitive") == 0
    # The name of a parent that is not on the Hub tells its family, but it has no row of its own.
    never = query(home, "select * from marts.fct_model_derivatives where repo_id like '%never%'")
    assert never == []


def test_trap_19_relations_are_as_declared(home: Path) -> None:
    assert edges(home, "t19") == {
        ("t19/quant", "quantized", QWEN),
        ("t19/quant-of-quant", "finetune", "t19/quant"),
        ("t19/gguf", "unknown", QWEN),
        ("t19/merge-of-one", "merge", QWEN),
    }


def test_trap_20_a_model_by_the_same_publisher_is_internal(home: Path) -> None:
    for count in (
        of_family(home, "Qwen", "any", "internal"),
        of_model(home, QWEN, "any", "internal"),
    ):
        assert count == 1
    assert of_model(home, QWEN, "any", "direct") == 12 - 1
    # With the one whose parent only bears the family's name.
    assert of_family(home, "Qwen", "any", "direct") == 12


def test_trap_21_a_name_without_declared_base_is_no_derivative(home: Path) -> None:
    assert edges(home, "t21") == set()
    counted = query(
        home,
        "select family from marts.bridge_model_family join marts.dim_model using (hub_id) "
        "where repo_id = 't21/Qwen3-8B-mine' and attribution = 'root' "
        "and evidence = 'inferred-name'",
    )
    assert counted == [("Qwen",)]


def test_the_bridge_is_the_lineage_of_the_newest_date(home: Path) -> None:
    accounts = {repo_id.partition("/")[0] for repo_id, *_ in query(
        home, "select repo_id from marts.dim_model where gone_on is null"
    )}  # fmt: skip
    expected = {edge for account in accounts for edge in edges(home, account)}
    assert len(expected) > 15
    found = query(
        home,
        """
        select
            children.repo_id, relation,
            case when parent_hub_id is not null then parent_repo_id end
        from marts.bridge_model_parent join marts.dim_model as children using (hub_id)
        """,
    )
    assert set(found) == expected
    names = "select parent_repo_id from marts.bridge_model_parent where parent_hub_id is null"
    assert ("Qwen/Qwen3-never-listed",) in query(home, names)


def test_parents_of_one_name_are_two(tmp_path: Path) -> None:
    """One is gone, the other took its name: no reason for a night not to be published."""
    taken = item(QWEN, 5) | {"_id": hub_id("another")}
    child = item("a/merge", 1, [QWEN, LLAMA], "merge")
    child["baseModels"]["models"].append({"_id": taken["_id"], "id": QWEN})
    record(tmp_path, {BEFORE: [*BASES, child], DATE: [taken, BASES[1], child]})
    load(tmp_path, [BEFORE, DATE])
    build_facts(tmp_path, "bridge_model_parent")
    assert query(
        tmp_path, "select parent_hub_id, parent_repo_id from marts.bridge_model_parent order by all"
    ) == sorted([(hub_id(QWEN), QWEN), (taken["_id"], QWEN), (hub_id(LLAMA), LLAMA)])


def test_trap_22_an_architecture_tag_is_no_lineage(home: Path) -> None:
    assert edges(home, "t22") == set()
    counted = query(
        home,
        "select distinct family from marts.bridge_model_family join marts.dim_model "
        "using (hub_id) where repo_id = 't22/distill'",
    )
    assert counted == [("other",)]


def test_trap_30_merges_are_counted_in_full_and_in_parts(home: Path) -> None:
    # Of one, two, two and three parents: merge-of-one, merge, cycle-a and t30/merge.
    assert of_family(home, "Qwen", "merge", "direct") == 4
    assert of_family(home, "Qwen", "merge", "direct_fractional") == pytest.approx(7 / 3, abs=1e-9)
    assert of_family(home, "Llama", "merge", "direct") == 2
    assert of_family(home, "Llama", "merge", "direct_fractional") == pytest.approx(5 / 6, abs=1e-9)
    assert of_model(home, "t30/other", "merge", "direct_fractional") == 0
    inclusive = query(
        home,
        "select sum(downloads_inclusive) > any_value(scope_downloads) "
        "from marts.fct_family_inclusive_daily "
        "join marts.fct_family_share_daily using (date, scope, family) "
        "where date = ? and scope = 'all' and attribution = 'root'",
        DATE,
    )
    assert inclusive == [(True,)]


def test_publishers_and_the_largest_one(home: Path) -> None:
    # lab, t16, t17 (2), t18 (4: the missing parent too), t19 (3), t30.
    assert of_family(home, "Qwen", "any", "publishers") == 6
    assert of_family(home, "Qwen", "any", "top_publisher_share") == pytest.approx(4 / 12)
    assert of_family(home, "Falcon", "any", "top_publisher_share") is None


def test_over_5_is_null_without_all_time_counts(home: Path) -> None:
    """Of the derivatives only lab/new-name has a count; the instruct model is internal."""
    assert of_family(home, "Qwen", "any", "direct_over_5") == 1
    assert of_family(home, "Falcon", "any", "direct_over_5") == 0


@pytest.mark.parametrize("runs", [[[0, 1], [2], [3], [4]], [[2, 4], [0, 3], [1]]])
def test_a_month_shows_its_last_capture_in_any_order(tmp_path: Path, runs: list[list[int]]) -> None:
    days = [dt.date(2026, 1, 10), dt.date(2026, 1, 31), dt.date(2026, 2, 1), dt.date(2026, 2, 2),
            dt.date(2026, 4, 1)]  # fmt: skip
    captures = {
        day: [
            item(QWEN, 10),
            *(
                item(f"u/{n}", n, [QWEN], createdAt=f"{created}T12:00:00.000Z")
                for n, created in enumerate(days[: number + 1])
            ),
            *(item(f"z/{n}") for n in range(60)),
        ]
        for number, day in enumerate(days)
    }
    record(tmp_path, captures)
    for numbers in runs:
        load(tmp_path, [days[number] for number in numbers])
        build_facts(tmp_path, "fct_model_derivatives")
        newest = query(
            tmp_path,
            "select max(as_of) = (select max(date) from raw.captures) "
            "from marts.fct_model_derivatives",
        )
        assert newest == [(True,)]
    assert query(
        tmp_path,
        "select month, as_of, direct, new from marts.fct_model_derivatives "
        "where relation = 'any' order by month",
    ) == [
        (dt.date(2026, 1, 1), days[1], 2, 2),
        (dt.date(2026, 2, 1), days[3], 4, 2),
        (dt.date(2026, 4, 1), days[4], 5, 1),
    ]


@pytest.mark.long
def test_a_verdict_that_changes_renews_months_and_what_is_gone(tmp_path: Path) -> None:
    """The short last night of January counts until the threshold says that it is partial."""
    days = [dt.date(2026, 1, 30), dt.date(2026, 1, 31), dt.date(2026, 2, 1), dt.date(2026, 2, 2)]
    others = [item(f"z/{n}", n) for n in range(20)]
    whole = [item(QWEN, 10), item("u/kept", 1, [QWEN]), *others]
    short = [
        item(QWEN, 10), item("u/only-here", 1, [QWEN]),
        item("u/kept", 1, [QWEN], pipeline_tag="seen-here"), *others[:10],
    ]  # fmt: skip
    nights: list[Sequence[Item]] = [whole, short, whole, whole]

    def gone(home: Path) -> list[int]:
        rows = query(
            home,
            "select gone from marts.fct_derivative_counts "
            "where family = 'Qwen' and relation = 'any' order by date",
        )
        return [row[0] for row in rows]

    record(tmp_path, dict(zip(days, nights, strict=True)))
    lenient = Thresholds(min_rows=0.5)
    with connect(tmp_path) as connection:
        for day in days:
            load_capture(connection, CaptureStore(tmp_path / "captures"), day, lenient)
    build_facts(tmp_path)
    assert gone(tmp_path) == [0, 0, 1, 1]
    tables = {"lenient": marts(tmp_path)}
    for name, thresholds in (("strict", PLAIN), ("again", lenient)):
        with connect(tmp_path) as connection:
            settle(connection, thresholds)
        build_facts(tmp_path)
        tables[name] = marts(tmp_path)
    assert tables["again"] == tables["lenient"]

    strict = tmp_path / "strict"
    record(strict, dict(zip(days, nights, strict=True)))
    load(strict, days)
    build_facts(strict)
    assert tables["strict"] == marts(strict)
    assert gone(strict) == [0, 0, 0]
    assert query(strict, "select distinct as_of from marts.fct_model_derivatives order by 1") == [
        (days[0],),
        (days[3],),
    ]
    assert query(
        strict,
        "select count(*), count(valid_to) from marts.dim_model_history where repo_id like 'u/%'",
    ) == [(1, 0)]


def test_history_merges_states_that_differ_elsewhere(tmp_path: Path) -> None:
    days = [dt.date(2026, 1, n) for n in (1, 2, 3, 4, 5)]
    others = [item(f"z/{n}", n) for n in range(20)]
    one = {"_id": hub_id("m"), "pipeline_tag": "text-generation"}
    states = [
        {**item("a/m", 1), **one},
        {**item("a/m", 1), **one, "tags": ["license:mit"], "library_name": "peft"},
        {**item("b/m", 1), **one},
        {**item("b/m", 1), "_id": one["_id"]},
        {**item("a/m", 1), **one},
    ]
    record(tmp_path, {day: [state, *others] for day, state in zip(days, states, strict=True)})
    expected = [
        ("a/m", "a", "text-generation", days[0], days[2]),
        ("b/m", "b", "text-generation", days[2], days[3]),
        ("b/m", "b", None, days[3], days[4]),
        ("a/m", "a", "text-generation", days[4], None),
    ]
    for some in (days[:2], days[2:4], days[4:]):
        load(tmp_path, some)
        build_facts(tmp_path, "dim_model_history")
    held = query(
        tmp_path,
        "select repo_id, publisher, task, valid_from, valid_to from marts.dim_model_history "
        "where hub_id = ? order by valid_from",
        one["_id"],
    )
    assert held == expected


def test_what_was_held_under_a_stand_in_goes_on_under_the_hubs_own_id(tmp_path: Path) -> None:
    """Two nights from the archive, which tells no ids, and one from the Hub."""
    days = [dt.date(2026, 1, 10), dt.date(2026, 2, 10), dt.date(2026, 3, 10)]
    created = {"createdAt": "2025-06-01T12:00:00.000Z"}
    items = [
        item(QWEN, 10, **created),
        item("u/child", 1, tags=[f"base_model:{QWEN}"], **created),
        *(item(f"z/{n}", n, **created) for n in range(9)),
    ]
    found = []
    for name, runs in (("nightly", [[day] for day in days]), ("at once", [days])):
        home = tmp_path / name
        record_archived(home, dict.fromkeys(days[:2], items))
        record(home, {days[2]: items})
        for some in runs:
            load(home, some)
            build_facts(home, "fct_model_derivatives", "dim_model_history")
        tables = marts(home)
        found.append(
            {name: tables[name] for name in ("fct_model_derivatives", "dim_model_history")}
        )
    assert found[0] == found[1]
    assert {row[2] for row in found[0]["fct_model_derivatives"]} == {hub_id(QWEN)}
    assert len({row[0] for row in found[0]["fct_model_derivatives"]}) == 3
    assert {row[4] for row in found[0]["dim_model_history"]} == {days[0]}


def test_a_model_first_listed_where_nothing_counts_begins_later(tmp_path: Path) -> None:
    days = [dt.date(2026, 1, n) for n in (1, 2, 3, 4)]
    others = [item(f"z/{n}", n) for n in range(20)]
    back = item("u/back", 1)
    nights = [others, [back, *others[:10]], others, [back, *others]]
    record(tmp_path, dict(zip(days, nights, strict=True)))
    for some in (days[:2], days[2:3], days[3:]):
        load(tmp_path, some)
        build_facts(tmp_path, "dim_model_history")
    held = query(
        tmp_path,
        "select valid_from, valid_to from marts.dim_model_history where repo_id = 'u/back'",
    )
    assert held == [(days[3], None)]


@pytest.mark.long
def test_what_only_a_capture_shows_that_does_not_count_is_in_no_fact(tmp_path: Path) -> None:
    """Names, licences and parents of a short night, of models that the next one does not list."""
    days = [dt.date(2026, 3, day) for day in (1, 2, 3, 4, 6)]
    others = [item(f"z/{n}", n) for n in range(40)]
    kept, away, kid = hub_id("kept"), hub_id("away"), item("k/kid", 1, ["lab/away"])
    named = hub_id("named")
    plain = [
        item("lab/kept", 1, _id=kept, tags=["license:mit"]),
        item("lab/mid", 1, [QWEN]), item("lab/away", 1, [QWEN], _id=away),
        item("lab/named", 1, _id=named), item("lab/carded", 1, tags=["license:mit"]),
        item("k/of-mid", 1, ["lab/mid"]), kid,
    ]  # fmt: skip
    short = [
        item("evil/kept", 1, _id=kept, tags=["license:other"]),
        item("lab/mid", 1, [LLAMA]), item("lab/away", 1, _id=away), item("lab/once", 1, [LLAMA]),
        item("evil/named", 1, _id=named), item("lab/carded", 1, tags=["license:other"]),
        *plain[5:],
    ]  # fmt: skip
    without_two = [plain[0], *plain[5:]]
    nights = {
        days[0]: [*BASES, *plain, *others],
        days[1]: [*BASES, *short, *others[:12]],
        days[2]: [*BASES, *without_two, *others],
        # One of them comes back as only the short night had shown it.
        days[3]: [*BASES, *without_two, item("lab/away", 1, _id=away), *others],
        days[4]: [*BASES, *plain, *others],
    }

    wanted = (
        "bridge_model_family", "bridge_model_parent", "bridge_model_scope", "dim_model",
        "dim_model_history", "dim_publisher", "fct_author_retention", "fct_derivative_counts",
        "fct_family_share_daily", "fct_model_derivatives",
    )  # fmt: skip
    for count in (2, 5):
        chosen = days[:count]
        whole, plainer = tmp_path / f"{count}", tmp_path / f"{count}-without"
        record(whole, {day: nights[day] for day in chosen})
        load(whole, chosen[:-1])
        build_facts(whole, *wanted)
        load(whole, chosen[-1:])
        build_facts(whole, *wanted)
        record(plainer, {day: nights[day] for day in chosen if day != days[1]})
        load(plainer, [day for day in chosen if day != days[1]])
        build_facts(plainer, *wanted)
        expected = marts(plainer)
        assert {name: marts(whole)[name] for name in wanted} == {
            name: expected[name] for name in wanted
        }
    with_it = tmp_path / "5"
    assert query(with_it, "select count(*) from raw.captures where verdict = 'admitted'") == [(4,)]
    assert query(
        with_it,
        "select family, valid_from, valid_to from marts.bridge_model_family "
        "join marts.dim_model using (hub_id) where repo_id = 'k/kid' and attribution = 'root' "
        "order by valid_from",
    ) == [("Qwen", days[0], days[3]), ("other", days[3], days[4]), ("Qwen", days[4], None)]


def test_a_model_that_names_itself_by_its_former_name_is_no_derivative(tmp_path: Path) -> None:
    days = [dt.date(2026, 3, 1), dt.date(2026, 3, 2)]
    tags = ["base_model:lab/Old-7B"]
    own, heir = hub_id("own"), item("heir/model", 1, tags=["base_model:lab/Given"])
    nights = {
        days[0]: [*BASES, item("lab/Old-7B", 1, _id=own, tags=tags), item("lab/Given", 1)],
        days[1]: [
            *BASES, item("lab/New-7B", 1, _id=own, tags=tags),
            # Names a model that has taken the name that it bore.
            item("heir/moved", 1, tags=["base_model:heir/model"], _id=heir["_id"]),
            item("heir/model", 1, _id=hub_id("taker")),
        ],
    }  # fmt: skip
    nights[days[0]].append(heir)
    # Deleted and made again: its name was another repository's.
    nights[days[0]].append(item("lab/again", 1, _id=hub_id("first")))
    nights[days[1]].append(
        item("lab/again", 1, _id=hub_id("second"), tags=["base_model:lab/again"])
    )
    record(tmp_path, nights)
    for day in days:
        load(tmp_path, [day])
        build_facts(tmp_path, "dim_model", "bridge_model_parent")
        assert query(
            tmp_path,
            "select count(*) from marts.dim_model where is_derivative <> (hub_id in (select hub_id "
            "from marts.bridge_model_parent))",
        ) == [(0,)]
    assert query(tmp_path, "select repo_id from marts.dim_model where is_derivative") == [
        ("heir/moved",)
    ]


def test_a_rename_that_only_a_capture_shows_that_does_not_count_takes_nothing_away(
    tmp_path: Path,
) -> None:
    """Two ids of one model, the second of which only a short night lists."""
    days = [dt.date(2026, 3, day) for day in (1, 2, 3)]
    others = [item(f"z/{n}", n, createdAt=f"2025-01-01T00:00:{n:02}.000Z") for n in range(40)]
    base = item(QWEN, 100, createdAt="2025-04-01T00:00:01.000Z")
    kid = tagged("k/kid", "lab/old") | {"createdAt": "2025-06-01T00:00:01.000Z"}
    old, new = (
        tagged(name, QWEN) | {"downloads": 500, "createdAt": "2025-05-05T10:11:12.000Z"}
        for name in ("lab/old", "lab/new")
    )
    nights = [[base, old, kid, *others], [base, new, kid, *others[:5]], [base, kid, *others]]
    record_archived(tmp_path, dict(zip(days, nights, strict=True)))
    load(tmp_path, days)
    build_facts(tmp_path, "bridge_model_family", "dim_model", tested=True)
    assert query(tmp_path, "select count(*) from raw.identities") == [(2,)]
    assert query(
        tmp_path,
        "select family, valid_from, valid_to from marts.bridge_model_family "
        "join marts.dim_model using (hub_id) where repo_id = 'k/kid' and attribution = 'root'",
    ) == [("Qwen", days[0], None)]
