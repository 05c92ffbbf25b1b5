"""Tables and views that are replaced: whole or not at all."""

import datetime as dt
from pathlib import Path

import pytest

from assets.ledger.due import mark_facts_due, next_batch
from assets.ledger.warehouse import connect
from tests import dbt_process
from tests.helpers import build_facts, item, load, query, record

DATE = dt.date(2026, 3, 1)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    record(tmp_path, {DATE: [item("Qwen/Qwen3-8B", 5)]})
    load(tmp_path, [DATE])
    build_facts(
        tmp_path, "dim_definition", "dim_scope", "fct_change_points", "fct_scope_rules_daily"
    )
    return tmp_path


def test_what_cannot_be_made_anew_stays_as_it_was(home: Path) -> None:
    before = query(home, "from marts.dim_definition order by all")
    assert before
    with connect(home) as connection:
        connection.execute("alter table reference.definitions rename text to words")
    succeeded, output = dbt_process.run(home, "run", "--select", "dim_definition")
    assert not succeeded
    assert "text" in output
    assert query(home, "from marts.dim_definition order by all") == before


def test_a_table_takes_the_place_of_a_view_and_a_view_of_a_table(home: Path) -> None:
    expected = {
        name: query(home, f"from {name} order by all")
        for name in (
            "marts.dim_definition",
            "staging.stg_captures",
            "intermediate.int_change_points",
        )
    }
    with connect(home) as connection:
        connection.execute("drop table marts.dim_definition")
        connection.execute("create view marts.dim_definition as select 1 as one")
        connection.execute("drop view staging.stg_captures")
        connection.execute("create table staging.stg_captures (one integer)")
        connection.execute("drop table intermediate.int_change_points")
        connection.execute("create view intermediate.int_change_points as select 1 as one")
    build_facts(home, "dim_definition", "fct_change_points")
    for name, rows in expected.items():
        assert query(home, f"from {name} order by all") == rows, name


def renew(home: Path) -> str:
    """Run a table that grows by the night for its date again, in vain: what dbt said."""
    with connect(home) as connection:
        mark_facts_due(connection, [DATE])
        next_batch(connection, 10**9)
    succeeded, output = dbt_process.run(home, "run", "--select", "fct_scope_rules_daily")
    assert not succeeded
    return output


def test_what_a_night_forgets_and_cannot_say_anew_stays(home: Path) -> None:
    before = query(home, "from marts.fct_scope_rules_daily order by all")
    assert before
    with connect(home) as connection:
        connection.execute("insert into reference.scopes (scope) values (null)")
    assert "NOT NULL constraint failed" in renew(home)
    assert query(home, "from marts.fct_scope_rules_daily order by all") == before


@pytest.mark.parametrize(
    ("changed", "held", "made"),
    [
        ("add column words varchar", "words VARCHAR", "none"),
        ("drop column downloads", "none", "downloads BIGINT"),
        ("rename column downloads to loads", "loads BIGINT", "downloads BIGINT"),
        ("alter column downloads type double", "downloads DOUBLE", "downloads BIGINT"),
    ],
)
def test_a_table_with_other_columns_than_its_model_is_not_added_to(
    home: Path, changed: str, held: str, made: str
) -> None:
    with connect(home) as connection:
        connection.execute(f"alter table marts.fct_scope_rules_daily {changed}")
    before = query(home, "from marts.fct_scope_rules_daily order by all")
    told = f"run `make rebuild`. The table alone has {held}; the model alone {made}"
    assert told in " ".join(renew(home).split())
    assert query(home, "from marts.fct_scope_rules_daily order by all") == before


def test_tables_made_of_what_another_run_left_hold_no_row_twice(tmp_path: Path) -> None:
    """Clicked alone for an early date, while what they are made from is that of the last night."""
    dates = [dt.date(2026, 1, 1) + dt.timedelta(days=3 * n) for n in range(24)]
    models = [("Qwen/Qwen3-8B", ()), ("x/Qwen3", ("Qwen/Qwen3-8B",)), ("openai/gpt-oss-20b", ())]
    nights = {
        date: [
            item(repo_id, 900, parents, downloadsAllTime=n * 1000, pipeline_tag="text-generation")
            for repo_id, parents in models
        ]
        for n, date in enumerate(dates)
    }
    record(tmp_path, nights)
    for batch in (dates[:-1], dates[-1:]):
        load(tmp_path, batch)
        build_facts(tmp_path)
    grown = [
        *("intermediate.int_unit_days", "intermediate.int_unit_months", "intermediate.int_ranks"),
        *("marts.fct_rank_history", "marts.fct_concentration", "marts.fct_dominance"),
        *("marts.fct_family_share_daily", "marts.fct_family_inclusive_daily"),
    ]
    before = {table: query(tmp_path, f"from {table} order by all") for table in grown}
    assert all(before.values())
    with connect(tmp_path) as connection:
        mark_facts_due(connection, dates[:1])
        next_batch(connection, 10**9)
    names = [table.split(".")[1] for table in grown]
    succeeded, output = dbt_process.run(tmp_path, "run", "--select", "+int_flow_months", *names)
    assert succeeded, output
    for table, rows in before.items():
        found = query(tmp_path, f"from {table}")
        assert len(found) == len(set(found)) < len(rows), table
    build_facts(tmp_path)
    for table, rows in before.items():
        assert query(tmp_path, f"from {table} order by all") == rows, table
