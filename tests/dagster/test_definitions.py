"""What Dagster loads: rooms, checks, calendar, schedule; and runs of it in a real instance."""

import datetime as dt
import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from assets.arena.assets import ARENA_TABLES
from assets.captures.assets import ARCHIVE_CAPTURE, HUB_CAPTURE
from assets.captures.store import CaptureStore
from assets.errors import LedgerError
from assets.exposure.assets import INVENTORIES
from assets.hub.client import HubAccess
from assets.hub.items import parse_rows
from assets.ledger.due import unchecked
from assets.ledger.warehouse import connect
from assets.publication.warehouse import publish
from pipelines.definitions import build_definitions
from pipelines.sample_hub.arena import arena_dates, sample_arena
from pipelines.sample_hub.datasets import SampleDataset, hub_stats
from pipelines.sample_hub.server import SampleHub, serving
from pipelines.settings import Settings
from tests.helpers import REPOSITORY, build_facts, item, load, marts, query, record

PAST = dt.date(2026, 3, 1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", hub=HubAccess("http://127.0.0.1:9"), step_retries=0)


@pytest.fixture
def definitions(settings: Settings) -> dg.Definitions:
    return build_definitions(settings)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as opened:
        yield opened


def run(
    definitions: dg.Definitions, instance: dg.DagsterInstance, job: str, date: dt.date
) -> dg.ExecuteInProcessResult:
    return definitions.resolve_job_def(job).execute_in_process(
        instance=instance, partition_key=str(date), raise_on_error=False
    )


def failure(result: dg.ExecuteInProcessResult) -> str:
    """The description of the one step that failed."""
    (event,) = [event for event in result.all_events if event.is_step_failure]
    data = event.step_failure_data.user_failure_data
    return (data.description if data else None) or ""


def test_assets_never_import_pipelines() -> None:
    script = textwrap.dedent("""
        import pkgutil, sys, importlib, assets
        for module in pkgutil.walk_packages(assets.__path__, "assets."):
            importlib.import_module(module.name)
        assert not [name for name in sys.modules if name.startswith("pipelines")]
        """)
    subprocess.run([sys.executable, "-c", script], check=True, cwd=REPOSITORY)


def test_only_a_subjects_assets_module_knows_dagster() -> None:
    for path in (REPOSITORY / "assets").rglob("*.py"):
        if path.name != "assets.py":
            assert "dagster" not in "".join(
                line for line in path.read_text().splitlines() if "import" in line
            ), path


def test_every_asset_has_group_owner_kind_and_description(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    groups: dict[str | None, int] = {}
    for key in graph.materializable_asset_keys:
        node = graph.get(key)
        assert node.description, key
        assert node.owners, key
        assert node.kinds, key
        groups[node.group_name] = groups.get(node.group_name, 0) + 1
    assert set(groups) == {
        "captures", "ledger", "exposure", "reference", "staging", "intermediate", "marts",
        "publication",
    }  # fmt: skip


def test_lineage_runs_from_capture_to_publication(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    start = {ARCHIVE_CAPTURE, HUB_CAPTURE, ARENA_TABLES, INVENTORIES}
    end = dg.AssetKey(["published", "hub_ledger"])
    below, front = set(start), set(start)
    while front:
        front = {child for key in front for child in graph.get(key).child_keys} - below
        below |= front
    assert end in below
    unconnected = {
        key
        for key in graph.materializable_asset_keys - below
        if graph.get(key).group_name != "reference"
        and not any(
            graph.get(parent).group_name == "reference" for parent in graph.get(key).parent_keys
        )
    }
    assert unconnected == set()


def test_the_arenas_facts_come_from_its_tables_alone(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for mart in ("fct_arena_scores", "fct_arena_company_ranks", "meta_arena_tables"):
        above, front = set[dg.AssetKey](), {dg.AssetKey(["marts", mart])}
        while front:
            front = {parent for key in front for parent in graph.get(key).parent_keys} - above
            above |= front
        assert ARENA_TABLES in above
        assert not above & {HUB_CAPTURE, ARCHIVE_CAPTURE}


def test_dbt_tests_are_checks(definitions: dg.Definitions) -> None:
    checks = definitions.resolve_asset_graph().asset_check_keys
    names = {check.name for check in checks}
    assert any("sums_to_one" in name for name in names)
    assert any("attribution_conserves_downloads" in name for name in names)


def test_the_schedule_asks_for_tonight_and_is_off(settings: Settings) -> None:
    for switched_on, status in ((False, "STOPPED"), (True, "RUNNING")):
        definitions = build_definitions(replace(settings, schedule_on=switched_on))
        schedule = definitions.resolve_schedule_def("nightly")
        assert schedule.default_status.value == status
        moment = dt.datetime(2026, 11, 22, 3, 10, tzinfo=dt.UTC)
        context = dg.build_schedule_context(
            scheduled_execution_time=moment, repository_def=definitions.get_repository_def()
        )
        tick = schedule.evaluate_tick(context)
        (request,) = tick.run_requests or []
        assert request.partition_key == "2026-11-22"


def test_the_calendar_ends_tonight(definitions: dg.Definitions, today: dt.date) -> None:
    graph = definitions.resolve_asset_graph()
    calendar = graph.get(dg.AssetKey(["captures", "hub_capture"])).partitions_def
    assert isinstance(calendar, dg.DailyPartitionsDefinition)
    assert calendar.get_last_partition_key() in (str(today), str(today + dt.timedelta(days=1)))


def test_a_past_date_is_refused_without_retry(
    instance: dg.DagsterInstance, settings: Settings
) -> None:
    definitions = build_definitions(replace(settings, step_retries=2))
    result = run(definitions, instance, "nightly", PAST)
    assert not result.success
    assert "today's counters only" in failure(result)
    assert not [event for event in result.all_events if event.is_step_up_for_retry]
    assert not (settings.home / "captures" / str(PAST)).exists()
    assert not (settings.home / "published").exists()


@pytest.mark.long
def test_an_imported_date_runs_to_publication_and_again(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # dagster-dbt asks dbt's command for its version with it, and that asks PyPI.
    monkeypatch.delattr("dagster_dbt.core.resource.check_output")
    record(settings.home, {PAST: [item("Qwen/Q", 10), item("a/b", 5, ["Qwen/Q"])]})
    first = run(definitions, instance, "nightly", PAST)
    assert first.success
    before = marts(settings.home)
    assert query(settings.home, "select count(*) from raw.facts_due") == [(0,)]
    assert run(definitions, instance, "from_captures", PAST).success
    assert marts(settings.home) == before
    checks = first.get_asset_check_evaluations()
    assert len(checks) > 20
    warned = {check.check_name for check in checks if not check.passed}
    assert warned == {"is_fresh", "top_publishers_are_mapped"}
    steps = [event.step_key for event in first.all_events if event.is_step_success]
    assert steps.index("published__hub_ledger") < steps.index("captures__reduced_captures")
    # The date is old: its capture is kept as differences, and the warehouse comes back from them.
    store = CaptureStore(settings.home / "captures")
    assert store.is_reduced(PAST)
    assert not store.items_path(PAST).exists()
    (settings.home / "warehouse.duckdb").unlink()
    assert run(definitions, instance, "from_captures", PAST).success
    assert marts(settings.home) == before


@pytest.mark.long
def test_a_capture_that_was_never_loaded_comes_along(
    definitions: dg.Definitions, instance: dg.DagsterInstance, settings: Settings
) -> None:
    days = [PAST + dt.timedelta(days=n) for n in range(3)]
    record(settings.home, {day: [item("Qwen/Q", 10)] for day in days})
    assert run(definitions, instance, "from_captures", days[-1]).success
    found = query(
        settings.home,
        "select distinct date from marts.fct_family_share_daily where basis = 'window' order by 1",
    )
    assert [date for (date,) in found] == days
    loaded = instance.get_materialized_partitions(dg.AssetKey(["raw", "model_counters"]))
    assert loaded == {str(day) for day in days}
    # An upgrade changed what a number means: facts of both meanings never stand side by side.
    with connect(settings.home) as connection:
        connection.execute(
            "update marts.dim_definition set version = version - 1 where definition = 'flow'"
        )
    refused = run(definitions, instance, "from_captures", days[-1])
    assert not refused.success
    assert "before flow meant" in failure(refused)
    assert "make rebuild" in failure(refused)
    # Or brought a history, which would begin in the middle.
    with connect(settings.home) as connection:
        connection.execute(
            "update marts.dim_definition set version = version + 1 where definition = 'flow'"
        )
        connection.execute("drop table intermediate.int_profile_spans cascade")
    refused = run(definitions, instance, "from_captures", days[-1])
    assert not refused.success
    assert "before there was int_profile_spans; run make rebuild" in failure(refused)


@pytest.mark.long
def test_facts_in_batches_equal_facts_at_once(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    days = [PAST + dt.timedelta(days=n) for n in range(3)]
    captures = {day: [item("Qwen/Q", day.day), item("a/b", 5, ["Qwen/Q"])] for day in days}
    record(settings.home, captures)
    monkeypatch.setattr("assets.facts.assets.MODELS_A_BATCH", 1)
    assert run(definitions, instance, "from_captures", days[-1]).success
    record(tmp_path / "at once", captures)
    load(tmp_path / "at once", days)
    build_facts(tmp_path / "at once")
    assert marts(settings.home) == marts(tmp_path / "at once")
    assert query(settings.home, "select count(*) from raw.facts_due") == [(0,)]


def test_jobs_divide_the_sources(definitions: dg.Definitions) -> None:
    """Tonight never asks the archive, a backfill never the list nor the Arena."""
    keys = {
        name: set(definitions.resolve_job_def(name).asset_layer.executable_asset_keys)
        for name in ("nightly", "from_captures", "backfill")
    }
    assert keys["nightly"] - keys["from_captures"] == {HUB_CAPTURE, ARENA_TABLES}
    assert keys["backfill"] - keys["from_captures"] == {ARCHIVE_CAPTURE}


def arena_check(result: dg.ExecuteInProcessResult) -> dg.AssetCheckEvaluation:
    checks = result.get_asset_check_evaluations()
    (found,) = [check for check in checks if check.check_name == "arena_answered"]
    return found


@pytest.mark.long
def test_a_night_records_the_arena_and_one_without_it_has_the_hubs_facts(
    instance: dg.DagsterInstance, settings: Settings, today: dt.date
) -> None:
    listed = [item("Qwen/Q", 10), item("a/b", 5, ["Qwen/Q"])]
    tables = "select count(*), count(distinct arena) from marts.meta_arena_tables"
    with serving(SampleHub(listed, "test")) as endpoint:
        without = replace(settings, home=settings.home / "without", hub=HubAccess(endpoint))
        # The night before came to the end of the list, and not to its seal.
        store, yesterday = CaptureStore(without.home / "captures"), today - dt.timedelta(days=1)
        with store.open(yesterday, "hub_api", endpoint) as capture:
            capture.append(parse_rows(json.dumps(one).encode() for one in listed), None, "test")
        result = run(build_definitions(without), instance, "nightly", today)
    assert result.success
    assert store.dates() == [yesterday, today]
    assert instance.get_materialized_partitions(HUB_CAPTURE) == {str(yesterday), str(today)}
    assert not arena_check(result).passed
    assert arena_check(result).severity == dg.AssetCheckSeverity.WARN
    assert "no such dataset" in str(arena_check(result).metadata["problems"].value)
    assert query(without.home, tables) == [(0, 0)]
    assert query(without.home, "select count(*) from marts.fct_family_share_daily") > [(0,)]
    assert (without.home / "published" / "manifest.json").exists()

    with serving(SampleHub(listed, "test", datasets=[sample_arena(today)])) as endpoint:
        with_arena = replace(settings, hub=HubAccess(endpoint))
        result = run(build_definitions(with_arena), instance, "nightly", today)
    assert result.success
    assert arena_check(result).passed
    ((count, arenas),) = query(settings.home, tables)
    assert (count, arenas) == (2 * len(arena_dates(today)) + agent_dates(today), 3)
    assert query(settings.home, "select distinct sample from marts.fct_arena_scores") == [("test",)]
    # From disk alone the same again: the Arena is not asked.
    before = marts(settings.home)
    (settings.home / "warehouse.duckdb").unlink()
    assert run(build_definitions(settings), instance, "from_captures", today).success
    assert marts(settings.home) == before
    # A damaged file costs its own date only, and says so.
    (settings.home / "warehouse.duckdb").unlink()
    damaged = settings.home / "arena" / "text" / f"{arena_dates(today)[0]}.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-20])
    result = run(build_definitions(settings), instance, "from_captures", today)
    assert result.success
    failed = {
        check.check_name for check in result.get_asset_check_evaluations() if not check.passed
    }
    assert failed == {"arena_record_readable", "top_publishers_are_mapped"}
    assert query(settings.home, tables) == [(count - 1, 3)]


def agent_dates(last: dt.date) -> int:
    """The agents' leaderboard begins later."""
    return sum(date >= dt.date(2026, 1, 14) for date in arena_dates(last))


def archive() -> SampleDataset:
    """Ten dates of which two have no revision."""

    def archived(on: dt.date) -> list[dict[str, object]]:
        return [
            item("Qwen/Q", on.day, createdAt="2025-01-01T00:00:00.000Z"),
            item("a/b", 5, ["Qwen/Q"], createdAt="2025-02-01T00:00:00.000Z"),
        ]

    dates = [PAST + dt.timedelta(days=n) for n in range(10)]
    return hub_stats(archived, dates, holds=lambda date: date.day not in (3, 4))


def run_range(
    settings: Settings,
    instance: dg.DagsterInstance,
    first: dt.date,
    last: dt.date,
    every: str = "day",
) -> dg.ExecuteInProcessResult:
    """One run for a range of dates, as the UI's backfill dialog asks for it."""
    job = build_definitions(settings).resolve_job_def("backfill")
    return job.execute_in_process(
        instance=instance,
        raise_on_error=False,
        run_config={"ops": {"captures__archive_capture": {"config": {"every": every}}}},
        tags={
            "dagster/asset_partition_range_start": str(first),
            "dagster/asset_partition_range_end": str(last),
        },
    )


@pytest.mark.long
def test_a_backfill_records_the_dates_and_their_facts_in_one_run(
    instance: dg.DagsterInstance, settings: Settings
) -> None:
    record(settings.home, {PAST: [item("Qwen/Q", 77), item("a/b", 5)]}, sample="test")
    kept = CaptureStore(settings.home / "captures").manifest(PAST)
    last = PAST + dt.timedelta(days=5)
    with serving(SampleHub([], "test", datasets=[archive()])) as endpoint:
        result = run_range(replace(settings, hub=HubAccess(endpoint)), instance, PAST, last)
    assert result.success
    (event,) = [
        event.step_materialization_data.materialization
        for event in result.all_events
        if event.is_step_materialization
        and event.asset_key == ARCHIVE_CAPTURE
        and event.partition == str(last)
    ]
    told = {name: value.value for name, value in event.metadata.items()}
    assert told["captures"] == 3
    assert told["recorded_before"] == 1
    assert told["without_revision"] == "2026-03-03 to 2026-03-04 (2 days)"
    assert CaptureStore(settings.home / "captures").manifest(PAST) == kept
    found = query(
        settings.home,
        "select distinct date from marts.fct_family_share_daily where basis = 'window' order by 1",
    )
    assert [date.day for (date,) in found] == [1, 2, 5, 6]
    dbt_runs = [event for event in result.all_events if event.is_step_start]
    assert sum(event.step_key == "facts" for event in dbt_runs) == 1


@pytest.mark.parametrize(
    ("first", "last", "every", "said"),
    [
        (PAST + dt.timedelta(days=2), PAST + dt.timedelta(days=3), "day", "could be recorded"),
        (None, None, "day", "not over yet"),
        (PAST, PAST, "year", "day, week, month"),
    ],
)
def test_a_backfill_that_makes_no_sense_is_refused_without_retry(
    instance: dg.DagsterInstance,
    settings: Settings,
    today: dt.date,
    first: dt.date | None,
    last: dt.date | None,
    every: str,
    said: str,
) -> None:
    with serving(SampleHub([], "test", datasets=[archive()])) as endpoint:
        hub = replace(settings, hub=HubAccess(endpoint), step_retries=2)
        result = run_range(hub, instance, first or today, last or today, every)
    assert not result.success
    assert said in failure(result)
    assert not [event for event in result.all_events if event.is_step_up_for_retry]
    assert not CaptureStore(settings.home / "captures").dates()


def test_a_failed_check_stops_publication(
    definitions: dg.Definitions, instance: dg.DagsterInstance, settings: Settings
) -> None:
    record(settings.home, {PAST: [item("a/b", 5)]})
    load(settings.home, [PAST])
    with connect(settings.home) as connection:
        connection.execute("insert into raw.open_counter_spans from raw.open_counter_spans")
    result = run(definitions, instance, "from_captures", PAST)
    assert not result.success
    failed = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert any("unique_combination_int_profile_spans" in check.check_name for check in failed)
    assert not (settings.home / "published").exists()
    assert query(settings.home, "select date from raw.facts_due") == [(PAST,)]


PUBLISHERS = [dg.AssetKey(["reference", "publishers"]), dg.AssetKey(["marts", "dim_publisher"])]
CLAIMS = [dg.AssetKey(["marts", "fct_claims"]), dg.AssetKey(["marts", "fct_claim_pairs"])]


def click(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    assets: list[dg.AssetKey],
    date: dt.date,
    checks: bool = True,
) -> bool:
    """Materialize single assets of a date, with or without their checks; whether it succeeded."""
    wanted = dg.AssetSelection.assets(*assets)
    job = dg.define_asset_job("click", wanted if checks else wanted.without_checks())
    clicked = dg.Definitions(
        assets=definitions.assets, asset_checks=definitions.asset_checks, jobs=[job]
    )
    return (
        clicked.resolve_job_def("click")
        .execute_in_process(instance=instance, partition_key=str(date), raise_on_error=False)
        .success
    )


@pytest.mark.long
def test_what_single_tables_leave_unchecked_is_not_published(
    definitions: dg.Definitions, instance: dg.DagsterInstance, settings: Settings, today: dt.date
) -> None:
    """Of a date without a capture, as those are clicked on that a person has just mended."""
    record(settings.home, {PAST: [item("a/b", 5)]}, sample="test")
    load(settings.home, [PAST])
    build_facts(settings.home)

    def refusal() -> str:
        with pytest.raises(LedgerError) as refused:
            publish(settings.home)
        return str(refused.value)

    publish(settings.home)
    # fct_claims follows from it.
    assert click(definitions, instance, CLAIMS[1:], today)
    assert refusal().startswith("1 tables were made by a run of some facts only")
    assert click(definitions, instance, CLAIMS, today, checks=False)
    assert refusal().startswith("2 tables")
    assert click(definitions, instance, CLAIMS, today)
    publish(settings.home)
    assert click(definitions, instance, PUBLISHERS, today)
    assert refusal().startswith(f"the facts of 1 dates (first {PAST})")
    with connect(settings.home) as connection:
        assert unchecked(connection) == ["marts/dim_publisher", "reference/publishers"]


# In a process of its own: it is stopped, and what Dagster leaves open there complains when it is
# collected.
DISTURBED = """
import os, signal, sys
import dagster as dg
from pathlib import Path
from pipelines.definitions import build_definitions
from pipelines.settings import Settings

home, folder, date, disturbance = sys.argv[1:]
job = build_definitions(Settings(home=Path(home), step_retries=0)).resolve_job_def("from_captures")
with dg.DagsterInstance.ephemeral(tempdir=folder) as instance:
    storage = instance.event_log_storage
    store = storage.store_event

    def disturbed_once(event):
        kind = event.dagster_event_type
        if event.step_key == "facts" and kind == dg.DagsterEventType.STEP_OUTPUT:
            storage.store_event = store
            print("dbt", Path(home, "warehouse.lock").read_text(), flush=True)
            if disturbance == "full":
                raise OSError("no space left on device")
            os.kill(os.getpid(), signal.SIGINT)
        store(event)

    storage.store_event = disturbed_once
    result = job.execute_in_process(instance=instance, partition_key=date, raise_on_error=False)
print({event.step_key for event in result.get_step_failure_events()})
print(result.get_step_success_events()[-1].step_key)
"""


@pytest.mark.long
# The disk that Dagster's events go to is full once, and the warehouse's is not; or Ctrl-C.
@pytest.mark.parametrize("disturbance", ["full", "stopped"])
def test_dbt_ends_with_its_run_while_dagster_takes_what_it_made(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    settings: Settings,
    tmp_path: Path,
    disturbance: str,
) -> None:
    record(settings.home, {PAST: [item("a/b", 5)]})
    arguments = [str(settings.home), str(tmp_path), str(PAST), disturbance]
    done = subprocess.run(
        [sys.executable, "-c", DISTURBED, *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    went_on = done.stdout.endswith("{'facts'}\ncaptures__reduced_captures\n")
    assert went_on == (disturbance == "full"), done.stderr
    (dbt,) = re.findall(r"^dbt (\d+)$", done.stdout, re.M)
    with pytest.raises(ProcessLookupError):
        os.kill(int(dbt), 0)
    assert query(settings.home, "select date from raw.facts_due") == [(PAST,)]
    assert run(definitions, instance, "from_captures", PAST).success
