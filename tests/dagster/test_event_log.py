"""The log of events that the commands hold open is Dagster's own, in Dagster's own files."""

import datetime as dt
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from pipelines.event_log import HeldEventLog
from pipelines.housekeeping import remove_old_runs
from pipelines.running import instance
from pipelines.settings import Settings

_MADE = dg.AssetKey(["made", "here"])


@dg.multi_asset(
    specs=[dg.AssetSpec(_MADE)], check_specs=[dg.AssetCheckSpec("is_well", asset=_MADE)]
)
def _made() -> object:
    yield dg.MaterializeResult(
        asset_key=_MADE,
        metadata={"rows": 12},
        check_results=[dg.AssetCheckResult(check_name="is_well", passed=True)],
    )


def _run(dagster: dg.DagsterInstance) -> str:
    job = dg.Definitions([_made], jobs=[dg.define_asset_job("making")]).resolve_job_def("making")
    return job.execute_in_process(instance=dagster).run_id


def _told(dagster: dg.DagsterInstance, run: str) -> tuple[list[object], str, object]:
    """All events of a run, and what is known of its asset over all runs."""
    events: list[object] = [
        (entry.timestamp, entry.dagster_event and entry.dagster_event.event_type)
        for entry in dagster.all_logs(run)
    ]
    known = dagster.get_latest_materialization_event(_MADE)
    assert known and known.asset_materialization
    return events, known.run_id, known.asset_materialization.metadata


def _open_files(folder: Path) -> list[str]:
    """Names of the files below a folder that this process has open."""
    found = []
    for handle in Path("/proc/self/fd").iterdir():
        try:
            target = handle.readlink()
        except FileNotFoundError:
            continue
        if target.is_relative_to(folder.resolve()):
            found.append(target.name)
    return found


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    # A path that is no plain word of YAML.
    home = tmp_path / 'a "home": {x}'
    home.mkdir()
    return Settings(home=home)


def test_dagster_reads_what_is_held_open_and_writes_beside_it(settings: Settings) -> None:
    with instance(settings) as held:
        assert isinstance(held.event_log_storage, HeldEventLog)
        first = _run(held)
        plain = settings.home / "plain"
        plain.mkdir()
        (plain / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
        (plain / "history").symlink_to(settings.home / "dagster" / "history")
        with dg.DagsterInstance.from_config(str(plain)) as own:
            assert type(own.event_log_storage) is SqliteEventLogStorage
            assert _told(own, first) == _told(held, first)
            assert len(_told(own, first)[0]) > 10
            second = _run(own)
            assert _told(own, second) == _told(held, second)
        third = _run(held)
        assert _told(held, third)[1] == third


def test_events_without_a_run_are_told(settings: Settings) -> None:
    """As an import tells of captures that Dagster did not make."""
    with instance(settings) as held:
        held.report_runless_asset_event(dg.AssetMaterialization(_MADE, metadata={"rows": 7}))
    with instance(settings) as held:
        known = held.get_latest_materialization_event(_MADE)
    assert known and known.asset_materialization
    assert known.asset_materialization.metadata["rows"].value == 7


def test_few_files_are_held_and_none_at_the_end(settings: Settings) -> None:
    folder = settings.home / "dagster" / "history" / "runs"
    with instance(settings) as held:
        runs = [_run(held) for _ in range(6)]
        of_runs = {name for name in _open_files(folder) if not name.startswith("index")}
        assert any(name.startswith(runs[-1]) for name in of_runs)
        assert not any(name.startswith(tuple(runs[:3])) for name in of_runs)
        assert len(_told(held, runs[0])[0]) > 10
    assert not _open_files(folder)


def test_what_is_not_waited_for_is_written_ahead(settings: Settings) -> None:
    """Without the one, the other could cost more than the log's last moment."""
    with instance(settings) as held:
        log = held.event_log_storage
        assert isinstance(log, HeldEventLog)
        for opened in (log.index_connection(), log.run_connection(_run(held))):
            with opened as connection:
                told = [
                    connection.exec_driver_sql(f"pragma {name}").scalar()
                    for name in ("journal_mode", "synchronous")
                ]
                assert told == ["wal", 1]


def test_of_removed_runs_no_file_is_left(settings: Settings) -> None:
    folder = settings.home / "dagster" / "history" / "runs"
    with instance(settings) as held:
        runs = [_run(held) for _ in range(6)]
        assert any(name.startswith(runs[-1]) for name in _open_files(folder))
        later = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
        assert remove_old_runs(held, later) == len(runs)
    assert not [path.name for path in folder.iterdir() if not path.name.startswith("index.")]
