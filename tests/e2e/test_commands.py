"""The commands behind make, run as processes: the main job, and every kind of bad input."""

import datetime as dt
import gzip
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from assets.arena.record import record_arena
from assets.arena.store import ArenaStore
from assets.captures.store import CaptureStore
from assets.errors import LedgerError
from assets.hub.client import HubAccess, HubClient
from assets.ledger.due import unchecked
from assets.ledger.warehouse import connect
from assets.publication.claims import verdict, verdicts
from assets.publication.warehouse import publish
from pipelines.documents import QUESTIONS, answers, printed
from pipelines.sample_hub.arena import sample_arena
from pipelines.sample_hub.catalogue import Catalogue
from pipelines.sample_hub.datasets import hub_stats
from pipelines.sample_hub.server import SampleHub, read_capture_file, serving
from tests.e2e.processes import run_command, start_command
from tests.helpers import REPOSITORY, all_tables, item, query, record, write_capture

SPAN = ["--from", "2026-03-01", "--to", "2026-03-10"]
TOMORROW = str(dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1))
TOKEN = "hf_secretsecretsecretsecret"


def published(home: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(home / "published" / "hub_ledger.duckdb", read_only=True)


# Months enough to have captures that are kept as differences, beside full ones; in CI the demo's
# two years, with all their defects.
RECENT = (
    {}
    if os.environ.get("HUB_LEDGER_TEST_WHOLE_HISTORY")
    else {"HUB_LEDGER_START_DATE": str(dt.datetime.now(dt.UTC).date() - dt.timedelta(days=100))}
)


@pytest.fixture(scope="module")
def demo_home(tmp_path_factory: pytest.TempPathFactory, today: dt.date) -> Path:
    home = tmp_path_factory.mktemp("demo")
    done = run_command(home, "demo", HF_TOKEN=TOKEN, **RECENT)
    assert done.returncode == 0, done.stderr
    (home / "demo.out").write_text(done.stdout + done.stderr)
    return home


def test_demo_prints_the_headline_and_where_things_are(demo_home: Path, today: dt.date) -> None:
    printed = (demo_home / "demo.out").read_text()
    assert "SAMPLE DATA" in printed
    assert f"Capture of {today}:" in printed
    assert "first-party" in printed
    assert "Derivatives by others" in printed
    assert str(demo_home / "published" / "hub_ledger.duckdb") in printed
    moves = printed.split("Biggest rank moves")[1].split("Warehouse")[0]
    assert " to " in moves
    families = printed.split("first-party")[1].split("attribution publisher")[0].splitlines()[1:-1]
    assert len(families) == 10


def test_the_line_that_opens_the_file_works(demo_home: Path) -> None:
    printed = (demo_home / "demo.out").read_text()
    command = next(line for line in printed.splitlines() if line.startswith("Open it"))
    assert os.system(f"{command.removeprefix('Open it').strip()} > {demo_home}/opened.txt") == 0
    assert "ecosystem" not in (opened := (demo_home / "opened.txt").read_text())
    assert "scope" in opened


def test_the_questions_have_the_answers_of_their_page(demo_home: Path, today: dt.date) -> None:
    """The same answers where the query names dates and the demo reaches back to them all."""
    with published(demo_home) as connection:
        for sql, expected in answers(QUESTIONS.read_text()):
            table = printed(connection, sql)
            assert table.splitlines()[0] == expected.splitlines()[0], sql
            dates = [dt.date.fromisoformat(date) for date in re.findall(r"date '(.*?)'", sql)]
            if RECENT:
                continue
            if not dates:
                assert len(table.splitlines()) > 2, sql
            elif min(dates) > today - dt.timedelta(days=700):
                assert table == expected, sql


@pytest.mark.long
def test_a_second_demo_changes_no_number(demo_home: Path) -> None:
    with published(demo_home) as connection:
        before = all_tables(connection)
    done = run_command(demo_home, "demo", **RECENT)
    assert done.returncode == 0, done.stderr
    with published(demo_home) as connection:
        assert all_tables(connection) == before


@pytest.mark.long
def test_rebuild_gives_identical_marts(demo_home: Path) -> None:
    with published(demo_home) as connection:
        before = all_tables(connection)
    (demo_home / "warehouse.duckdb").unlink()
    done = run_command(demo_home, "rebuild", **RECENT)
    assert done.returncode == 0, done.stderr
    with published(demo_home) as connection:
        assert all_tables(connection) == before


def test_every_claim_has_a_verdict_and_one_is_told_in_full(demo_home: Path) -> None:
    path = demo_home / "published" / "hub_ledger.duckdb"
    in_full = verdict(path, "C013")
    assert "SAMPLE DATA" in in_full
    with published(demo_home) as connection:
        (row,) = connection.execute(
            "select any_value(verdict), any_value(reason), count(measured), any_value(statement) "
            "from marts.fct_claims where claim_id = 'C013'"
        ).fetchall()
        claims = connection.execute(
            "select list(distinct claim_id order by claim_id) from marts.fct_claims"
        ).fetchall()[0][0]
    assert f"C013  {row[3]}" in in_full
    assert f"{row[0]}: {row[1]}" in in_full
    outcomes = [line.split()[0] for line in in_full.splitlines() if line.startswith("  ")]
    assert len([one for one in outcomes if one in ("agrees", "disagrees", "undecided")]) == row[2]
    everything = verdicts(path)
    assert everything.startswith("SAMPLE DATA")
    assert re.findall(r"^(C\d+) ", everything, re.M) == claims
    unknown = run_command(demo_home, "claims", "--claim", "C999'; --", **RECENT)
    assert unknown.returncode == 2
    assert "no claim" in unknown.stderr


@pytest.mark.long
def test_claims_are_judged_by_the_facts_that_there_are(demo_home: Path) -> None:
    path = demo_home / "published" / "hub_ledger.duckdb"
    with published(demo_home) as connection:
        before = all_tables(connection)
    with connect(demo_home) as connection:
        for table in ("intermediate.int_claims", "marts.fct_claims", "marts.fct_claim_pairs"):
            connection.execute(f"delete from {table}")
    done = run_command(demo_home, "claims", "--claim", "C013", **RECENT)
    assert done.returncode == 0, done.stderr
    assert "Running claims for" in done.stdout
    assert done.stdout.endswith(f"\n{verdict(path, 'C013')}\n")
    with published(demo_home) as connection:
        assert all_tables(connection) == before
    # What fails a check is not published, by whatever run.
    latest = (demo_home / "published" / "latest").readlink()
    with connect(demo_home) as connection:
        connection.execute(
            "insert into marts.fct_arena_company_ranks from marts.fct_arena_company_ranks"
        )
    failed = run_command(demo_home, "claims", **RECENT)
    assert failed.returncode == 1, failed.stderr
    assert "check failed: unique_combination_int_claim_measures" in failed.stderr
    with pytest.raises(LedgerError, match="did not pass all checks"):
        publish(demo_home)
    assert (demo_home / "published" / "latest").readlink() == latest
    # Where something is not finished all of the newest date comes first.
    done = run_command(demo_home, "claims", **RECENT)
    assert done.returncode == 0, done.stderr
    assert "Running from_captures for" in done.stdout
    assert done.stdout.endswith(f"\n{verdicts(path)}\n")
    with connect(demo_home) as connection:
        assert unchecked(connection) == []
    with published(demo_home) as connection:
        assert all_tables(connection) == before


@pytest.mark.parametrize(
    ("inventory", "message"),
    [
        (None, "which models? make audit INVENTORY=FILE"),
        ("/nowhere.csv", "no inventory at /nowhere.csv"),
        ("'unclosed", "No closing quotation"),
        ("{folder}", "load no model that is on record"),
        ("{folder}/own.csv", "own.csv, line 2: weight '-1'"),
        ("{folder}/one.csv {folder}/more/one.csv", "two inventories are called one"),
        ("{folder}/own.txt", "ends in .csv"),
    ],
)
def test_an_inventory_that_cannot_be_used_is_one_line(
    demo_home: Path, tmp_path: Path, inventory: str | None, message: str
) -> None:
    (tmp_path / "own.csv").write_text("model,calls\nA/x,-1\n")
    (tmp_path / "own.txt").write_text("A/x\n")
    for folder in (tmp_path, tmp_path / "more"):
        folder.mkdir(exist_ok=True)
        (folder / "one.csv").write_text("model\nA/x\n")
    given = ["--inventory", inventory.format(folder=tmp_path)] if inventory else []
    done = run_command(demo_home, "audit", *given)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert not (demo_home / "inventories").exists()


def test_the_token_is_written_nowhere(demo_home: Path) -> None:
    assert TOKEN not in (demo_home / "demo.out").read_text()
    for path in demo_home.rglob("*"):
        if path.is_file():
            assert TOKEN.encode() not in path.read_bytes(), path


def test_a_home_of_samples_takes_no_observations(demo_home: Path, tmp_path: Path) -> None:
    # A date of which the demo has no capture.
    write_capture(tmp_path / "in", dt.date(2026, 3, 4), [item("Qwen/Q", 1)])
    done = run_command(demo_home, "import", "--captures", str(tmp_path / "in"))
    assert done.returncode == 2
    assert "never mixed" in done.stderr
    assert not (demo_home / "captures" / "2026-03-04").exists()


@pytest.mark.long
def test_an_audit_tells_what_a_fleet_depends_on(demo_home: Path, tmp_path: Path) -> None:
    with published(demo_home) as connection:
        owned = connection.execute(
            "select repo_id from marts.dim_model where gone_on is null and family_root = 'Qwen' "
            "order by repo_id limit 2"
        ).fetchall()
    rows = [f"{repo_id},40" for (repo_id,) in owned]
    (tmp_path / "fleet.csv").write_text("\n".join(["model,calls", *rows, "nobody/none,20"]))
    done = run_command(demo_home, "audit", "--inventory", str(tmp_path / "fleet.csv"), **RECENT)
    assert done.returncode == 0, done.stderr
    assert "fleet: 3 models" in done.stdout
    assert "1 not on record" in done.stdout
    assert re.search(r"family +80\.0% .* Qwen\n", done.stdout)
    page = (demo_home / "published" / "exposure" / "index.html").read_text()
    assert 'class="sample"' in page
    assert query(demo_home, "select count(*) from raw.facts_due") == [(0,)]


@pytest.mark.long
def test_nightly_over_http_equals_the_import_of_the_same_items(
    tmp_path: Path, today: dt.date, request: pytest.FixtureRequest
) -> None:
    """On the real capture where it is at hand, otherwise on the catalogue."""
    try:
        source: Path = request.getfixturevalue("real_captures") / "2026-08-22.jsonl.gz"
        items = read_capture_file(source)
        data = source.read_bytes()
    except pytest.skip.Exception:
        items = Catalogue(models=300).items(today)
        data = gzip.compress("".join(json.dumps(one) + "\n" for one in items).encode())
    left = tmp_path / "nightly" / "dbt" / "killed long ago"
    left.mkdir(parents=True)
    os.utime(left, (0, 0))
    with serving(SampleHub(items, "replay")) as endpoint:
        done = run_command(tmp_path / "nightly", "nightly", HF_ENDPOINT=endpoint)
    assert done.returncode == 0, done.stderr
    # Cron has no daemon that would keep house.
    assert "removed 0 runs and 1 dbt folders" in done.stdout
    assert not left.exists()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / f"{today}.jsonl.gz").write_bytes(data)
    done = run_command(tmp_path / "import", "import", "--captures", str(tmp_path / "in"))
    assert done.returncode == 0, done.stderr
    with published(tmp_path / "nightly") as ours, published(tmp_path / "import") as theirs:
        nightly, imported = all_tables(ours), all_tables(theirs)
    assert nightly.pop("meta_captures") != imported.pop("meta_captures")
    assert nightly.pop("meta_freshness") == [("hub", today, today, 1, "replay")]
    assert imported.pop("meta_freshness") == [("hub", today, today, 1, None)]
    # The one record is a sample and says so on every claim, in the last column.
    assert {row[-1] for row in nightly["fct_claims"]} == {"replay"}
    assert {row[-1] for row in imported["fct_claims"]} == {None}
    for tables in (nightly, imported):
        tables["fct_claims"] = [row[:-1] for row in tables["fct_claims"]]
    assert nightly == imported
    assert query(tmp_path / "nightly", "select count(*) from raw.model_counters") == [(len(items),)]


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        (["nightly", "--date", "2026-01-01"], {}, "is not today"),
        (["nightly", "--date", "tonight"], {}, "YYYY-MM-DD"),
        (["nightly"], {"HF_ENDPOINT": "huggingface.co"}, "HF_ENDPOINT"),
        (["nightly"], {"HF_ENDPOINT": "http://127.0.0.1:9"}, "did not answer"),
        (["nightly"], {"HUB_LEDGER_PAGE_SIZE": "many"}, "HUB_LEDGER_PAGE_SIZE"),
        (["probe"], {"HF_ENDPOINT": "http://127.0.0.1:9"}, "did not answer"),
        (["import"], {}, "CAPTURES="),
        (["import", "--captures", "/nowhere"], {}, "not a folder"),
        (["rebuild"], {}, "nothing to rebuild"),
        (["audit"], {}, "nothing is published yet"),
        (["backfill"], {}, "FROM="),
        (["backfill", "--from", "2026-03-01"], {}, "TO="),
        (["backfill", "--from", "soon", "--to", "2026-03-01"], {}, "FROM='soon'"),
        (["backfill", *SPAN, "--every", "year"], {}, "day, week, month"),
        (["backfill", "--from", "2026-03-02", "--to", "2026-03-01"], {}, "lies after"),
        (["backfill", "--from", "2020-01-01", "--to", "2026-03-01"], {}, "HUB_LEDGER_START_DATE"),
        (["backfill", "--from", "2026-03-01", "--to", TOMORROW], {}, "not over yet"),
        (["backfill", *SPAN], {"HUB_LEDGER_ARCHIVE": "a/b"}, "HUB_LEDGER_ARCHIVE"),
        (["backfill", *SPAN], {"HF_ENDPOINT": "http://127.0.0.1:9"}, "did not answer"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], message: str
) -> None:
    home = tmp_path / "home"
    done = run_command(home, *arguments, **environment)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert not list(home.glob("captures/*-*-*"))
    assert not (home / "published").exists()


@pytest.mark.long
def test_a_backfill_ends_with_the_facts_of_its_dates(tmp_path: Path) -> None:
    first = dt.date(2026, 3, 1)
    dates = [first + dt.timedelta(days=number) for number in range(10)]
    items = Catalogue(models=100).items(first)
    dataset = hub_stats(lambda on: items, dates, holds=lambda date: date.day != 4)
    with serving(SampleHub([], "test", datasets=[dataset])) as endpoint:
        home, hub = tmp_path / "home", {"HF_ENDPOINT": endpoint}
        done = run_command(home, "backfill", *SPAN, "--every", "week", **hub)
        assert done.returncode == 0, done.stderr
        # The first date and the last one, which are next to firsts of months, and two Mondays.
        assert "4 dates recorded" in done.stdout
        assert "nothing of 2026-03-04" in done.stdout
        assert "4 of 4 dates" in done.stderr
        # The rest of the days; what is recorded stays.
        done = run_command(home, "backfill", *SPAN, "--every", "day", HF_TOKEN=TOKEN, **hub)
        assert done.returncode == 0, done.stderr
        assert "5 dates recorded" in done.stdout
        assert "4 were before" in done.stdout
        assert TOKEN not in done.stdout + done.stderr
    found = query(
        home,
        "select distinct date from marts.fct_family_share_daily where basis = 'window' order by 1",
    )
    assert [date.day for (date,) in found] == [1, 2, 3, 5, 6, 7, 8, 9, 10]


@pytest.mark.long
def test_what_was_published_before_a_run_failed_is_said(tmp_path: Path) -> None:
    """The report cannot be drawn: a file lies where its folder should be."""
    write_capture(tmp_path / "in", dt.date(2026, 8, 22), [item("Qwen/Q", 1)])
    (tmp_path / "home" / "published").mkdir(parents=True)
    (tmp_path / "home" / "published" / "reports").write_text("")
    done = run_command(tmp_path / "home", "import", "--captures", str(tmp_path / "in"))
    assert done.returncode == 1
    assert "The warehouse was published all the same" in done.stderr
    with published(tmp_path / "home") as connection:
        assert connection.execute("select count(*) from marts.dim_model").fetchall() == [(1,)]


@pytest.mark.parametrize("data", [b"", b"{}\n", b"\x1f\x8b broken"])
def test_a_bad_import_leaves_nothing_half_written(tmp_path: Path, data: bytes) -> None:
    write_capture(tmp_path / "in", dt.date(2026, 3, 1), [item("Qwen/Q", 1)])
    (tmp_path / "in" / "2026-03-02.jsonl").write_bytes(data)
    done = run_command(tmp_path / "home", "import", "--captures", str(tmp_path / "in"))
    assert done.returncode == 2
    assert "2026-03-02.jsonl" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list((tmp_path / "home").glob("captures/*-*-*"))
    assert not (tmp_path / "home" / "warehouse.duckdb").exists()


def test_a_date_before_the_calendar_is_refused(tmp_path: Path) -> None:
    write_capture(tmp_path / "in", dt.date(2024, 1, 1), [item("Qwen/Q", 1)])
    done = run_command(tmp_path / "home", "import", "--captures", str(tmp_path / "in"))
    assert done.returncode == 2
    assert "HUB_LEDGER_START_DATE" in done.stderr
    assert not list((tmp_path / "home").glob("captures/*-*-*"))


def test_the_env_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("HUB_LEDGER_PAGE_SIZE=many\nHF_ENDPOINT=http://127.0.0.1:9\n")
    command = [sys.executable, "-m", "pipelines", "probe"]
    base = {**os.environ, "PYTHON_DOTENV_DISABLED": "0", "PYTHONPATH": str(REPOSITORY)}
    for more, message in (({}, "HUB_LEDGER_PAGE_SIZE"), ({"HUB_LEDGER_PAGE_SIZE": "10"}, ":9 did")):
        done = subprocess.run(
            command, cwd=tmp_path, env={**base, **more}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert message in done.stderr


def test_dev_refuses_a_taken_port(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run_command(tmp_path, "dev", "--port", port)
    assert done.returncode == 2
    assert "in use" in done.stderr


def test_probe_prints_what_it_saw(tmp_path: Path, endpoint: str) -> None:
    done = run_command(tmp_path / "home", "probe", HF_ENDPOINT=endpoint)
    assert done.returncode == 0
    assert "falls by _id" in done.stdout
    assert not (tmp_path / "home").exists()


def test_a_sample_hub_that_is_stopped_leaves_nothing_behind(tmp_path: Path) -> None:
    process = start_command(tmp_path, "sample-hub", "--port", "0", TMPDIR=str(tmp_path))
    assert process.stdout is not None
    assert "HF_ENDPOINT=" in process.stdout.readline()
    assert list(tmp_path.glob("sample-archive-*"))
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 0
    assert not list(tmp_path.glob("sample-archive-*"))


def test_a_rebuild_from_a_damaged_leaderboard_is_refused(tmp_path: Path, today: dt.date) -> None:
    home = tmp_path / "home"
    record(home, {dt.date(2026, 3, 1): [item("Qwen/Q", 1)]}, sample="test")
    with serving(SampleHub([], "test", datasets=[sample_arena(today)])) as endpoint:
        client = HubClient(HubAccess(endpoint))
        record_arena(ArenaStore(home / "arena"), CaptureStore(home / "captures"), client, today)
    (home / "warehouse.duckdb").write_text("kept")
    damaged = sorted((home / "arena" / "text").glob("*.parquet"))[0]
    damaged.write_bytes(damaged.read_bytes()[:-9])
    done = run_command(home, "rebuild")
    assert done.returncode == 2
    assert str(damaged) in done.stderr and "backup" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert (home / "warehouse.duckdb").read_text() == "kept"


def test_a_rebuild_outside_the_calendar_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    record(home, {dt.date(2026, 3, 1): [item("Qwen/Q", 1)]}, sample="test")
    (home / "warehouse.duckdb").write_text("kept")
    done = run_command(home, "rebuild", HUB_LEDGER_START_DATE="2026-03-02")
    assert done.returncode == 2
    assert "HUB_LEDGER_START_DATE" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert (home / "warehouse.duckdb").read_text() == "kept"
