"""Random histories with ids and without, loaded in any order: facts equal those of a rebuild.

Models are renamed, take over each other's names, go away and come back; children name their parents
by id, or by a name of any time; facts are computed in between, in batches of any size.
"""

import datetime as dt
import random
from pathlib import Path
from typing import Any

import pytest

from assets.captures.store import CaptureStore
from assets.ledger.due import facts_done, facts_due
from assets.ledger.load import load_capture
from assets.ledger.warehouse import connect, warehouse_path
from tests.helpers import Item, build_facts, hub_id, load, marts, record, record_archived

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


def recorded(home: Path, rng: random.Random) -> list[dt.date]:
    """Captures of a world in a home; those without ids are most of the first ones."""
    world = World(rng, models=14)
    nights = 9
    archived: dict[dt.date, list[Item]] = {}
    listed: dict[dt.date, list[Item]] = {}
    date = FIRST
    for number in range(nights):
        date += dt.timedelta(days=rng.choice((1, 1, 1, 4)))
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
