"""What a person sees of a run in the UI; each warning is made to come once."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from assets.captures.assets import HUB_CAPTURE
from assets.hub.client import HubAccess
from pipelines.definitions import build_definitions
from pipelines.sample_hub.server import SampleHub, serving
from pipelines.settings import Settings
from tests.helpers import Item, item, query, record

SHARES = dg.AssetKey(["marts", "fct_family_share_daily"])
RANKS = dg.AssetKey(["marts", "fct_rank_history"])
PUBLISHED = dg.AssetKey(["published", "hub_ledger"])
EVIL = "evil|`<b>"


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


def listing(qwen: int, others: int) -> list[Item]:
    names = ["Qwen/Q", *(f"google/g{n:03}" for n in range(others))]
    return [item(names[0], qwen), *(item(name, 10, ["Qwen/Q"]) for name in names[1:])]


def materialized(
    result: dg.ExecuteInProcessResult, key: dg.AssetKey, date: dt.date
) -> dict[str, object]:
    (event,) = [
        event.step_materialization_data.materialization
        for event in result.all_events
        if event.is_step_materialization and event.asset_key == key and event.partition == str(date)
    ]
    return {name: value.value for name, value in event.metadata.items()}


def checks(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    return {check.check_name: check for check in result.get_asset_check_evaluations()}


def rows_told(result: dg.ExecuteInProcessResult) -> dict[tuple[str, ...], object]:
    """Rows of what dbt made, as Dagster shows them; views are told without."""
    return {
        tuple(event.asset_key.path): count.value
        for event in result.all_events
        if event.is_step_materialization and event.step_key == "facts" and event.asset_key
        for name, count in event.step_materialization_data.materialization.metadata.items()
        if name == "dagster/row_count"
    }


def rows_held(home: Path) -> dict[tuple[str, ...], object]:
    """Rows of the tables that dbt made."""
    tables = query(
        home,
        "select table_schema, table_name from information_schema.tables "
        "where table_schema <> 'raw' and table_type = 'BASE TABLE'",
    )
    return {table: query(home, f"select count(*) from {'.'.join(table)}")[0][0] for table in tables}


@pytest.mark.long
def test_a_night_that_needs_a_person_says_what_for(
    instance: dg.DagsterInstance, settings: Settings, today: dt.date
) -> None:
    """Rows short, a family that fell, an unknown and hostile publisher; all in one night."""
    before = {today - dt.timedelta(days=n): listing(100_000, 100) for n in range(8, 0, -1)}
    record(settings.home, before, sample="test")
    bad = [item("bad/one", -1), item("bad/two", -2)]
    tonight = [*listing(60_000, 95), item(f"{EVIL}/m", 10**6), *bad]
    with serving(SampleHub(tonight, "test")) as endpoint:
        asked = replace(settings, hub=HubAccess(endpoint), max_bad_share=0.5)
        definitions = build_definitions(asked)
        result = definitions.resolve_job_def("nightly").execute_in_process(
            instance=instance, partition_key=str(today), raise_on_error=False
        )
    assert result.success

    told = materialized(result, HUB_CAPTURE, today)
    assert told["rows"] == told["dagster/partition_row_count"] == 97
    assert "| quarantined | 2 |" in str(told["recording"])
    reason = "`Expected 'int' >= n - at '$.downloads'`"
    assert f"| quarantined: {reason} | 2 |" in str(told["recording"])
    assert "requests left in the quota | 4" in str(told["recording"])
    assert "SAMPLE DATA:" in str(told["recording"])
    picture = str(told["last_90_nights"])
    assert "SAMPLE DATA:" in picture
    assert "97 models on" in picture
    assert "usual now: 99 to 103" in picture
    assert len(picture) < 1000  # beyond it the UI hides what it is told
    shares = materialized(result, SHARES, today)
    assert "| `Qwen` |" in str(shares["headline"])
    assert "-39.7%" in str(shares["headline"])
    assert str(shares["share_over_time"]).startswith("![Share of the downloads")
    downloads = 60_000 + 950 + 10**6
    assert shares["downloads_30d"] == downloads
    assert shares["share_of_Qwen_first_party"] == pytest.approx(60_000 / downloads)
    assert shares["share_of_Qwen_ecosystem"] == pytest.approx(60_950 / downloads)
    assert shares["dagster/row_count"]
    ranks = materialized(result, RANKS, today)
    assert "| `evil/'<b>/m` | 1 |" in str(ranks["headline"])
    assert str(ranks["ranks_over_time"]).startswith("![Ranks of families")
    published = materialized(result, PUBLISHED, today)
    assert published["rows"]
    assert "SAMPLE DATA:" in str(published["rows_by_table"])

    found = checks(result)
    assert {name for name, check in found.items() if not check.passed} == {
        "arena_answered", "rows_as_usual", "no_family_fell", "top_publishers_are_mapped",
    }  # fmt: skip
    assert all(
        check.severity == dg.AssetCheckSeverity.WARN for check in found.values() if not check.passed
    )
    assert "97 models, where the 8 nights" in (found["rows_as_usual"].description or "")
    assert "expect 99 to 103" in (found["rows_as_usual"].description or "")
    fell = found["no_family_fell"]
    assert fell.asset_key == SHARES
    assert "Qwen (publisher) -40.0% since" in (fell.description or "")
    assert "Qwen (root) -39.7% since" in (fell.description or "")
    unmapped = found["top_publishers_are_mapped"]
    assert unmapped.asset_key == dg.AssetKey(["marts", "dim_publisher"])
    assert "evil/'<b>" in (unmapped.description or "")
    assert f"evil/'<b>,COMPANY,REGION,lab,SOURCE,{today}" in str(unmapped.metadata["to_add"].value)
    assert "google" not in (unmapped.description or "")
    assert found["is_fresh"].passed


@pytest.mark.long
def test_a_plain_night_warns_of_nothing_and_an_old_one_of_its_age(
    instance: dg.DagsterInstance, settings: Settings, definitions: dg.Definitions, today: dt.date
) -> None:
    last = today - dt.timedelta(days=5)
    days = [last - dt.timedelta(days=n) for n in range(7, -1, -1)]
    record(settings.home, {day: listing(100_000 - day.day, 100) for day in days})
    result = definitions.resolve_job_def("nightly").execute_in_process(
        instance=instance, partition_key=str(last), raise_on_error=False
    )
    # The Hub is not asked for a date that is on disk; the Arena is not asked for a past one.
    assert result.success
    found = checks(result)
    assert {name for name, check in found.items() if not check.passed} == {"is_fresh"}
    assert f"the newest date that counts is {last}, 5 days before today" in str(
        found["is_fresh"].description
    )
    assert found["rows_as_usual"].metadata["compared"].value == 1
    assert rows_told(result) == rows_held(settings.home)
    # What dbt has made is shown while it goes on.
    told = list(instance.all_logs(result.run_id))
    first = next(
        n
        for n, log in enumerate(told)
        if log.step_key == "facts"
        and log.is_dagster_event
        and log.dagster_event
        and log.dagster_event.is_step_materialization
    )
    assert any("Finished dbt command" in log.user_message for log in told[first:])
    # The warnings can be asked for alone, and then nothing is published again.
    was = (settings.home / "published" / "manifest.json").stat().st_mtime_ns
    alone = dg.define_asset_job(
        "alone", dg.AssetSelection.checks(dg.AssetCheckKey(SHARES, "no_family_fell"))
    )
    job = dg.Definitions(assets=definitions.assets, jobs=[alone]).resolve_job_def("alone")
    asked = job.execute_in_process(instance=instance, raise_on_error=False)
    assert asked.success
    assert list(checks(asked)) == ["no_family_fell"]
    assert (settings.home / "published" / "manifest.json").stat().st_mtime_ns == was
    # And publication alone.
    only = dg.define_asset_job("only", dg.AssetSelection.assets(PUBLISHED).without_checks())
    job = dg.Definitions(assets=definitions.assets, jobs=[only]).resolve_job_def("only")
    assert job.execute_in_process(instance=instance, partition_key=str(last)).success
    assert (settings.home / "published" / "manifest.json").stat().st_mtime_ns > was


def test_what_guards_a_published_number_is_blocking(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    specs = {key: graph.get_check_spec(key) for key in graph.asset_check_keys}
    passing_on = {key.name for key, spec in specs.items() if not spec.blocking}
    assert passing_on == {
        "arena_answered", "arena_record_readable", "rows_as_usual", "is_fresh", "no_family_fell",
        "top_publishers_are_mapped", "inventories_are_readable",
    } | {
        # Others' tables and the user's own inventories must not hold up the record.
        name for name in passing_on if "stg_arena_scores" in name or "_exposure" in name
    }  # fmt: skip
    guarded = {key.asset_key for key, spec in specs.items() if spec.blocking}
    for name in ("attribution_conserves_downloads", "sums_to_one", "unique_combination"):
        assert any(
            key.asset_key == SHARES and key.name.startswith(name) and spec.blocking
            for key, spec in specs.items()
        ), name
    assert {key for key in guarded if key.path[0] == "marts"} <= graph.get(PUBLISHED).parent_keys


def test_every_asset_says_what_to_do_when_it_fails(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for key in graph.materializable_asset_keys:
        said = graph.get(key).description or ""
        assert "hen it fails" in said or "never fails" in said, key
        if key.path[0] == "marts":
            schema = graph.get(key).metadata["dagster/column_schema"]
            assert all(column.description for column in schema.columns), key
            assert graph.get(key).tags["access"] == "public"


def test_the_things_people_use_end_the_lineage(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    uses = {key for key in graph.get_all_asset_keys() if graph.get(key).group_name == "use"}
    assert {key.path[-1] for key in uses} == {"audit", "bi", "claims", "headline", "report"}
    for key in uses:
        published = {"report": "report", "audit": "exposure"}.get(key.path[-1], "hub_ledger")
        assert graph.get(key).parent_keys == {dg.AssetKey(["published", published])}
        assert "Reads: `" in (graph.get(key).description or "")
        assert key not in graph.materializable_asset_keys


def test_the_rule_of_tonight_stands_where_the_user_meets_it(definitions: dg.Definitions) -> None:
    said = definitions.resolve_asset_graph().get(HUB_CAPTURE).description or ""
    assert "Only tonight's partition" in said
    assert "archive_capture" in said
