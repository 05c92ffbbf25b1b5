"""One model under several ids: surrogates, renames in the archive, names taken over."""

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from assets.ledger.due import facts_due, mark_facts_due
from assets.ledger.warehouse import connect, warehouse_path
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

FIRST = dt.date(2025, 7, 7)
FLOOR = "2022-03-02T23:29:04.000Z"
CREATED = "2024-01-16T18:20:11.000Z"
OTHERS = [item(f"z/{n}", n, createdAt=f"2023-05-{n + 1:02}T00:00:00.000Z") for n in range(20)]


def week(number: int) -> dt.date:
    return FIRST + dt.timedelta(weeks=number)


def model(repo_id: str, count: int | None, created: str = CREATED, **more: object) -> Item:
    """A listed model; its `_id` is that of its creation time, whatever it is called."""
    counted = item(repo_id, 5, createdAt=created, downloadsAllTime=count)
    return {**counted, "_id": hub_id(created), **more}


def links(
    home: Path,
    archived: Mapping[int, Sequence[Item]],
    listed: Mapping[int, Sequence[Item]],
    order: Sequence[int] | None = None,
) -> list[tuple[str, str, str]]:
    """Record archive weeks and nights of the live list; what is linked to what, and why."""
    record_archived(home, {week(n): [*items, *OTHERS] for n, items in archived.items()})
    if listed:
        record(home, {week(n): [*items, *OTHERS] for n, items in listed.items()})
    load(home, [week(n) for n in order or sorted([*archived, *listed])])
    return query(
        home,
        """
        select distinct stands.hub_id, canonical.hub_id, evidence
        from raw.identities
        join raw.models as stands using (model_key)
        join raw.models as canonical on canonical_key = canonical.model_key
        where stands.model_key <> canonical_key and stands.model_key not in (
            select model_key from raw.model_attributes where starts_with(repo_id, 'z/')
        )
        order by all
        """,
    )


def evidence(found: list[tuple[str, str, str]]) -> list[str]:
    return sorted(why for _, _, why in found)


def test_a_surrogate_is_the_model_of_its_name_and_creation_time(tmp_path: Path) -> None:
    found = links(tmp_path, {0: [model("a/m", 10)]}, {1: [model("a/m", 12)]})
    assert [(target, why) for _, target, why in found] == [
        (hub_id(CREATED), "same name and creation time")
    ]


def test_a_name_taken_over_is_another_model(tmp_path: Path) -> None:
    """One id claimed by two repositories: the second was created later."""
    later = "2025-07-12T08:00:00.000Z"
    archived = {
        0: [model("a/m", 1000)],
        1: [model("b/moved", 1100)],
        2: [model("b/moved", 1200), model("a/m", 3, later)],
    }
    found = links(tmp_path, archived, {3: [model("b/moved", 1300), model("a/m", 5, later)]})
    by_target: dict[str, list[str]] = {}
    for _, target, why in found:
        by_target.setdefault(target, []).append(why)
    assert by_target == {
        hub_id(CREATED): [
            "renamed: same creation time and all-time count",
            "same name and creation time",
        ],
        hub_id(later): ["same name and creation time"],
    } or by_target[hub_id(later)] == ["same name and creation time"]
    assert len(by_target[hub_id(CREATED)]) == 2


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5])
def test_thudm_becomes_zai_org_in_any_order_of_loading(tmp_path: Path, order: list[int]) -> None:
    second = "2024-02-01T07:07:07.000Z"
    archived = {
        0: [model("THUDM/glm-4-9b", 5_000_000), model("THUDM/chatglm3-6b", 70, second)],
        1: [model("THUDM/glm-4-9b", 5_100_000), model("THUDM/chatglm3-6b", 80, second)],
        2: [model("zai-org/glm-4-9b", 5_200_000), model("zai-org/chatglm3-6b", 80, second)],
    }
    listed = {3: [model("zai-org/glm-4-9b", 5_300_000), model("zai-org/chatglm3-6b", 99, second)]}
    found = links(tmp_path, archived, listed, order)
    assert (
        evidence(found)
        == ["renamed: published rename of the account"] * 2 + ["same name and creation time"] * 2
    )
    assert {target for _, target, _ in found} == {hub_id(CREATED), hub_id(second)}
    publishers = query(
        tmp_path,
        """
        select publisher, turn_from, turn_to
        from raw.identities join raw.model_attributes using (model_key)
        join raw.models as canonical on canonical_key = canonical.model_key
        where canonical.hub_id = ? order by turn_from
        """,
        hub_id(CREATED),
    )
    assert publishers == [
        ("THUDM", week(0), week(2)), ("zai-org", week(2), week(3)), ("zai-org", week(3), None),
    ]  # fmt: skip


def test_a_rename_within_an_owner(tmp_path: Path) -> None:
    archived = {0: [model("a/old-name", 10)], 1: [model("a/new-name", 12)]}
    assert evidence(links(tmp_path, archived, {})) == ["renamed: same creation time and owner"]


def test_old_models_share_a_creation_time_and_need_an_equal_count(tmp_path: Path) -> None:
    archived = {
        0: [model("c/L-6-v2", 145_000_000, FLOOR), model("d/gone", 900, FLOOR)],
        1: [model("c/L6-v2", 145_900_000, FLOOR), model("d/came", 900, FLOOR)],
    }
    assert evidence(links(tmp_path, archived, {})) == [
        "renamed: same creation time and all-time count"
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # The count starts anew: deleted, and something else uploaded.
        ([model("a/m", 5000)], [model("b/m", 3)]),
        # Two come where one goes.
        ([model("a/m", 10)], [model("b/m", 12), model("c/m", 12)]),
        # Both are listed together.
        ([model("a/m", 10)], [model("a/m", 10), model("b/m", 10)]),
        # Neither owner nor name nor a firm count.
        ([model("a/m", 10)], [model("b/n", 10)]),
    ],
)
def test_what_is_no_rename(tmp_path: Path, before: list[Item], after: list[Item]) -> None:
    assert links(tmp_path, {0: before, 1: after}, {}) == []


def test_a_model_that_comes_back_later_under_another_name_is_not_the_old_one(
    tmp_path: Path,
) -> None:
    archived = {0: [model("a/m", 10)], 1: [], 2: [model("b/m", 10)]}
    assert links(tmp_path, archived, {}) == []


def test_a_partial_night_in_between_hides_no_rename(tmp_path: Path) -> None:
    home = tmp_path
    record_archived(
        home,
        {week(0): [model("a/m", 10), *OTHERS], week(2): [model("b/m", 10), *OTHERS]},
    )
    record_archived(home, {week(1): OTHERS[:1]})
    load(home, [week(n) for n in range(3)])
    kinds = query(home, "select distinct evidence from raw.identities order by 1")
    assert ("renamed: same creation time and name",) in kinds


@pytest.mark.long
def test_linked_models_are_one_in_the_marts_whatever_the_order(tmp_path: Path) -> None:
    """The archive around and between nights; a child declares the parent by its real id."""
    qwen = "2024-09-17T10:00:00.000Z"
    child = "2025-01-02T03:04:05.000Z"

    def night(name: str, count: int, resolved: bool) -> list[Item]:
        parent = {"id": name, "_id": hub_id(qwen)} if resolved else {"id": name}
        parents = {"baseModels": {"relation": "finetune", "models": [parent]}}
        return [
            model(name, count, qwen, pipeline_tag="text-generation"),
            model("user/child", count // 2, child, pipeline_tag="text-generation", **parents),
            *OTHERS,
        ]

    archived = {
        0: night("Old/Qwen2.5-7B", 1000, False),
        1: night("Qwen/Qwen2.5-7B", 1100, False),
        3: night("Qwen/Qwen2.5-7B", 1300, False),
    }
    listed = {2: night("Qwen/Qwen2.5-7B", 1200, True), 4: night("Qwen/Qwen2.5-7B", 1400, True)}
    found = {}
    for name, orders in {
        "at once": [[0, 1, 2, 3, 4]],
        "nights first": [[2], [4], [3], [1], [0]],
    }.items():
        home = tmp_path / name
        record_archived(home, {week(n): items for n, items in archived.items()})
        record(home, {week(n): items for n, items in listed.items()})
        for numbers in orders:
            load(home, [week(number) for number in numbers])
            build_facts(home)
        found[name] = marts(home)
    assert found["at once"] == found["nights first"]
    tables = found["at once"]
    models = {row[0]: row for row in tables["dim_model"]}
    assert len(models) == 2 + len(OTHERS)
    first, last, gone = models[hub_id(qwen)][7:10]
    assert (first, last, gone) == (week(0), week(4), None)
    derivatives = {
        (row[0], row[3])
        for row in tables["fct_derivative_counts"]
        if row[1] == "Qwen" and row[2] == "any"
    }
    # At first the account was none of the family's own.
    assert derivatives == {(week(0), 0), *((week(n), 1) for n in range(1, 5))}


@pytest.mark.long
def test_the_first_night_with_ids_and_a_later_return_are_the_only_dates_due(tmp_path: Path) -> None:
    """And what was computed under other ids equals a rebuild."""
    back = "2025-02-03T04:05:06.000Z"

    def night(number: int, *more: Item) -> list[Item]:
        parents = {"relation": "finetune", "models": [{"_id": hub_id(CREATED), "id": "Qwen/Q"}]}
        child = model("user/child", 50, "2025-01-02T03:04:05.000Z", baseModels=parents)
        return [model("Qwen/Q", 1000 + 10 * number), child, *more, *OTHERS]

    returning = model("Qwen/returns", 700, back)
    record_archived(tmp_path, {week(0): night(0, returning), week(1): night(1), week(2): night(2)})
    load(tmp_path, [week(n) for n in range(3)])
    build_facts(tmp_path)
    for number, items in ((3, night(3)), (4, night(4)), (5, night(5, returning))):
        record(tmp_path, {week(number): items})
        load(tmp_path, [week(number)])
        with connect(tmp_path) as connection:
            assert facts_due(connection) == [week(number)]
        build_facts(tmp_path)
    found = marts(tmp_path)
    held = {row[0] for table in ("dim_model", "bridge_model_family") for row in found[table]}
    assert held == {hub_id(back), *(one["_id"] for one in night(5))}
    assert query(tmp_path, "from raw.ids_replaced") == []
    warehouse_path(tmp_path).unlink()
    load(tmp_path, [week(n) for n in range(6)])
    build_facts(tmp_path)
    for table, rows in marts(tmp_path).items():
        assert found[table] == rows, table


@pytest.mark.long
@pytest.mark.parametrize(
    ("archived", "listed", "tonight", "due"),
    [
        # One real model that bears one name after the other was never both: apart from the first.
        (
            {0: [model("x/m", 50), model("y/m", 60)]},
            {1: [{**model("x/m", 61), "_id": "1" * 24}]},
            [{**model("y/m", 62), "_id": "1" * 24}],
            [0, 1, 2],
        ),
        # Of two that may have been renamed, one returns: it was the other one, since the rename.
        (
            {0: [model("x/Qwen", 50), model("y/Qwen", 60)], 1: [model("Qwen/Qwen", 70)]},
            {},
            [{**model("y/Qwen", 62), "_id": "1" * 24}, {**model("Qwen/Qwen", 71), "_id": "2" * 24}],
            [1, 2],
        ),
    ],
)
def test_models_that_fall_apart_or_together_are_computed_anew_since_then(
    tmp_path: Path,
    archived: dict[int, list[Item]],
    listed: dict[int, list[Item]],
    tonight: list[Item],
    due: list[int],
) -> None:
    links(tmp_path, archived, listed)
    build_facts(tmp_path)
    record(tmp_path, {week(2): [*tonight, *OTHERS]})
    load(tmp_path, [week(2)])
    with connect(tmp_path) as connection:
        assert facts_due(connection) == [week(n) for n in due]
        # The first batch does not reach the date on which they differ.
        mark_facts_due(connection, [week(0)])
    build_facts(tmp_path, max_models=1)
    found = marts(tmp_path)
    warehouse_path(tmp_path).unlink()
    load(tmp_path, [week(n) for n in range(3)])
    build_facts(tmp_path)
    for table, rows in marts(tmp_path).items():
        assert found[table] == rows, table


@pytest.mark.long
def test_what_flowed_to_a_first_listing_stands_once_in_the_month_before(tmp_path: Path) -> None:
    """Both halves of a rename were made in July; in August it is found that they are one."""
    made = f"{week(3)}T18:20:11.000Z"

    def others(number: int) -> Item:
        return model("a/m", 100 + number)

    weeks = [*range(-12, 0), 3, 4]
    archived = {n: [others(n)] for n in weeks}
    archived[3] += [model("x/Qwen", 500, made), model("y/Qwen", 600, made)]
    archived[4] += [model("Qwen/Qwen", 700, made)]
    links(tmp_path, archived, {})
    build_facts(tmp_path)
    tonight = [
        {**model("y/Qwen", 720, made), "_id": "1" * 24},
        {**model("Qwen/Qwen", 810, made), "_id": "2" * 24},
    ]
    record(tmp_path, {week(5): [others(5), *tonight, *OTHERS]})
    load(tmp_path, [week(5)])
    with connect(tmp_path) as connection:
        assert facts_due(connection) == [week(4), week(5)]
        # The first batch does not reach July.
        mark_facts_due(connection, [week(-12)])
    build_facts(tmp_path, max_models=1, tested=True)
    found = marts(tmp_path)
    warehouse_path(tmp_path).unlink()
    load(tmp_path, [week(n) for n in (*weeks, 5)])
    build_facts(tmp_path)
    for table, rows in marts(tmp_path).items():
        assert found[table] == rows, table


@pytest.mark.parametrize(
    ("archived", "listed"),
    [
        # Older than ids can tell, with counts alike.
        pytest.param(
            {0: [model("a/old", 5000, FLOOR), {**model("b/other", 5200, FLOOR), "_id": "0" * 24}]},
            {1: [{**model("b/other", 5250, FLOOR), "_id": "0" * 24}]},
            marks=pytest.mark.long,
        ),
        # Two repositories of one owner, made in the same second.
        pytest.param(
            {0: [model("u/m-Q4", 50), model("u/m-Q8", 60)]},
            {1: [{**model("u/m-Q8", 61), "_id": "1" * 24}]},
            marks=pytest.mark.long,
        ),
        # One real model that bears one name after the other.
        (
            {0: [model("x/m", 50), model("y/m", 60)]},
            {
                1: [{**model("x/m", 61), "_id": "1" * 24}],
                2: [{**model("y/m", 62), "_id": "1" * 24}],
            },
        ),
    ],
)
def test_two_that_one_capture_lists_are_two_models(
    tmp_path: Path, archived: dict[int, list[Item]], listed: dict[int, list[Item]]
) -> None:
    links(tmp_path, archived, listed)
    twice = [
        row
        for (date,) in query(tmp_path, "select date from raw.captures")
        for row in query(
            tmp_path,
            "select model_key from raw.identified_counters_on(?) group by 1 having count(*) > 1",
            date,
        )
    ]
    assert twice == []
    build_facts(tmp_path, tested=True)


def test_a_name_that_came_later_is_no_evidence_of_a_rename(tmp_path: Path) -> None:
    listed = {
        1: [{**model("b/q", 12), "_id": "1" * 24}],
        2: [{**model("b/m", 13), "_id": "1" * 24}],
    }
    assert links(tmp_path, {0: [model("a/m", 10)]}, listed) == []


def test_a_model_that_returns_is_compared_anew_only_across_its_turn(tmp_path: Path) -> None:
    archived = {n: [model("a/m", 10 + n)] for n in range(4)}
    links(tmp_path, archived, {4: [], 5: []})
    before = query(tmp_path, "from raw.capture_measures order by date, against")
    record(tmp_path, {week(6): [model("a/m", 20), *OTHERS]})
    load(tmp_path, [week(6)])
    after = query(tmp_path, "from raw.capture_measures order by date, against")
    assert after[: len(before)] == before
    assert [row[:2] for row in after[len(before) :]] == [(week(6), week(5))]


def test_a_published_rename_of_an_account_needs_the_name_alone(tmp_path: Path) -> None:
    """Created before the Hub keeps times, hardly downloaded, and away for a capture."""
    before = [model("THUDM/chatglm-6b", 70, FLOOR), model("THUDM/other", 60, FLOOR)]
    after = [model("zai-org/chatglm-6b", 75, FLOOR), model("someone/other", 61, FLOOR)]
    found = links(tmp_path, {1: before, 2: before, 3: [], 4: after, 5: after}, {})
    assert evidence(found) == ["renamed: published rename of the account"]
    assert query(
        tmp_path,
        "select repo_id, turn_from, turn_to from raw.identities "
        "join raw.model_attributes using (model_key) order by turn_from",
    ) == [("THUDM/chatglm-6b", week(1), week(4)), ("zai-org/chatglm-6b", week(4), None)]


@pytest.mark.parametrize(
    ("first", "before", "after"),
    [
        (20, "THUDM/chatglm-6b", "zai-org/chatglm-6b"),
        (1, "zai-org/chatglm-6b", "THUDM/chatglm-6b"),
        (1, "THUDM/chatglm-6b", "zai-org/chatglm2-6b"),
    ],
    ids=["long after the move", "back again", "another name"],
)
def test_a_published_rename_bridges_nothing_else(
    tmp_path: Path, first: int, before: str, after: str
) -> None:
    archived = {
        first: [model(before, 70, FLOOR)],
        first + 1: [model(before, 70, FLOOR)],
        first + 2: [model(after, 75, FLOOR)],
    }
    assert links(tmp_path, archived, {}) == []
