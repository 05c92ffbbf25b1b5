"""Readers while the published files are replaced, and publications that are killed."""

import dataclasses
import datetime as dt
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from assets.ledger.warehouse import connect
from assets.publication.warehouse import publish, put_in_place
from tests.helpers import REPOSITORY, build_facts, item, load, record
from tests.publication.test_warehouse import checked_manifest, note_renewal

REPLACEMENTS = 200 if os.environ.get("HUB_LEDGER_TEST_LONG") == "1" else 50
KILLS = 3 * int(os.environ.get("HUB_LEDGER_TEST_KILLS", "1"))
DATES = [dt.date(2025, 12, 31), dt.date(2026, 1, 1)]
BUILDS = 3

# What a reader asks, of a table that has a Parquet file a month and of a second one. Each night has
# its own answer, and a mixture of two nights has none of them.
SHARES = (
    "select count(*), count(distinct date), min(models), max(models), sum(models) from {shares}"
)
QUESTION = f"select *, (select min(company) || max(company) from {{families}}) from ({SHARES})"


@dataclasses.dataclass(frozen=True)
class Nights:
    """Publications of one home that differ in every row asked for."""

    home: Path
    folders: list[Path]


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    home = tmp_path_factory.mktemp("nights")
    record(home, {date: [item("Qwen/Q", 10), item("google/gemma", 5)] for date in DATES})
    load(home, DATES)
    build_facts(home)
    folders = []
    for night in range(BUILDS):
        with connect(home) as connection:
            connection.execute(f"update marts.fct_family_share_daily set models = {night}")
            connection.execute(f"update marts.dim_family set company = 'night {night}'")
            note_renewal(connection, "2025-12-01")
        publish(home)
        folders.append((home / "published" / "latest").resolve())
    return Nights(home, folders)


def answers(nights: Nights) -> list[str]:
    """The answer of each night, as readers print it."""
    told = []
    question = QUESTION.format(families="marts.dim_family", shares="marts.fct_family_share_daily")
    for folder in nights.folders:
        with duckdb.connect(folder / "hub_ledger.duckdb", read_only=True) as connection:
            told.append(json.dumps(connection.execute(question).fetchone()))
    return told


# A reader prints each answer that differs from its last one, until its input ends.
READER = """
import json, select, sys
from pathlib import Path
import duckdb

published, shares, question = Path(sys.argv[1]), sys.argv[3], sys.argv[4]
of_file = question.format(families="marts.dim_family", shares="marts.fct_family_share_daily")
parquet = "'{}/fct_family_share_daily/**/*.parquet'", "'{}/dim_family/*.parquet'"


def opens():
    "Opens the file anew for each question, as Superset does."
    with duckdb.connect(published / "hub_ledger.duckdb", read_only=True) as connection:
        return json.dumps(connection.execute(of_file).fetchone())


def holds():
    "Keeps it open for many questions, as a pool does."
    with duckdb.connect(published / "hub_ledger.duckdb", read_only=True) as connection:
        told = {json.dumps(connection.execute(of_file).fetchone()) for _ in range(5)}
    return "/".join(sorted(told))


def manifest():
    "Takes the folder from the manifest, then reads many files of it."
    manifest = json.loads((published / "manifest.json").read_text())
    of_shares, of_families = (one.format(published / manifest["folder"] / "parquet")
                              for one in parquet)
    asked = question.format(shares=of_shares, families=of_families)
    return json.dumps(duckdb.execute(asked).fetchone())


def globs():
    "Knows nothing of that: may find a file gone, and never reads two nights as one."
    asked = shares.format(shares=parquet[0].format(published / "parquet"))
    try:
        return json.dumps(duckdb.execute(asked).fetchone())
    except duckdb.IOException:
        return None


ask, last = globals()[sys.argv[2]], None
while not select.select([sys.stdin], [], [], 0)[0]:
    told = ask()
    if told not in (None, last):
        print(told, flush=True)
        last = told
"""
READERS = ("opens", "holds", "manifest", "globs")


@pytest.fixture
def readers(nights: Nights, tmp_path: Path) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """A process a kind of reader, each past its first answer."""
    replace_by(nights.folders[0], tmp_path, 0)
    started = {
        name: subprocess.Popen(
            [sys.executable, "-c", READER, str(tmp_path), name, SHARES, QUESTION],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in READERS
    }
    try:
        yield started
    finally:
        for process in started.values():
            process.kill()
            process.communicate()


def replace_by(night: Path, published: Path, number: int) -> None:
    """Publish a night again under a name of its own, as the n-th one, in all its paths."""
    at = dt.datetime(2026, 1, 2, tzinfo=dt.UTC) + dt.timedelta(seconds=number)
    name = at.strftime("%Y-%m-%dT%H%M%S.%fZ")
    building = published / ".building"
    shutil.copytree(night, building, copy_function=os.link)
    for path in sorted(building.glob(f"parquet/*/{night.name}*")):
        path.rename(path.with_name(path.name.replace(night.name, name)))
    manifest = json.loads((building / "manifest.json").read_text())
    (building / "manifest.json").unlink()
    (building / "manifest.json").write_text(json.dumps({**manifest, "folder": f"nights/{name}"}))
    put_in_place(building, published, name)


def test_no_reader_sees_an_error_or_half_a_night(
    nights: Nights, readers: dict[str, subprocess.Popen[str]], tmp_path: Path
) -> None:
    expected = answers(nights)
    assert len(set(expected)) == BUILDS
    firsts = {}
    for name, process in readers.items():
        assert process.stdout
        firsts[name] = process.stdout.readline()
    for number in range(1, REPLACEMENTS + 1):
        replace_by(nights.folders[number % BUILDS], tmp_path, number)
        # Readers get a turn on a machine of few cores.
        time.sleep(0.01)
    for name, process in readers.items():
        output, errors = process.communicate("stop\n", timeout=60)
        assert process.returncode == 0, f"{name}: {errors}"
        told = set((firsts[name] + output).splitlines())
        known = {json.dumps(json.loads(one)[:-1]) for one in expected} | set(expected)
        assert told <= known, f"{name} read what no night says: {told - known}"
        # It read while nights changed.
        assert len(told) > 1, name


PUBLICATION = """
import datetime as dt, os, signal, sys
from pathlib import Path
from assets.publication.warehouse import forget_nights, publish
home, step, seen = Path(sys.argv[1]), int(sys.argv[2]), 0
def die_at_step(event, arguments):
    global seen
    if event in ("os.rename", "os.symlink", "shutil.rmtree"):
        seen += 1
        if seen == step:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(die_at_step)
print("started", flush=True)
publish(home)
forget_nights(home, 0, dt.datetime.now(dt.UTC) + dt.timedelta(days=1))
"""


def publication(home: Path, step: int = 0) -> subprocess.Popen[str]:
    """A process that publishes and removes the night before; killed at its n-th step if asked."""
    process = subprocess.Popen(
        [sys.executable, "-c", PUBLICATION, str(home), str(step)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "started\n"
    return process


def finish(process: subprocess.Popen[str]) -> int:
    process.communicate(timeout=60)
    return process.returncode


def check_what_lies_there(published: Path) -> None:
    """Whatever name is there leads to one whole night."""
    if (published / "latest").exists():
        checked_manifest(published)
    for name in ("hub_ledger.duckdb", "manifest.json", "parquet", "csv"):
        if (published / name).is_symlink():
            assert (published / name).samefile(published / "latest" / name)


def check_nothing_is_left(published: Path) -> None:
    checked_manifest(published)
    assert not [path.name for path in published.iterdir() if path.name.startswith(".")]
    assert len(list((published / "nights").iterdir())) == 1


@pytest.mark.long
def test_killed_at_each_step_of_a_publication(nights: Nights, tmp_path: Path) -> None:
    """Each time on what the killed ones before left."""
    home = Path(shutil.copytree(nights.home, tmp_path / "home", symlinks=True))
    shutil.rmtree(home / "published")
    step, killed = 1, 0
    while finish(publication(home, step)) == -signal.SIGKILL:
        killed += 1
        check_what_lies_there(home / "published")
        step += 1
    assert killed > 5
    check_nothing_is_left(home / "published")


@pytest.mark.parametrize("seed", range(KILLS))
def test_killed_at_any_moment_of_a_publication(nights: Nights, tmp_path: Path, seed: int) -> None:
    home = Path(shutil.copytree(nights.home, tmp_path / "home", symlinks=True))
    process = publication(home)
    time.sleep(random.Random(seed).uniform(0, 1.5))
    process.kill()
    finish(process)
    check_what_lies_there(home / "published")
    assert finish(publication(home)) == 0
    check_nothing_is_left(home / "published")
