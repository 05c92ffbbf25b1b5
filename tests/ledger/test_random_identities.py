"""Random histories with ids and without, loaded in any order: facts equal those of a rebuild.

Models are renamed, take over each other's names, go away and come back; children name their parents
by id, or by a name of any time; facts are computed in between, in batches of any size.
"""

import datetime as dt
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.captures.store import CaptureStore
from assets.ledger.due import facts_done, facts_due, next_batch
from assets.ledger.load import load_capture
from assets.ledger.warehouse import connect, warehouse_path
from assets.publication.warehouse import publish
from tests.helpers import (
    Item,
    all_tables,
    build_facts,
    hub_id,
    item,
    load,
    marts,
    query,
    record,
    record_archived,
    run_dbt,
)

FIRST = dt.date(2025, 7, 25)
OWNERS = ("Qwen", "meta-llama", "THUDM", "zai-org", "someone")
STEMS = ("Qwen3", "Llama-3", "glm-4", "thing")
CREATED = tuple(f"2025-0{month}-11T10:00:00.000Z" for month in range(1, 7))
OLD = "2022-03-02T23:29:04.000Z"


class World:
    """A Hub of few models and many changes."""

    def __init__(self, rng: random.Random, models: int) -> None:
        self._rng = rng
        self._downloads = [rng.choice((3, 40, 2000)) for _ in range(models)]
        # Some are made in the same second: what tells them apart is the name, or the count.
        self._created = [rng.choice((*CREATED, OLD)) for _ in range(models)]
        self._names: list[str] = []
        self._parents: list[list[int]] = []
        self._bore: dict[int, list[str]] = {}
        for number in range(models):
            self._names.append(self._free_name())
            self._bore[number] = [self._names[number]]
            self._parents.append([rng.randrange(models) for _ in range(rng.choice((0, 1, 1, 2)))])
        self._away = {number for number in range(models) if rng.random() < 0.3}

    def _free_name(self) -> str:
        while True:
            name = f"{self._rng.choice(OWNERS)}/{self._rng.choice(STEMS)}-{self._rng.randrange(3)}"
            if name not in self._names:
                return name

    def night(self) -> list[Item]:
        """What is listed, after whatever happened since the last one."""
        rng = self._rng
        for number in range(len(self._names)):
            self._downloads[number] += rng.randrange(30)
            if rng.random() < 0.12:
                self._names[number] = self._free_name()
                self._bore[number].append(self._names[number])
            if rng.random() < 0.2:
                self._away ^= {number}
        return [
            self._item(number) for number in range(len(self._names)) if number not in self._away
        ]

    def _item(self, number: int) -> Item:
        one: Item = {
            "_id": hub_id(str(number)), "id": self._names[number],
            "createdAt": self._created[number], "tags": [], "pipeline_tag": "text-generation",
            "downloads": self._downloads[number] // 3, "downloadsAllTime": self._downloads[number],
        }  # fmt: skip
        parents = [
            (parent, self._rng.choice(self._bore[parent])) for parent in self._parents[number]
        ]
        if number % 3 == 0:
            one["tags"] = [f"base_model:{name}" for _, name in parents]
        elif parents:
            models = [{"_id": hub_id(str(parent)), "id": name} for parent, name in parents]
            one["baseModels"] = {"relation": "finetune", "models": models}
        return one


def recorded(
    home: Path, rng: random.Random, nights: int = 9, gaps: Sequence[int] = (1, 1, 1, 4)
) -> list[dt.date]:
    """Captures of a world in a home; those without ids are most of the first ones.

    Args:
        home: Where; it has no captures yet.
        rng: What chooses.
        nights: How many captures.
        gaps: Days from a capture to the next one.
    """
    world = World(rng, models=14)
    archived: dict[dt.date, list[Item]] = {}
    listed: dict[dt.date, list[Item]] = {}
    date = FIRST
    for number in range(nights):
        date += dt.timedelta(days=rng.choice(gaps))
        without_ids = rng.random() < 0.9 - number / nights
        (archived if without_ids else listed)[date] = world.night()
    record_archived(home, archived)
    if listed:
        record(home, listed)
    return sorted([*archived, *listed])


# What facts of a date are computed from, on every date: who is known under which name, and listed,
# and who descends from whom; a parent is looked up by its id, else by its name.
GROUNDS = """
with keys as (select distinct model_key, canonical_key from raw.identities),

states as (
    select coalesce(turns.canonical_key, model_key) as model_key, lower(repo_id) as name,
        greatest(valid_from, turn_from) as valid_from,
        coalesce(least(valid_to, turn_to), date '9999-12-31') as valid_to
    from raw.model_attributes left join raw.identities as turns using (model_key)
    where greatest(valid_from, turn_from) < coalesce(least(valid_to, turn_to), date '9999-12-31')
),

edges as (
    select coalesce(turns.canonical_key, model_key) as model_key, parent_hub_id,
        lower(parent_repo_id) as parent_name, greatest(valid_from, turn_from) as valid_from,
        coalesce(least(valid_to, turn_to), date '9999-12-31') as valid_to
    from raw.model_parents left join raw.identities as turns using (model_key)
    where greatest(valid_from, turn_from) < coalesce(least(valid_to, turn_to), date '9999-12-31')
),

listed as (
    select distinct date, coalesce(canonical_key, model_key) as model_key
    from raw.presence_spans as spans left join keys using (model_key)
    join raw.captures on date >= valid_from and (valid_to is null or date < valid_to)
),

seen as (
    select captures.date, states.*, date < valid_to as is_held,
        listed.model_key is not null as is_listed
    from raw.captures join states on date >= valid_from
    left join listed using (date, model_key)
),

named as (
    select date, name, arg_max(model_key, (is_held and is_listed, valid_from)) as model_key
    from seen group by all
),

found as (
    select captures.date, edges.model_key, edges.parent_name,
        coalesce(known.model_key, named.model_key) as parent_key
    from raw.captures join edges on date >= valid_from and date < valid_to
    left join raw.models as parents on edges.parent_hub_id = parents.hub_id
    left join keys on parents.model_key = keys.model_key
    left join seen as known on captures.date = known.date and known.is_held
        and known.model_key = coalesce(keys.canonical_key, parents.model_key)
    left join named on captures.date = named.date and edges.parent_name = named.name
)

select date, models.hub_id, null, name, is_listed
from seen join raw.models as models using (model_key) where is_held
union
select date, models.hub_id, parents.hub_id, case when parent_key is null then parent_name end, null
from found join raw.models as models using (model_key)
left join raw.models as parents on found.parent_key = parents.model_key
where parent_key is distinct from found.model_key
"""

REPLACED = """
select models.hub_id, present.hub_id, changed_on
from raw.ids_replaced join raw.models as models using (model_key)
join raw.models as present on present_key = present.model_key
"""


@pytest.mark.parametrize("seed", range(8))
def test_only_dates_that_are_due_have_other_grounds(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    order = recorded(tmp_path, rng)
    if rng.random() < 0.6:
        rng.shuffle(order)
    held: list[tuple[Any, ...]] = []
    store = CaptureStore(tmp_path / "captures")
    with connect(tmp_path) as connection:
        while order:
            for _ in range(min(len(order), rng.choice((1, 1, 2)))):
                load_capture(connection, store, order.pop(0))
            due = set(facts_due(connection))
            replaced = {row[0]: row[1:] for row in connection.execute(REPLACED).fetchall()}
            kept = [row for row in held if row[0] not in due]
            for date, *ids in kept:
                for one in ids[:2]:
                    # What goes is computed again.
                    assert one not in replaced or (replaced[one][1] or dt.date.max) > date
            adopted = {
                (row[0], *(replaced.get(one, (one,))[0] for one in row[1:3]), *row[3:])
                for row in kept
            }
            held = connection.execute(GROUNDS).fetchall()
            assert adopted == {row for row in held if row[0] not in due}
            facts_done(connection, sorted(due))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
def test_facts_equal_those_of_a_rebuild(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    dates = recorded(tmp_path, rng)
    order = list(dates)
    if rng.random() < 0.5:
        rng.shuffle(order)
    while order:
        count = rng.choice((3, 4))
        load(tmp_path, order[:count])
        del order[:count]
        build_facts(tmp_path, max_models=rng.choice((40, 10**9)))
    found = marts(tmp_path)
    warehouse_path(tmp_path).unlink()
    load(tmp_path, dates)
    build_facts(tmp_path)
    expected = marts(tmp_path)
    for table, rows in expected.items():
        assert found[table] == rows, table


@pytest.mark.long
@pytest.mark.parametrize("seed", (1, 6))
def test_what_is_published_is_what_the_facts_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Months that no run of dbt renewed are not read again, in whatever order captures come."""
    monkeypatch.setattr("assets.publication.warehouse._PROOF_NIGHTS", 10**9)
    rng = random.Random(seed)
    world, home = tmp_path / "world", tmp_path / "home"
    # Flows of a date reach nine captures back: what lies before has to be more than they.
    order = recorded(world, rng, nights=22, gaps=(3, 9, 30))
    if seed % 2:
        rng.shuffle(order)
    while order:
        count = rng.choice((4, 7))
        for date in order[:count]:
            arrived = home / "captures" / str(date)
            arrived.parent.mkdir(parents=True, exist_ok=True)
            (world / "captures" / str(date)).rename(arrived)
        load(home, order[:count])
        del order[:count]
        if rng.random() < 0.4:
            # A run that was killed: it renewed facts, and did not come to say so.
            with connect(home) as connection:
                next_batch(connection, 10**9)
            run_dbt(home, "build", "--exclude", "int_renewals", "resource_type:unit_test")
        build_facts(home, max_models=rng.choice((40, 10**9)))
        publishes_the_marts(home)


@pytest.mark.long
def test_ids_that_come_late_are_published_in_every_month(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Models of the archive get their ids from the first live night, in rows of all months."""
    monkeypatch.setattr("assets.publication.warehouse._PROOF_NIGHTS", 10**9)
    nights = {
        FIRST + dt.timedelta(days=20 * number): [
            item(name, 900 + number, createdAt=created, downloadsAllTime=9000 * (number + 1))
            for name, created in zip(
                ("Qwen/Q", "someone/thing", "zai-org/glm"), CREATED[:3], strict=True
            )
        ]
        for number in range(14)
    }
    *archived, live = nights
    record_archived(tmp_path, {date: nights[date] for date in archived})
    load(tmp_path, archived)
    build_facts(tmp_path)
    publishes_the_marts(tmp_path)
    before = marts(tmp_path)["fct_model_downloads_monthly"]
    record(tmp_path, {live: nights[live]})
    load(tmp_path, [live])
    build_facts(tmp_path)
    # What that night renews by its date begins after the first months, whose ids are others now.
    (first,) = query(tmp_path, "select min(month) from intermediate.int_flow_months")[0]
    early = [row for row in marts(tmp_path)["fct_model_downloads_monthly"] if row[0] < first]
    assert early
    assert not set(early) & set(before)
    publishes_the_marts(tmp_path)


def publishes_the_marts(home: Path) -> None:
    """Publish on what was published before, and hold each table against the warehouse."""
    done = publish(home)
    assert done.fault == ""
    with duckdb.connect(done.path, read_only=True) as connection:
        published = all_tables(connection)
    for table, rows in marts(home).items():
        assert published[table] == rows, table
