"""The published files: readable by what BI tools ship, never torn, never from unfinished facts."""

import csv
import datetime as dt
import errno
import functools
import hashlib
import http.server
import json
import os
import re
import shutil
import socket
import stat
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import polars as pl
import pyarrow.parquet
import pytest
from dbt.task.docs import DOCS_INDEX_FILE_PATH
from playwright.sync_api import sync_playwright

from assets.errors import LedgerError
from assets.facts.project import DBT, PROJECT_DIR, dbt_environment
from assets.ledger.due import facts_done, mark_checked, mark_facts_due, mark_unchecked
from assets.ledger.warehouse import connect, ensure_schema
from assets.publication.headline import headline
from assets.publication.warehouse import forget_nights, publish
from pipelines.documents import write_answers
from tests.helpers import (
    REPOSITORY,
    all_tables,
    build_facts,
    item,
    load,
    marts,
    query,
    record,
)

DATE = dt.date(2026, 3, 1)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FORMULA = '=cmd("a",\n1)/x'
HOSTILE = "evil/\x1b[31m<script>alert(1)</script>'; drop--"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("built")
    record(
        home,
        {
            DATE: [item("Qwen/Q", 10), item(HOSTILE, 90), item(FORMULA, 1)],
            DATE + dt.timedelta(days=1): [item("Qwen/Q", 100), item(HOSTILE, 20), item(FORMULA, 1)],
        },
    )
    load(home, [DATE, DATE + dt.timedelta(days=1)])
    build_facts(home)
    return home


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "home"))


def test_the_copy_equals_the_marts_and_its_twins(home: Path) -> None:
    done = publish(home)
    with duckdb.connect(done.path, read_only=True) as connection:
        assert all_tables(connection) == marts(home)
        schemas = connection.execute("select distinct schema_name from duckdb_tables()").fetchall()
        assert schemas == [("marts",)]
        for table, rows in done.tables.items():
            files = sorted((home / "published" / "parquet" / table).glob("**/*.parquet"))
            twin = pl.read_parquet(files, hive_partitioning=False)
            assert twin.height == rows
            ordered = connection.sql(f"from marts.{table}").pl()
            assert twin.sort(pl.all()).equals(ordered.sort(pl.all()))
            if len(files) == 1:
                assert twin.equals(ordered), "the same order of rows"


MONTHS = ("2025-12", "2026-02", "2026-03")


@pytest.fixture
def months(home: Path) -> Path:
    """A home whose shares are of three months."""
    with connect(home) as connection:
        for date in ("2025-12-31", "2026-02-03"):
            connection.execute(
                "insert into marts.fct_family_share_daily "
                "select * replace ($date::date as date) from marts.fct_family_share_daily "
                "where date = '2026-03-01'",
                {"date": date},
            )
    return home


def shares_of_months(home: Path) -> dict[str, Path]:
    """The Parquet files of the shares that are published, by month."""
    folder = home / "published" / "parquet" / "fct_family_share_daily"
    return {path.stem.removeprefix("fct_family_share_daily-"): path.resolve()
            for path in folder.glob("*/*/*.parquet")}  # fmt: skip


def test_tables_that_grow_for_ever_have_a_file_a_month(months: Path) -> None:
    done = publish(months)
    folder = months / "published" / "parquet" / "fct_family_share_daily"
    assert sorted(path.name for path in folder.glob("*/*")) == ["year=2025", "year=2026"]
    assert sorted(shares_of_months(months)) == list(MONTHS)
    frame = pl.read_parquet(folder / "**" / "*.parquet", hive_partitioning=True)
    # As pandas reads a folder.
    table = pyarrow.parquet.read_table(folder)
    assert frame.height == table.num_rows == done.tables["fct_family_share_daily"]
    assert set(table.column_names) == set(frame.columns)
    assert frame.select((pl.col("date").dt.year() == pl.col("year")).all()).item()


def test_a_month_that_is_as_it_was_is_carried_over(months: Path) -> None:
    publish(months)
    before = shares_of_months(months)
    with connect(months) as connection:
        connection.execute(
            "update marts.fct_family_share_daily set downloads = downloads + 1 "
            "where date = '2026-02-03'"
        )
        connection.execute("delete from marts.fct_family_share_daily where date < '2026-01-01'")
        connection.execute("alter table marts.fct_rank_history add column added integer default 7")
        # Its rows' hashes stay the same.
        connection.execute("alter table marts.fct_model_derivatives alter direct type integer")
        connection.execute("drop table marts.dim_release")
        note_renewal(connection, "2025-12-01")
    path = publish(months).path
    with duckdb.connect(path, read_only=True) as connection:
        assert all_tables(connection) == marts(months)
        held = connection.sql(
            f"from read_parquet('{months}/published/parquet/fct_model_derivatives/**/*.parquet', "
            "hive_partitioning = false)"
        )
        assert held.types[held.columns.index("direct")] == "INTEGER"
    after = shares_of_months(months)
    assert after["2026-03"].samefile(before["2026-03"])
    assert not after["2026-02"].samefile(before["2026-02"])
    assert sorted(after) == ["2026-02", "2026-03"]
    checked_manifest(months / "published")


def note_renewal(connection: duckdb.DuckDBPyConnection, first_month: str | None) -> None:
    """As a run of dbt does."""
    connection.execute(
        "insert into intermediate.int_renewals "
        "select max(number) + 1, uuid()::varchar, $first::date from intermediate.int_renewals",
        {"first": first_month},
    )


@pytest.mark.parametrize(
    ("month", "nights", "is_found"),
    [("2026-02-01", 10**9, True), ("2026-03-01", 10**9, False), (None, 10**9, False),
     ("2026-03-01", 1, True), (None, 1, True)],
)  # fmt: skip
def test_months_before_the_renewed_ones_are_read_in_turn(
    months: Path,
    monkeypatch: pytest.MonkeyPatch,
    month: str | None,
    nights: int,
    is_found: bool,
) -> None:
    monkeypatch.setattr("assets.publication.warehouse._PROOF_NIGHTS", nights)
    publish(months)
    with connect(months) as connection:
        connection.execute(
            "update marts.fct_family_share_daily set downloads = downloads + 1 "
            "where date = '2026-02-03'"
        )
        note_renewal(connection, month)
    done = publish(months)
    # What changed without a run that says so is told.
    assert bool(done.fault) == (nights == 1)
    with duckdb.connect(done.path, read_only=True) as connection:
        assert (all_tables(connection) == marts(months)) == is_found
    checked_manifest(months / "published")


def test_a_warehouse_built_anew_is_read_as_a_whole(months: Path) -> None:
    publish(months)
    with connect(months) as connection:
        connection.execute("update intermediate.int_renewals set renewal = 'another'")
        connection.execute("update marts.fct_family_share_daily set downloads = downloads + 1")
    done = publish(months)
    assert done.fault == ""
    with duckdb.connect(done.path, read_only=True) as connection:
        assert all_tables(connection) == marts(months)


def test_without_a_run_of_dbt_what_is_as_it_was_is_carried_over(months: Path) -> None:
    publish(months)
    before = twins(months)
    with connect(months) as connection:
        connection.execute("update marts.dim_family set company = 'changed'")
        # Of a view.
        connection.execute("update intermediate.int_profile_spans set valid_from = '2026-02-28'")
        connection.execute("alter table marts.fct_claims add column added integer")
        connection.execute("alter table marts.fct_claims drop column added")
    done = publish(months)
    after = twins(months)
    changed = {"dim_family", "bridge_model_family"}
    assert {table for table in before if not after[table].samefile(before[table])} == changed
    with duckdb.connect(done.path, read_only=True) as connection:
        assert all_tables(connection) == marts(months)
        for table, twin in after.items():
            assert pl.read_parquet(twin).equals(connection.sql(f"from marts.{table}").pl())
    checked_manifest(months / "published")
    # After a run all that has no months is written anew.
    with connect(months) as connection:
        note_renewal(connection, "2026-03-01")
    publish(months)
    again = twins(months)
    assert not any(again[table].samefile(after[table]) for table in after)
    assert publish(months).fault == ""


def twins(home: Path) -> dict[str, Path]:
    """The Parquet files of tables that are published as a whole; not an empty one by month."""
    folder = home / "published" / "parquet"
    found = {path.parent.name: path.resolve() for path in folder.glob("*/*.parquet")}
    return {name: path for name, path in found.items() if name != "fct_model_derivatives"}


@pytest.mark.parametrize(
    "what",
    ["file", "file longer", "parquet", "parquet gone", "kept parquet", "manifest", "version"],
)
def test_a_night_does_not_depend_on_the_one_before(months: Path, what: str) -> None:
    publish(months)
    latest = months / "published" / "latest"
    manifest = latest / "manifest.json"
    damaged = {
        "file": latest / "hub_ledger.duckdb",
        "file longer": latest / "hub_ledger.duckdb",
        "parquet": shares_of_months(months)["2026-03"],
        "kept parquet": twins(months)["dim_model"],
    }.get(what, manifest)
    held = damaged.read_bytes()
    damaged.chmod(0o644)
    if what == "parquet gone":
        shares_of_months(months)["2026-03"].unlink()
    elif what == "version":
        damaged.write_text(damaged.read_text().replace(duckdb.__version__, "1.0.0"))
    elif what == "manifest":
        damaged.write_bytes(b"[]")
    elif what == "file longer":
        # DuckDB reads no such byte: the sum alone tells.
        damaged.write_bytes(held + b"0")
    else:
        damaged.write_bytes(held[: len(held) // 2] + bytes(len(held) - len(held) // 2))
    done = publish(months)
    # What cannot be compared is no fault; what is not as it was is told.
    assert bool(done.fault) == (what not in ("manifest", "version"))
    with duckdb.connect(done.path, read_only=True) as connection:
        assert all_tables(connection) == marts(months)
    checked_manifest(months / "published")
    assert publish(months).fault == ""


@pytest.mark.parametrize("how", ["absent", "refuses", "ends early"])
def test_a_disk_that_cannot_share_is_copied_to(
    home: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    publish(home)
    ours = os.copy_file_range

    def copied(source: int, target: int, count: int) -> int:
        if how == "refuses":
            raise OSError(errno.EOPNOTSUPP, "not on this disk")
        return 0 if os.fstat(target).st_size else ours(source, target, 20_000)

    if how == "absent":
        monkeypatch.delattr(os, "copy_file_range")
    else:
        monkeypatch.setattr(os, "copy_file_range", copied)
    done = publish(home)
    assert done.fault == ""
    with duckdb.connect(done.path, read_only=True) as connection:
        assert all_tables(connection) == marts(home)


def test_no_path_to_parquet_is_that_of_another_night(home: Path) -> None:
    published = home / "published"
    listed: list[set[Path]] = []
    for _ in range(2):
        publish(home)
        folder = published / "parquet"
        listed.append({path.relative_to(folder) for path in folder.glob("*/*")})
    assert listed[0] & listed[1] == set()


def test_the_csv_is_the_table_and_no_cell_is_a_formula(home: Path) -> None:
    done = publish(home)
    with duckdb.connect(done.path, read_only=True) as connection:
        for table in done.tables:
            path = home / "published" / "csv" / f"{table}.csv"
            assert b"\n" not in path.read_bytes().replace(b"\r\n", b"").replace(b"\n1)", b"")
            with path.open(newline="", encoding="utf-8") as file:
                header, *rows = csv.reader(file, strict=True)
            found = connection.execute(f"from marts.{table}")
            assert header == [column[0] for column in found.description or []]
            expected = found.fetchall()
            assert len(rows) == len(expected)
            for row, values in zip(rows, expected, strict=True):
                assert [
                    float(cell) if isinstance(value, float) else cell
                    for cell, value in zip(row, values, strict=True)
                ] == [as_cell(value) for value in values]
        names = (home / "published" / "csv" / "dim_model.csv").read_text()
        assert '"\'=cmd(""a"",\n1)/x"' in names


def as_cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return "'" + value
    return value if isinstance(value, float) else str(value)


def test_a_table_too_long_for_a_spreadsheet_has_no_csv(home: Path) -> None:
    with connect(home) as connection:
        connection.execute(
            "insert into marts.fct_scope_rules_daily "
            "select held.* from marts.fct_scope_rules_daily as held, range(100001) limit 100001"
        )
    done = publish(home)
    assert done.tables["fct_scope_rules_daily"] > 100_000
    listed = {path.stem for path in (home / "published" / "csv").iterdir()}
    assert listed == set(done.tables) - {"fct_scope_rules_daily"}


def test_storage_version_mode_and_comments(home: Path) -> None:
    path = publish(home).path
    header = path.read_bytes()[:20]
    assert struct.unpack_from("<Q", header, 12) == (67,), "v1.4.0, as STACK S1 maps it"
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    with duckdb.connect(path, read_only=True) as connection:
        missing = connection.execute(
            "select table_name, column_name from duckdb_columns() where comment is null "
            "and schema_name = 'marts'"
        ).fetchall()
        types = connection.execute(
            "select distinct data_type from duckdb_columns() where schema_name = 'marts'"
        ).fetchall()
    assert missing == []
    assert {name for (name,) in types} <= {
        "BIGINT", "INTEGER", "DOUBLE", "BOOLEAN", "VARCHAR", "DATE", "TIMESTAMP",
    }  # fmt: skip


def test_the_manifest_names_what_lies_there(home: Path) -> None:
    publish(home)
    published = home / "published"
    manifest = checked_manifest(published)
    assert sorted(path.name for path in published.iterdir()) == [
        "csv", "docs", "hub_ledger.duckdb", "latest", "manifest.json", "nights", "parquet",
    ]  # fmt: skip
    assert [capture["date"] for capture in manifest["captures"]] == ["2026-03-01", "2026-03-02"]
    assert manifest["sample"] is False
    assert manifest["definitions"]["share"] == 1


def checked_manifest(published: Path) -> dict[str, Any]:
    """The manifest, after everything that it names was found to be as it says, and nothing else."""
    manifest: dict[str, Any] = json.loads((published / "latest" / "manifest.json").read_text())
    folder = published / manifest["folder"]
    assert folder.samefile(published / "latest")
    lying = {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert lying == set(manifest["files"])
    for name, about in manifest["files"].items():
        data = (folder / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == about["sha256"]
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o444
    return manifest


def test_a_reader_keeps_its_file_while_the_next_is_published(home: Path) -> None:
    path = publish(home).path
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdin and reader.stdout
    try:
        before = reader.stdout.readline()
        inode = path.stat().st_ino
        publish(home)
        assert path.stat().st_ino != inode
        reader.stdin.write("again\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == before
    finally:
        reader.communicate(timeout=20)


READER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
for _ in (1, 2):
    query = "select count(*), sum(downloads) from marts.fct_family_share_daily"
    print(connection.execute(query).fetchall(), flush=True)
    sys.stdin.readline()
"""


def test_unfinished_facts_are_not_published(home: Path) -> None:
    before = publish(home).path.stat().st_ino
    with connect(home) as connection:
        mark_facts_due(connection, [DATE])
    with pytest.raises(LedgerError, match="nothing is published"):
        publish(home)
    assert (home / "published" / "hub_ledger.duckdb").stat().st_ino == before


def test_what_failed_its_checks_is_not_published(home: Path) -> None:
    before = publish(home).path.stat().st_ino
    with connect(home) as connection:
        mark_unchecked(connection, ["marts/fct_claims", "marts/fct_exposure"])
        # One that may have been made of the other.
        mark_checked(connection, ["marts/fct_exposure"])
    with pytest.raises(LedgerError, match="2 tables were made by a run of some facts only"):
        publish(home)
    assert (home / "published" / "hub_ledger.duckdb").stat().st_ino == before
    with connect(home) as connection:
        mark_checked(connection, ["marts/fct_exposure", "marts/fct_claims"])
    publish(home)
    with connect(home) as connection:
        mark_unchecked(connection, ["marts/fct_claims"])
        facts_done(connection, [])
    publish(home)


_ON_A_FULL_DISK = """
import resource, sys
from pathlib import Path
from assets.publication.warehouse import publish
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, hard))
publish(Path(sys.argv[1]))
"""


def test_a_publication_that_fills_the_disk_leaves_nothing_there(home: Path) -> None:
    latest = publish(home).path.resolve()
    command = [sys.executable, "-c", _ON_A_FULL_DISK, str(home)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "could not be built" in done.stderr or "File too large" in done.stderr
    assert not (home / "published" / ".building").exists()
    assert (home / "published" / "hub_ledger.duckdb").resolve() == latest
    publish(home)


def test_previous_nights_stay_for_a_while(home: Path) -> None:
    def night(days: int, hours: float) -> Path:
        name = now - dt.timedelta(days=days, hours=hours)
        return nights / name.strftime("%Y-%m-%dT%H%M%S.%fZ")

    publish(home)
    published = home / "published"
    nights, newest = published / "nights", (published / "latest").resolve()
    now = dt.datetime.now(dt.UTC).replace(hour=23)
    kept = [night(0, 0.5), night(1, 0), night(7, 0)]
    gone = [night(0, 2), night(1, 1), night(7, 3), night(8, 0), night(400, 0)]
    for folder in [*kept, *gone]:
        folder.mkdir()
    # What a killed removal leaves.
    (published / ".removing" / "parquet").mkdir(parents=True)
    forget_nights(home, 7, now)
    assert sorted(nights.iterdir()) == sorted([newest, *kept])
    assert not (published / ".removing").exists()
    # However old it is, there is one to read.
    forget_nights(home, 0, now + dt.timedelta(days=30))
    assert list(nights.iterdir()) == [newest]
    checked_manifest(published)


def test_what_somebody_else_left_among_the_nights_is_left_alone(home: Path) -> None:
    newest = publish(home).path.resolve().parent
    foreign = newest.with_name(".DS_Store")
    foreign.write_bytes(b"")
    old = newest.with_name("2026-01-01T000000.000000Z")
    old.mkdir()
    forget_nights(home, 7)
    assert sorted(newest.parent.iterdir()) == sorted([foreign, newest])


def test_a_previous_night_answers_to_the_same_name(home: Path) -> None:
    publish(home)
    before = (home / "published" / "latest").resolve()
    with connect(home) as connection:
        connection.execute("update marts.dim_family set company = 'changed'")
    publish(home)
    query = "select count(*) from hub_ledger.marts.dim_family where company = 'changed'"
    counts = []
    for path in (before / "hub_ledger.duckdb", home / "published" / "hub_ledger.duckdb"):
        with duckdb.connect(path, read_only=True) as connection:
            counts.append(connection.execute(query).fetchall()[0][0])
    assert counts[0] == 0
    assert counts[1] > 0


def test_comments_with_quotes_arrive_whole(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "it's; drop table x"
    monkeypatch.setattr(
        "assets.publication.warehouse.descriptions", lambda schema: {"dim_scope": {None: text}}
    )
    path = publish(home).path
    with duckdb.connect(path, read_only=True) as connection:
        found = connection.execute(
            "select comment from duckdb_tables() where table_name = 'dim_scope'"
        ).fetchall()
    assert found == [(text,)]


def test_the_headline_is_the_mart_and_safe_for_a_terminal(home: Path) -> None:
    text = headline(publish(home).path)
    assert "Capture of 2026-03-02: 3 models" in text
    assert "SAMPLE" not in text
    assert "\x1b" not in text
    assert "drop--" in text
    shares = dict(
        query(
            home,
            "select family, share from marts.fct_family_share_daily where date = '2026-03-02' "
            "and scope = 'all' and attribution = 'root'",
        )
    )
    assert f"{shares['Qwen']:.1%}" in text
    assert "+1 to    1  Qwen/Q" in text


def test_a_sample_says_so(tmp_path: Path) -> None:
    record(tmp_path, {DATE: [item("Qwen/Q", 10)]}, sample="generated catalogue")
    load(tmp_path, [DATE])
    build_facts(tmp_path)
    done = publish(tmp_path)
    assert done.sample
    assert headline(done.path).startswith("SAMPLE DATA")
    assert json.loads((tmp_path / "published" / "manifest.json").read_text())["sample"] is True


def test_the_page_of_questions_shows_samples_only(home: Path, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="make demo"):
        write_answers(tmp_path / "hub_ledger.duckdb")
    with pytest.raises(LedgerError, match="observations"):
        write_answers(publish(home).path)


def inlined(page: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Manifest and catalog inside a documentation page."""
    found = []
    for name in ("manifest", "catalog"):
        _, _, rest = page.partition(f"{name}:{{")
        found.append(json.JSONDecoder().raw_decode("{" + rest)[0])
    return found[0], found[1]


def test_the_documentation_is_that_of_dbt_without_the_machine(home: Path) -> None:
    published = publish(home).path
    page = (home / "published" / "docs" / "index.html").read_text()
    own = Path(DOCS_INDEX_FILE_PATH).read_text()
    manifest, catalog = inlined(page)
    said = json.dumps([manifest, catalog])
    host = socket.gethostname()
    for private in (REPOSITORY, home, Path.home(), Path(sys.prefix), sys.base_prefix):
        assert f"{private}/" not in said
        assert page.count(f"{private}/") == own.count(f"{private}/")
    assert not re.search(rf"[\"/@]{re.escape(host)}[\"/:]", said)
    for field in ("user_id", "invocation_id", "env", "root_path"):
        assert f'"{field}":' not in said
    assert manifest["metadata"]["project_name"] == "hub_ledger"
    assert "metric.hub_ledger.share_root" in manifest["metrics"]
    # What dbt itself says of the published file, by its own command.
    target = home / "target_docs"
    for command in (["parse"], ["docs", "generate", "--no-compile", "--static"]):
        done = subprocess.run(
            [
                str(DBT), *command, "--target", "published", "--target-path", str(target),
                "--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR),
            ],
            env={**os.environ, **dbt_environment(home), "HUB_LEDGER_PUBLISHED": str(published)},
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
    expected = json.loads((target / "catalog.json").read_text())["nodes"]
    assert catalog["nodes"].keys() == expected.keys()
    for name, node in catalog["nodes"].items():
        assert node["columns"] == expected[name]["columns"]
        assert node["metadata"]["comment"] == expected[name]["metadata"]["comment"]
    theirs = (target / "static_index.html").read_text()
    their_manifest, _ = inlined(theirs)
    shown = ("nodes", "sources", "exposures", "metrics", "semantic_models", "groups")
    assert {kind: set(manifest[kind]) for kind in shown} == {
        kind: set(their_manifest[kind]) for kind in shown
    }
    # Nothing in a text ends the script that it stands in.
    assert page.count("</script") == own.count("</script")


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium; .ci/run installs it")
def test_the_documentation_opens_offline_and_asks_nobody(home: Path) -> None:
    publish(home)
    asked: list[str] = []
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Served, asked, home / "published")
    ) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            with sync_playwright() as browsers:
                browser = browsers.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                seen = browser.new_page()
                hosts: set[str] = set()
                seen.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
                address = f"http://127.0.0.1:{server.server_port}/docs/index.html"
                seen.goto(address)
                seen.get_by_role("heading", name="Hub Ledger").wait_for()
                seen.goto(f"{address}#!/model/model.hub_ledger.dim_family")
                seen.get_by_text("Company that releases the family").first.wait_for()
                assert seen.locator("td", has_text="VARCHAR").count() >= 3
                seen.goto(f"{address}#!/metric/metric.hub_ledger.share_root")
                seen.get_by_text("Ecosystem share").first.wait_for()
                browser.close()
        finally:
            server.shutdown()
    assert hosts == {urlsplit(address).netloc}
    assert set(asked) == {"/docs/index.html"}


class Served(http.server.SimpleHTTPRequestHandler):
    """Files of a folder; notes what is asked for."""

    def __init__(self, asked: list[str], folder: Path, *arguments: Any) -> None:
        self._asked = asked
        super().__init__(*arguments, directory=str(folder))

    def log_message(self, format: str, *arguments: Any) -> None:
        self._asked.append(self.path)


def test_an_emptied_warehouse_is_not_published_over_a_good_one(home: Path) -> None:
    before = publish(home).path.stat().st_ino
    (home / "warehouse.duckdb").unlink()
    with connect(home) as connection:
        ensure_schema(connection)
    build_facts(home)
    with pytest.raises(LedgerError, match=r"2 captures .* are not in the warehouse"):
        publish(home)
    assert (home / "published" / "hub_ledger.duckdb").stat().st_ino == before


def test_without_marts_there_is_nothing_to_publish(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="materialize the facts"):
        publish(tmp_path)
    assert not (tmp_path / "published" / "hub_ledger.duckdb").exists()
