"""The archive over HTTP: the right revisions, only the needed bytes, every defect of the source."""

import datetime as dt
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from huggingface_hub import HfApi, HfFileSystem

from assets.captures.archive_source import Backfill, Progress, capture_archive
from assets.captures.store import CaptureStore
from assets.errors import HubUnavailable, LedgerError
from assets.hub import archive_file
from assets.hub.archive import HINTS, HUB_STATS, WEEKLY_COPY, choose, gaps
from assets.hub.client import HubAccess, HubClient
from assets.hub.items import surrogate_id
from pipelines.sample_hub.catalogue import Catalogue
from pipelines.sample_hub.datasets import (
    Commit,
    SampleDataset,
    hub_stats,
    weekly_copy,
    write_models,
)
from pipelines.sample_hub.faults import PASSING, REFUSED, Fault, FaultyHub
from pipelines.sample_hub.server import SampleHub, serving
from tests.helpers import REPOSITORY, item

DAY = dt.date(2025, 9, 1)
"""A date on which the archive has all its columns."""


def days(first: dt.date, count: int) -> list[dt.date]:
    return [first + dt.timedelta(days=number) for number in range(count)]


def listed(on: dt.date, count: int = 40) -> list[dict[str, Any]]:
    """A few models, the last of them created on the date; the counters tell the date."""
    made = [
        item(
            f"owner/model-{number}",
            number,
            createdAt=f"2024-01-{1 + number % 28:02d}T00:00:{number % 60:02d}.000Z",
            downloadsAllTime=1000 * number + on.toordinal(),
        )
        for number in range(count - 1)
    ]
    return [*made, item("new/born", 1, createdAt=f"{on}T01:00:00.000Z", downloadsAllTime=1)]


def backfill(
    root: Path,
    endpoint: str,
    first: dt.date,
    last: dt.date,
    every: str = "day",
    repo: str = HUB_STATS,
    waits: list[float] | None = None,
    progress: Callable[[Progress], None] = lambda progress: None,
    **access: Any,
) -> Backfill:
    client = HubClient(
        HubAccess(endpoint, **access),
        sleep=(waits if waits is not None else []).append,
        hints=HINTS,
    )
    store = CaptureStore(root)
    return capture_archive(store, client, repo, first, last, every, 0.1, 0.9, progress)


def rows(root: Path, date: dt.date) -> list[dict[str, Any]]:
    with CaptureStore(root).items_path(date).open("rb") as file:
        text = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read()
    return [json.loads(line) for line in text.splitlines()]


def quarantined(root: Path, date: dt.date) -> list[dict[str, Any]]:
    path = CaptureStore(root).folder(date) / "quarantine.jsonl.zst"
    with path.open("rb") as file:
        text = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read()
    return [json.loads(line) for line in text.splitlines()]


def archive_of(*tables: tuple[dt.date, pa.Table]) -> SampleDataset:
    """An archive of Parquet files given as they are."""

    def writer(table: pa.Table) -> Callable[[Path], None]:
        return lambda path: pq.write_table(table, path, row_group_size=16)

    return SampleDataset(
        HUB_STATS,
        [
            Commit(dt.datetime.combine(date, dt.time(13), tzinfo=dt.UTC), "models.parquet", one)
            for date, one in ((date, writer(table)) for date, table in tables)
        ],
    )


def serve(*datasets: SampleDataset, **more: Any) -> SampleHub:
    return SampleHub([], "test", datasets=datasets, quota=10**6, **more)


# Which revisions


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        ("day", ["05-28", "05-30", "06-02", "06-04", "06-09", "06-30", "07-01", "07-12", "08-03"]),
        # Monday's or the next one of each week, and the dates around the first of each month.
        ("week", ["05-28", "05-30", "06-02", "06-09", "06-30", "07-01", "07-12", "08-03"]),
        ("month", ["05-28", "05-30", "06-02", "07-01", "07-12", "08-03"]),
    ],
)
def test_choice_of_dates(every: str, expected: list[str]) -> None:
    held = [
        dt.date.fromisoformat(f"2025-{day}")
        for day in (
            "05-20", "05-28", "05-30", "06-02", "06-04", "06-09", "06-30", "07-01", "07-12",
            "08-03", "08-20",
        )
    ]  # fmt: skip
    chosen = choose(held, dt.date(2025, 5, 28), dt.date(2025, 8, 10), every)
    assert [f"{date:%m-%d}" for date in chosen] == expected


def test_choice_keeps_what_monthly_flow_needs() -> None:
    """Whatever the archive lacks: the last date up to each first of a month, the first from it."""
    rng = random.Random(3)
    first, last = dt.date(2024, 8, 1), dt.date(2026, 10, 31)
    calendar = days(first, (last - first).days + 1)
    for share in (0.03, 0.2, 0.9):
        held = [date for date in calendar if rng.random() < share]
        for every in ("day", "week", "month"):
            chosen = choose(held, first, last, every)
            assert set(chosen) <= set(held)
            for boundary in (date for date in calendar if date.day == 1):
                assert max([d for d in held if d <= boundary], default=None) == max(
                    [d for d in chosen if d <= boundary], default=None
                )
                assert min([d for d in held if d >= boundary], default=None) == min(
                    [d for d in chosen if d >= boundary], default=None
                )
            if every == "week":
                weeks = {date.isocalendar()[:2] for date in held}
                assert {date.isocalendar()[:2] for date in chosen} == weeks


def test_gaps_are_spans() -> None:
    held = [dt.date(2025, 6, 2), dt.date(2025, 6, 3), dt.date(2025, 6, 7)]
    assert gaps(held, dt.date(2025, 6, 1), dt.date(2025, 6, 8)) == [
        (dt.date(2025, 6, 1), dt.date(2025, 6, 1)),
        (dt.date(2025, 6, 4), dt.date(2025, 6, 6)),
        (dt.date(2025, 6, 8), dt.date(2025, 6, 8)),
    ]


def test_a_backfill_pins_each_date_and_says_what_is_missing(tmp_path: Path) -> None:
    """On two dates the archive wrote its other files only: the old models' file is not theirs."""
    dates = days(DAY, 120)
    lost = {DAY + dt.timedelta(days=3), DAY + dt.timedelta(days=4)}
    dataset = hub_stats(listed, dates, holds=lambda date: date not in lost)
    hub = serve(dataset)
    with serving(hub) as endpoint:
        done = backfill(tmp_path, endpoint, DAY, dates[9])
    store = CaptureStore(tmp_path)
    assert store.dates() == [date for date in dates[:10] if date not in lost]
    assert done.gaps == [(min(lost), max(lost))]
    shas = {commit.sha: commit for commit in dataset.commits}
    for date in store.dates():
        manifest = store.verify(date)
        assert (manifest.source, manifest.sample, manifest.ids) == (
            "hub_archive", "test", "surrogate",
        )  # fmt: skip
        repo, sha = manifest.origin.split("@")
        assert (repo, shas[sha].at.date(), shas[sha].path) == (HUB_STATS, date, "models.parquet")
        assert rows(tmp_path, date)[5]["downloadsAllTime"] == 5000 + date.toordinal()
    commits = [url for _, url, _ in hub.datasets.requests if "/commits/" in url]
    assert len(commits) == 3, "pages of commits are read to the end"
    assert all("limit=100" in url for url in commits)


@pytest.mark.parametrize("titles", ["", "Update"], ids=["named in titles", "not named"])
def test_the_files_date_is_that_of_the_commit_that_wrote_it(tmp_path: Path, titles: str) -> None:
    def at(day: int, hour: int) -> dt.datetime:
        return dt.datetime(2025, 9, day, hour, tzinfo=dt.UTC)

    def writer(mark: int) -> Callable[[Path], None]:
        models = [item("a/b", mark, createdAt="2024-01-01T00:00:00.000Z", downloadsAllTime=5)]
        return lambda path: write_models(path, models, DAY)

    commits = [
        Commit(at(1, 2), "models.parquet", writer(1), titles),
        Commit(at(1, 20), "models.parquet", writer(2), titles),
        Commit(at(1, 21), "datasets.parquet", writer(0), titles),
        Commit(at(2, 13), "datasets.parquet", writer(0), titles),
        Commit(at(3, 0), "models.parquet", writer(3), titles),
        Commit(at(3, 23), "spaces.parquet", writer(0), titles),
    ]
    with serving(serve(SampleDataset(HUB_STATS, commits))) as endpoint:
        done = backfill(tmp_path, endpoint, DAY, dt.date(2025, 9, 3))
    assert [str(manifest.date) for manifest in done.sealed] == ["2025-09-01", "2025-09-03"]
    assert [one["downloads"] for one in rows(tmp_path, DAY)] == [2]
    assert done.sealed[0].origin.endswith(commits[1].sha)
    assert done.sealed[1].origin.endswith(commits[4].sha)


def test_the_weekly_copy_is_recorded_under_the_date_of_what_is_in_it(tmp_path: Path) -> None:
    """A folder is named after the week's first date and holds its last one's state, or an older."""
    weeks = [dt.date(2025, 9, 1) + dt.timedelta(weeks=number) for number in range(5)]
    lost = set(days(dt.date(2025, 9, 12), 10))
    dataset = weekly_copy(listed, weeks, holds=lambda date: date not in lost)
    with serving(serve(dataset)) as endpoint:
        done = backfill(
            tmp_path, endpoint, dt.date(2025, 8, 1), dt.date(2025, 10, 31), "week", WEEKLY_COPY
        )
    # The second folder ends on the 11th, the third repeats it.
    expected = ["2025-09-07", "2025-09-11", "2025-09-28", "2025-10-05"]
    assert [str(date) for date in CaptureStore(tmp_path).dates()] == expected
    for manifest in done.sealed:
        known = {one["id"]: one for one in rows(tmp_path, manifest.date)}
        assert known["owner/model-5"]["downloadsAllTime"] == 5000 + manifest.date.toordinal()
        assert manifest.origin.startswith(f"{WEEKLY_COPY}@")
        assert "/models/2025-" in manifest.origin


def test_a_weekly_folder_that_cannot_be_used_costs_itself(tmp_path: Path) -> None:
    whole = tmp_path / "whole.parquet"
    write_models(whole, listed(DAY), DAY)
    table = pq.read_table(whole)

    def cut(path: Path) -> None:
        path.write_bytes(whole.read_bytes()[:-30])

    def folder(name: str, write: Callable[[Path], None]) -> Commit:
        return Commit(
            dt.datetime(2025, 11, 1, tzinfo=dt.UTC), f"models/{name}/models.parquet", write
        )

    good = weekly_copy(listed, [DAY, DAY + dt.timedelta(weeks=3)])
    dataset = SampleDataset(
        WEEKLY_COPY,
        [
            *good.commits,
            folder("2025-09-08", cut),
            folder("2025-09-15", lambda path: pq.write_table(table.drop_columns("id"), path)),
            folder("2025-09-31", lambda path: write_models(path, listed(DAY), DAY)),
            folder("2024-02-30", lambda path: write_models(path, listed(DAY), DAY)),
        ],
    )
    with serving(serve(dataset)) as endpoint:
        done = backfill(
            tmp_path / "captures", endpoint, DAY, dt.date(2025, 10, 31), "day", WEEKLY_COPY
        )
    assert [str(one.date) for one in done.sealed] == ["2025-09-07", "2025-09-28"]
    # Of none of them a date is known: they are told by their path.
    said = {
        "models/2025-09-08/models.parquet": "not readable Parquet",
        "models/2025-09-15/models.parquet": "no column 'id'",
        "models/2025-09-31/models.parquet": "not a date",
    }
    assert list(done.refused) == list(said)
    assert all(text in done.refused[name] for name, text in said.items())


@pytest.mark.parametrize(
    ("unit", "newest", "bad"),
    [("ns", 1_756_700_000_000_000_001, 0), ("us", 2**62, 1), ("ms", 10**17, 1)],
)
def test_a_weekly_file_that_does_not_tell_its_date_is_of_the_weeks_last(
    tmp_path: Path, unit: str, newest: int, bad: int
) -> None:
    """Python has no such time as the newest one; the other rows are kept all the same."""
    path = tmp_path / "whole.parquet"
    write_models(path, listed(DAY), DAY)
    table = pq.read_table(path)
    created = table["createdAt"].cast(pa.timestamp(unit, "UTC")).cast(pa.int64()).to_pylist()
    created[-1] = newest
    place = table.schema.get_field_index("createdAt")
    odd = table.set_column(place, "createdAt", pa.array(created, pa.timestamp(unit, "UTC")))
    at = dt.datetime(2025, 9, 9, tzinfo=dt.UTC)
    commit = Commit(at, f"models/{DAY}/models.parquet", lambda to: pq.write_table(odd, to))
    with serving(serve(SampleDataset(WEEKLY_COPY, [commit]))) as endpoint:
        done = backfill(
            tmp_path / "captures", endpoint, DAY, dt.date(2025, 9, 30), "day", WEEKLY_COPY
        )
    assert [str(one.date) for one in done.sealed] == ["2025-09-07"]
    assert (done.sealed[0].rows, done.sealed[0].quarantined) == (len(created) - bad, bad)


def test_today_and_an_empty_span_are_refused(tmp_path: Path, today: dt.date) -> None:
    with serving(serve(hub_stats(listed, days(DAY, 2)))) as endpoint:
        with pytest.raises(LedgerError, match="not over yet"):
            backfill(tmp_path, endpoint, today, today)
        with pytest.raises(LedgerError, match="lies after"):
            backfill(tmp_path, endpoint, DAY, DAY - dt.timedelta(days=1))
    assert not tmp_path.joinpath("captures").exists()


# Only the needed bytes, in bounded memory


@pytest.fixture(scope="module")
def large() -> Iterator[tuple[SampleHub, SampleHub, str]]:
    """One revision of some megabytes, contents on another host, as on the real Hub.

    Given are the Hub, the host of the contents, and the Hub's endpoint.
    """
    items = Catalogue(models=6000).items(DAY)
    dataset = hub_stats(lambda on: items, [DAY])
    contents = serve(dataset)
    with serving(contents) as elsewhere:
        hub = serve(dataset, contents_host=elsewhere)
        with serving(hub) as endpoint:
            yield hub, contents, endpoint


def test_a_projected_read_fetches_a_small_part(
    tmp_path: Path, large: tuple[SampleHub, SampleHub, str]
) -> None:
    hub, contents, endpoint = large
    contents.datasets.sent = 0
    hub.datasets.requests.clear()
    done = backfill(tmp_path, endpoint, DAY, DAY)
    assert done.file_bytes > 2_000_000
    assert contents.datasets.sent < 0.3 * done.file_bytes
    assert done.received < 0.3 * done.file_bytes + 10_000
    ranges = [headers["range"] for _, url, headers in contents.datasets.requests]
    assert all("-" in asked for asked in ranges)
    # Where the contents lie is asked once, not once a range.
    assert sum("/resolve/" in url for _, url, _ in hub.datasets.requests) == 1
    assert len(rows(tmp_path, DAY)) == done.sealed[0].rows


def test_the_token_stays_with_the_hub(
    tmp_path: Path, large: tuple[SampleHub, SampleHub, str]
) -> None:
    hub, contents, endpoint = large
    hub.datasets.requests.clear()
    contents.datasets.requests.clear()
    backfill(tmp_path, endpoint, DAY, DAY, token="hf_secretsecret")
    assert all(
        headers["authorization"] == "Bearer hf_secretsecret"
        for _, _, headers in hub.datasets.requests
    )
    assert contents.datasets.requests
    for _, url, headers in contents.datasets.requests:
        assert "secret" not in url + json.dumps(headers)


def test_contents_are_not_fetched_over_a_weaker_channel(tmp_path: Path) -> None:
    dataset = hub_stats(listed, [DAY])
    with (
        serving(serve(dataset, contents_host="ftp://127.0.0.1:9")) as endpoint,
        pytest.raises(LedgerError, match="not encrypted"),
    ):
        backfill(tmp_path, endpoint, DAY, DAY)


def test_a_server_that_ignores_ranges_is_not_read_whole(tmp_path: Path) -> None:
    async def whole(request: Any, due: Any) -> Any:
        due.status_code = 200
        return due

    hub = FaultyHub([], {}, datasets=[hub_stats(listed, [DAY])], file_script={1: whole})
    with serving(hub) as endpoint, pytest.raises(LedgerError, match="parts of a file"):
        backfill(tmp_path, endpoint, DAY, DAY)


def test_the_hubs_own_client_reads_the_sample_archive(
    large: tuple[SampleHub, SampleHub, str],
) -> None:
    """The sample Hub keeps the contract of the Hub's own client, for files and commits."""
    _, _, endpoint = large
    api = HfApi(endpoint=endpoint, token=False)
    commits = api.list_repo_commits(HUB_STATS, repo_type="dataset")
    assert [commit.title for commit in commits] == [
        "Upload models.parquet with huggingface_hub",
        "Upload datasets.parquet with huggingface_hub",
    ]
    files = HfFileSystem(endpoint=endpoint, token=False)
    path = f"datasets/{HUB_STATS}@{commits[0].commit_id}/models.parquet"
    info = files.info(path, expand_info=True)
    assert info["last_commit"].oid == commits[0].commit_id
    with files.open(path) as file:
        table = pq.read_table(file, columns=["id", "downloadsAllTime"])
    assert table.num_rows > 3000


# Columns that came and went, ids


def test_columns_that_came_later_are_null_and_not_zero(tmp_path: Path) -> None:
    before, after = dt.date(2025, 2, 26), dt.date(2025, 2, 27)
    models = [
        *listed(after),
        item(
            "owner/child", 3, ["owner/model-1"], "quantized",
            createdAt="2024-05-01T00:00:00.000Z", downloadsAllTime=0,
            tags=["base_model:owner/model-1", "base_model:quantized:owner/model-1"],
        ),
    ]  # fmt: skip
    dates = [before, after, dt.date(2025, 7, 9)]
    with serving(serve(hub_stats(lambda on: models, dates))) as endpoint:
        backfill(tmp_path, endpoint, before, dates[-1])
    old, middle, new = (
        {one["id"]: one for one in rows(tmp_path, date)}["owner/child"] for date in dates
    )
    assert "downloadsAllTime" not in old
    assert "baseModels" not in old
    assert old["tags"][0] == "base_model:owner/model-1"
    assert middle["downloadsAllTime"] == 0
    assert "baseModels" not in middle
    assert new["baseModels"]["relation"] == "quantized"
    assert new["baseModels"]["models"][0]["id"] == "owner/model-1"


def test_a_column_of_nothing_but_zero_was_not_filled(tmp_path: Path) -> None:
    models = [{**one, "downloadsAllTime": 0} for one in listed(DAY)]
    with serving(serve(hub_stats(lambda on: models, [DAY]))) as endpoint:
        backfill(tmp_path, endpoint, DAY, DAY)
    assert all("downloadsAllTime" not in one for one in rows(tmp_path, DAY))


def test_rows_equal_the_live_lists(tmp_path: Path) -> None:
    """What both sources know of a model is the same; a file with `_id` has the Hub's own."""
    items = Catalogue(models=300).items(DAY)
    with serving(serve(hub_stats(lambda on: items, [DAY], has_ids=True))) as endpoint:
        done = backfill(tmp_path, endpoint, DAY, DAY)
    assert done.sealed[0].ids == "hub"
    found = {one["_id"]: one for one in rows(tmp_path, DAY)}
    assert len(found) == len(items)
    for one in items:
        kept = found[one["_id"]]
        for name in ("id", "author", "downloads", "downloadsAllTime", "likes", "tags"):
            assert kept[name] == one[name]
        assert kept.get("baseModels") == one.get("baseModels")
        assert kept.get("pipeline_tag") == one.get("pipeline_tag")
        total = (one.get("safetensors") or {}).get("total")
        assert (kept.get("safetensors") or {}).get("total") == total
        assert kept["createdAt"] == one["createdAt"].replace(".000Z", "Z")
        assert "gated" not in kept


def test_surrogates_come_from_repo_id_and_creation(tmp_path: Path) -> None:
    with serving(serve(hub_stats(listed, days(DAY, 2)))) as endpoint:
        backfill(tmp_path, endpoint, DAY, DAY + dt.timedelta(days=1))
    first, second = (
        {one["id"]: one["_id"] for one in rows(tmp_path, date)} for date in days(DAY, 2)
    )
    shared = set(first) & set(second) - {"new/born"}
    assert shared
    assert all(first[name] == second[name] for name in shared)
    moment = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    assert first["owner/model-0"] == surrogate_id("owner/model-0", moment)
    assert first["owner/model-0"].startswith(f"{int(moment.timestamp()):08x}")
    assert surrogate_id("owner/model-0", moment.replace(tzinfo=None)) == first["owner/model-0"]
    assert surrogate_id("a/b", dt.datetime(1969, 1, 1, tzinfo=dt.UTC)) is None
    assert surrogate_id("a/b", dt.datetime(2200, 1, 1, tzinfo=dt.UTC)) is None


# Defects of the data


def test_the_partial_night_is_kept_and_does_not_count(tmp_path: Path) -> None:
    partial = dt.date(2025, 11, 24)
    dates = days(dt.date(2025, 11, 20), 8)

    def archived(on: dt.date) -> list[dict[str, Any]]:
        return listed(on)[-10:] if on == partial else listed(on)

    with serving(serve(hub_stats(archived, dates))) as endpoint:
        done = backfill(tmp_path, endpoint, dates[0], dates[-1])
    verdicts = {manifest.date: manifest.verdict for manifest in done.sealed}
    assert verdicts.pop(partial).startswith("partial: 10 rows")
    assert set(verdicts.values()) == {"admitted"}
    assert len(rows(tmp_path, partial)) == 10


def test_hostile_rows_cost_only_themselves(tmp_path: Path) -> None:
    good = listed(DAY, 200)
    hostile: list[dict[str, Any]] = [
        {"id": None},
        {"id": ""},
        {"id": "x" * 600},
        {"createdAt": None},
        {"createdAt": dt.datetime(1950, 1, 1, tzinfo=dt.UTC)},
        {"downloads": -1.0},
        {"downloads": 0.5},
        {"downloads": 1e30},
        {"tags": ["a", None]},
        {"baseModels": {"relation": "finetune", "models": [{"_id": "zz", "id": "a/b"}]}},
        {"baseModels": {"relation": "finetune", "models": [{"_id": None, "id": None}]}},
    ]
    made = [
        {
            "id": one["id"],
            "createdAt": dt.datetime.fromisoformat(one["createdAt"]),
            "downloads": float(one["downloads"]),
            "likes": float("nan"),
            "tags": ["a\nb", "\u2028", "'; drop table x; --"],
            "baseModels": {"relation": None, "models": None},
        }
        for one in good
    ]
    for number, change in enumerate(hostile):
        made.insert(7 * number, {**made[7 * number], "id": f"bad/{number}", **change})
    schema = pa.schema(
        {
            "id": pa.string(),
            "createdAt": pa.timestamp("us", tz="UTC"),
            "downloads": pa.float64(),
            "likes": pa.float64(),
            "tags": pa.list_(pa.string()),
            "baseModels": pa.struct(
                {
                    "relation": pa.string(),
                    "models": pa.list_(pa.struct({"_id": pa.string(), "id": pa.string()})),
                }
            ),
        }
    )
    table = pa.Table.from_pylist(made, schema)
    # Parquet does not check its text: one name in it is not UTF-8.
    names = [name.encode() if name is not None else None for name in table["id"].to_pylist()]
    names[150] = b"\xff\xfe/\xff"
    raw = pa.array(names, pa.binary()).view(pa.string())
    table = table.set_column(0, "id", raw)
    with serving(serve(archive_of((DAY, table)))) as endpoint:
        done = backfill(tmp_path, endpoint, DAY, DAY)
    assert done.refused == {}
    kept = rows(tmp_path, DAY)
    assert {one["id"] for one in kept} == {one["id"] for one in good} - {made[150]["id"]}
    assert all("likes" not in one and "baseModels" not in one for one in kept)
    assert all(one["tags"][0] == "a\nb" for one in kept)
    bad = quarantined(tmp_path, DAY)
    assert len(bad) == len(hostile) + 1 == done.sealed[0].quarantined
    assert {row["position"] for row in bad} <= set(range(16))
    assert all(row["reason"] for row in bad)


FIRST_DAY = (dt.date.min - dt.date(1970, 1, 1)).days
END = (dt.date.max - dt.date(1970, 1, 1)).days + 1
"""The day after the last one that Python has, in days since 1970."""


@pytest.mark.parametrize("has_ids", [True, False])
@pytest.mark.parametrize(
    ("name", "kind", "far"),
    [
        ("createdAt", pa.timestamp("s"), [10**14, -(10**14)]),
        ("createdAt", pa.timestamp("us", "UTC"), [2**63 - 1, -(2**63) + 1]),
        ("createdAt", pa.timestamp("ms", "Pacific/Kiritimati"), [10**17, -(10**17)]),
        ("lastModified", pa.timestamp("ms"), [END * 86_400_000, FIRST_DAY * 86_400_000 - 1]),
        ("lastModified", pa.date32(), [2**31 - 1, -(2**31), END, FIRST_DAY - 1]),
    ],
)
def test_times_that_no_calendar_has_cost_their_own_rows(
    tmp_path: Path, name: str, kind: pa.DataType, far: list[int], has_ids: bool
) -> None:
    count = 100
    made = [
        {"_id": f"{number:024x}", "id": f"a/{number}", "createdAt": 0, "downloads": number}
        for number in range(count)
    ]
    bad = range(5, 5 + 20 * len(far), 20)
    columns: dict[str, Any] = {key: [row[key] for row in made] for key in made[0]}
    # Other days of a column of mere dates would be no times.
    columns["lastModified"] = [None] * count
    for place, value in zip(bad, far, strict=True):
        columns[name][place] = value
    kinds = {"createdAt": pa.timestamp("ms"), "lastModified": pa.timestamp("ms"), name: kind}
    table = pa.table({key: pa.array(column, kinds.get(key)) for key, column in columns.items()})
    if not has_ids:
        table = table.drop_columns("_id")
    next_day = DAY + dt.timedelta(days=1)
    with serving(serve(archive_of((DAY, table), (next_day, table)))) as endpoint:
        done = backfill(tmp_path, endpoint, DAY, next_day)
    assert done.refused == {}
    kept = [one["id"] for one in rows(tmp_path, DAY)]
    assert kept == [row["id"] for number, row in enumerate(made) if number not in bad]
    reasons = [row["reason"] for row in quarantined(tmp_path, DAY)]
    assert reasons == [f"{name}: a time outside the years 1 to 9999"] * len(far)


def test_the_first_and_the_last_time_of_the_calendar_are_kept(tmp_path: Path) -> None:
    """Also where the file's own time zone puts them outside; only a surrogate cannot hold them."""
    times = [FIRST_DAY * 86_400_000, END * 86_400_000 - 1, *[0] * 38]
    table = pa.table(
        {
            "_id": [f"{number:024x}" for number in range(40)],
            "id": [f"a/{number}" for number in range(40)],
            "createdAt": pa.array(times, pa.timestamp("ms", "Pacific/Kiritimati")),
            "downloads": [1] * 40,
        }
    )
    next_day = DAY + dt.timedelta(days=1)
    dataset = archive_of((DAY, table), (next_day, table.drop_columns("_id")))
    with serving(serve(dataset)) as endpoint:
        backfill(tmp_path, endpoint, DAY, next_day)
    assert [one["createdAt"] for one in rows(tmp_path, DAY)] == [
        "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999000Z", *["1970-01-01T00:00:00Z"] * 38,
    ]  # fmt: skip
    assert len(rows(tmp_path, next_day)) == 38


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda table: table.drop_columns("downloads"), "no column 'downloads'"),
        (lambda table: table.drop_columns("id"), "no column 'id'"),
        (
            lambda table: table.set_column(
                table.schema.get_field_index("downloads"),
                "downloads",
                pa.array(["many"] * table.num_rows),
            ),
            "unusable",
        ),
        (
            lambda table: table.set_column(
                table.schema.get_field_index("createdAt"),
                "createdAt",
                pa.array(["yesterday"] * table.num_rows),
            ),
            "unusable",
        ),
        # Polars panics at it, and no row is worse than the others.
        (
            lambda table: table.set_column(
                table.schema.get_field_index("author"),
                "author",
                pa.array([b"\xff"] * table.num_rows, pa.binary()),
            ),
            "not readable Parquet",
        ),
        (lambda table: table.slice(0, 0), "no model at all"),
    ],
)
def test_an_odd_revision_costs_its_own_date(
    tmp_path: Path, change: Callable[[pa.Table], pa.Table], said: str
) -> None:
    path = tmp_path / "whole.parquet"
    write_models(path, listed(DAY), DAY)
    table = pq.read_table(path)
    next_day = DAY + dt.timedelta(days=1)
    with serving(serve(archive_of((DAY, change(table)), (next_day, table)))) as endpoint:
        done = backfill(tmp_path / "captures", endpoint, DAY, next_day)
    assert said in done.refused[DAY]
    assert "\n" not in done.refused[DAY]
    assert CaptureStore(tmp_path / "captures").dates() == [next_day]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"<html>gone</html>" * 50, b"PAR1" * 500])
def test_what_is_not_parquet_costs_its_own_date(tmp_path: Path, content: bytes) -> None:
    at = dt.datetime.combine(DAY, dt.time(13), tzinfo=dt.UTC)

    def write(path: Path) -> None:
        path.write_bytes(content)

    broken = Commit(at, "models.parquet", write)
    with serving(serve(SampleDataset(HUB_STATS, [broken]))) as endpoint:
        done = backfill(tmp_path, endpoint, DAY, DAY)
    assert "not readable Parquet" in done.refused[DAY]


def test_text_dates_are_understood(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": ["a/b", "c/d"],
            "createdAt": ["2024-05-01T10:00:00.000Z", "2024-05-01T10:00:00.000Z"],
            "downloads": [1, 2],
        }
    )
    with serving(serve(archive_of((DAY, table)))) as endpoint:
        backfill(tmp_path, endpoint, DAY, DAY)
    moment = dt.datetime(2024, 5, 1, 10, tzinfo=dt.UTC)
    assert [one["_id"] for one in rows(tmp_path, DAY)] == [
        surrogate_id("a/b", moment), surrogate_id("c/d", moment),
    ]  # fmt: skip


@pytest.mark.parametrize("created", ["0000-05-01T10:00:00Z", "9999-12-31T23:59:59-10:00"])
def test_a_text_date_that_no_calendar_has_costs_its_own_row(tmp_path: Path, created: str) -> None:
    names = [f"a/{number}" for number in range(20)]
    dates = [created, *["2024-05-01T10:00:00Z"] * 19]
    table = pa.table({"id": names, "createdAt": dates, "downloads": [1] * 20})
    with serving(serve(archive_of((DAY, table)))) as endpoint:
        backfill(tmp_path, endpoint, DAY, DAY)
    assert [one["id"] for one in rows(tmp_path, DAY)] == names[1:]
    assert len(quarantined(tmp_path, DAY)) == 1


def test_an_unknown_archive_is_named(tmp_path: Path) -> None:
    with serving(serve()) as endpoint, pytest.raises(LedgerError, match="HUB_LEDGER_ARCHIVE"):
        backfill(tmp_path, endpoint, DAY, DAY)


# Killed, and faults on the way


def test_a_stopped_backfill_goes_on_at_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_file, "PAGE_ROWS", 4)
    dates = days(DAY, 3)
    hub = serve(hub_stats(listed, dates))

    def stop(progress: Progress) -> None:
        if (progress.date, progress.rows) == (dates[1], 24):
            raise KeyboardInterrupt

    with serving(hub) as endpoint:
        with pytest.raises(KeyboardInterrupt):
            backfill(tmp_path / "a", endpoint, dates[0], dates[-1], progress=stop)
        assert CaptureStore(tmp_path / "a").dates() == dates[:1]
        seen: list[Progress] = []
        done = backfill(tmp_path / "a", endpoint, dates[0], dates[-1], progress=seen.append)
        backfill(tmp_path / "b", endpoint, dates[0], dates[-1])
    assert [manifest.date for manifest in done.sealed] == dates[1:]
    assert done.recorded == dates[:1]
    assert (seen[0].date, seen[0].rows, seen[0].of) == (dates[1], 28, 2)
    for date in dates:
        assert rows(tmp_path / "a", date) == rows(tmp_path / "b", date)


KILLED = """
import datetime as dt, sys, time
from pathlib import Path
from assets.captures.archive_source import capture_archive
from assets.captures.store import CaptureStore
from assets.hub import archive_file
from assets.hub.client import HubAccess, HubClient
archive_file.PAGE_ROWS = 5
def slow(progress):
    print(progress.done, progress.rows, flush=True)
    time.sleep(0.005)
first = dt.date.fromisoformat(sys.argv[3])
capture_archive(
    CaptureStore(Path(sys.argv[1])), HubClient(HubAccess(sys.argv[2])), "cfahlgren1/hub-stats",
    first, first + dt.timedelta(days=5), "day", 0.1, 0.9, slow,
)
"""


def test_killed_at_any_moment_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    rng = random.Random(1)
    dates = days(DAY, 6)
    hub = serve(hub_stats(listed, dates))
    with serving(hub) as endpoint:
        command = [sys.executable, "-c", KILLED, str(tmp_path / "a"), endpoint, str(DAY)]
        for kill in range(4):
            process = subprocess.Popen(
                command, cwd=REPOSITORY, stdout=subprocess.PIPE, env=dict(os.environ)
            )
            assert process.stdout
            for _ in range(3 + 5 * kill):
                process.stdout.readline()
            time.sleep(rng.uniform(0, 0.02))
            process.send_signal(signal.SIGKILL)
            process.communicate()
        assert len(CaptureStore(tmp_path / "a").dates()) < len(dates)
        subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
        backfill(tmp_path / "b", endpoint, dates[0], dates[-1])
    for date in dates:
        assert rows(tmp_path / "a", date) == rows(tmp_path / "b", date)


FAULTS = {
    name: fault
    for name, fault in PASSING.items()
    if name
    not in ("empty page", "hostile rows", "redirect", "slow", "HTML with 200", "invalid JSON")
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("place", [1, 3])
def test_a_fault_in_the_middle_of_a_file_passes(tmp_path: Path, name: str, place: int) -> None:
    dataset = hub_stats(listed, [DAY])
    hub = FaultyHub([], {}, datasets=[dataset], file_script={place: FAULTS[name]})
    waits: list[float] = []
    with serving(hub) as endpoint:
        done = backfill(tmp_path, endpoint, DAY, DAY, waits=waits)
    assert len(rows(tmp_path, DAY)) == len(listed(DAY))
    assert done.sealed[0].retries == 1
    if name == "429 with quota":
        assert waits == [8]


@pytest.mark.parametrize("name", ["invalid JSON", "HTML with 200", *FAULTS])
@pytest.mark.parametrize("place", [1, 2])
def test_a_fault_in_a_list_passes(tmp_path: Path, name: str, place: int) -> None:
    hub = FaultyHub([], {}, datasets=[hub_stats(listed, [DAY])], api_script={place: PASSING[name]})
    with serving(hub) as endpoint:
        backfill(tmp_path, endpoint, DAY, DAY)
    assert len(rows(tmp_path, DAY)) == len(listed(DAY))


@pytest.mark.parametrize("name", ["unauthorized", "forbidden", "not found", "foreign next"])
def test_a_fault_that_stops_the_backfill(tmp_path: Path, name: str) -> None:
    fault, _ = REFUSED[name]
    hub = FaultyHub([], {}, datasets=[hub_stats(listed, [DAY])], api_script={1: fault})
    with serving(hub) as endpoint, pytest.raises(LedgerError) as caught:
        backfill(tmp_path, endpoint, DAY, DAY)
    assert "\n" not in str(caught.value)
    assert not CaptureStore(tmp_path).dates()


def test_a_hub_that_stays_away_is_said_and_what_came_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_file, "PAGE_ROWS", 4)
    gone: dict[int, Fault] = dict.fromkeys(range(4, 60), PASSING["reset"])
    dataset = hub_stats(listed, [DAY])
    hub = FaultyHub([], {}, datasets=[dataset], file_script=gone)
    with serving(hub) as endpoint:
        with pytest.raises(HubUnavailable, match="did not answer"):
            backfill(tmp_path, endpoint, DAY, DAY)
        kept = len(list((tmp_path / ".open" / str(DAY)).glob("0*.jsonl.zst")))
        assert kept > 0
        hub.mend()
        backfill(tmp_path, endpoint, DAY, DAY)
    assert len(rows(tmp_path, DAY)) == len(listed(DAY))


def test_the_quota_is_obeyed_before_it_is_used_up(tmp_path: Path) -> None:
    waited = [0.0]
    dataset = hub_stats(listed, days(DAY, 12))
    hub = SampleHub(
        [],
        "test",
        quota=4,
        window=300,
        clock=lambda: time.monotonic() + waited[0],
        datasets=[dataset],
    )
    waits: list[float] = []

    class Clock(list[float]):
        def append(self, seconds: float) -> None:
            waits.append(seconds)
            waited[0] += seconds

    with serving(hub) as endpoint:
        done = backfill(tmp_path, endpoint, DAY, DAY + dt.timedelta(days=11), waits=Clock())
    assert len(done.sealed) == 12
    assert waits
    assert all(manifest.retries == 0 for manifest in done.sealed)
