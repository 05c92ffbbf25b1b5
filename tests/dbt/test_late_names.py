"""A name that only a late capture shows: a parent is found by it on every later date."""

import datetime as dt
from pathlib import Path

import pytest

from tests.helpers import build_facts, item, load, marts, record

DATES = [dt.date(2026, 1, day) for day in (1, 2, 3, 4)]


@pytest.mark.long
def test_a_late_name_gives_the_same_marts_as_in_order(tmp_path: Path) -> None:
    others = [item(f"z/{n}", n) for n in range(20)]
    parent = item("Qwen/Q-new", 100)
    child = item("user/child", 50, tags=["base_model:finetune:strange/name"])
    captures = {date: [parent, child, *others] for date in DATES}
    captures[DATES[1]] = [{**parent, "id": "strange/name"}, child, *others]
    found = {}
    for name, orders in {"in order": [[0, 1, 2, 3]], "late": [[0, 2, 3], [1]]}.items():
        home = tmp_path / name
        record(home, captures)
        for numbers in orders:
            load(home, [DATES[number] for number in numbers])
            build_facts(home)
        found[name] = marts(home)
    assert found["late"] == found["in order"]
