"""The Arena's dataset over HTTP: what is found, read and kept, and what happens without it."""

import asyncio
import datetime as dt
import itertools
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import HfApi
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from assets.arena.record import Visit, record_arena
from assets.arena.store import ArenaStore
from assets.captures.store import CaptureStore
from assets.errors import LedgerError
from assets.hub.arena import ARENA, HINTS
from assets.hub.client import HubAccess, HubClient
from pipelines.sample_hub.arena import (
    EXPERIMENTAL,
    NAMELESS,
    REANCHORED_ON,
    REPEATED,
    arena_dates,
    sample_arena,
)
from pipelines.sample_hub.datasets import Commit, SampleDataset
from pipelines.sample_hub.faults import PASSING, FaultyHub, reset, slow, status
from pipelines.sample_hub.server import SampleHub, serving
from tests.helpers import item, record

TODAY = dt.date(2026, 11, 25)
LAST = dt.date(2026, 3, 31)
FIRST, SECOND = "2026-01-05", "2026-01-12"
Rows = list[dict[str, Any]]


def visit(home: Path, hub: SampleHub, **access: Any) -> tuple[Visit, HubClient]:
    """One visit, without waiting."""
    with serving(hub) as endpoint:
        client = HubClient(HubAccess(endpoint, **access), sleep=lambda seconds: None, hints=HINTS)
        captures = CaptureStore(home / "captures")
        return record_arena(ArenaStore(home / "arena"), captures, client, TODAY), client


def listed(date: object = FIRST, model: object = "m", rating: object = 1300.0, **more: Any) -> Any:
    row = {
        "model_name": model, "organization": "OpenAI", "license": "MIT", "rating": rating,
        "rating_lower": 1290.0, "rating_upper": 1310.0, "variance": 1.0, "vote_count": 100,
        "rank": 1, "category": "overall", "leaderboard_publish_date": date,
    }  # fmt: skip
    return {**row, **more}


def file(rows: Rows, **types: pa.DataType) -> Callable[[Path], None]:
    """A Parquet file of rows as they are, with the columns that they have."""
    columns = {name: pa.array([row[name] for row in rows], types.get(name)) for name in rows[0]}
    return lambda path: pq.write_table(pa.table(columns), path, row_group_size=2)


def hub_of(*files: tuple[str, Callable[[Path], None]], faulty: bool = False, **more: Any) -> Any:
    """A Hub whose dataset got these files, one commit each."""
    start = dt.datetime(2026, 1, 20, tzinfo=dt.UTC)
    commits = [
        Commit(start + dt.timedelta(days=number), name, write)
        for number, (name, write) in enumerate(files)
    ]
    dataset = SampleDataset(ARENA, commits)
    if faulty:
        return FaultyHub([], {}, datasets=[dataset], **more)
    return SampleHub([], "test", quota=10**6, datasets=[dataset], **more)


def path(arena: str = "text", kind: str = "full") -> str:
    return f"{arena}/{kind}-00000-of-00001.parquet"


def kept(home: Path) -> dict[tuple[str, str, int], Rows]:
    """Everything on disk."""
    store = ArenaStore(home / "arena")
    return {
        (one.arena, str(one.published_on), one.revision): store.read(one)[0].to_pylist()
        for one in store.tables()
    }


def models(home: Path) -> dict[tuple[str, str, int], list[str]]:
    return {key: [row["model"] for row in rows] for key, rows in kept(home).items()}


# What is found and read


def test_the_sample_arena_is_recorded_whole(tmp_path: Path) -> None:
    hub = SampleHub([], "test", datasets=[sample_arena(LAST)])
    done, client = visit(tmp_path, hub)
    assert done.problems == []
    assert done.arenas == ["agent", "text", "text_style_control"]
    dates = {str(date) for date in arena_dates(LAST)}
    held = kept(tmp_path)
    assert {date for arena, date, _ in held if arena == "text"} == dates
    assert {date for arena, date, _ in held if arena == "agent"} == {
        date for date in dates if date >= "2026-01-14"
    }
    # Of the two files of a leaderboard the one with all dates is read.
    assert not [target for _, target, _ in hub.datasets.requests if "/resolve/" in target
                and "latest" in target]  # fmt: skip
    newest = held["text", max(dates), 1]
    assert "" not in {row["organization"] for row in newest}
    (nameless,) = [row for row in newest if row["model"] == NAMELESS]
    assert nameless["organization"] is None
    assert [row["model"] for row in newest].count(REPEATED) == 2
    _, note = ArenaStore(tmp_path / "arena").read(ArenaStore(tmp_path / "arena").tables()[0])
    assert (note.arena, note.measure, note.sample) == ("agent", "score", "test")
    assert note.origin.startswith(f"{ARENA}@")
    # The agents' columns are read by their other names.
    for row in held["agent", max(dates), 1]:
        assert 0 < row["rating_low"] <= row["rating"] <= row["rating_high"] < 1
        assert row["votes"] > 0
    assert client.sample == "test"


def test_the_sample_arena_has_what_facts_have_to_survive() -> None:
    dataset = sample_arena(LAST)
    tree = dataset.tree(dataset.commits[-1])
    text = pq.ParquetFile(dataset.file(tree[path()])).read().to_pylist()
    overall = [row for row in text if row["category"] == "overall"]
    assert len(overall) < len(text)

    def on(date: dt.date) -> dict[str, Any]:
        return {
            row["model_name"]: row
            for row in overall
            if row["leaderboard_publish_date"] == str(date)
        }

    dates = arena_dates(LAST)
    assert {(b - a).days for a, b in itertools.pairwise(dates)} == set(range(7, 15))
    after = min(date for date in dates if date >= REANCHORED_ON)
    before = max(date for date in dates if date < REANCHORED_ON)
    rises = [
        row["rating"] - on(before)[name]["rating"]
        for name, row in on(after).items()
        if name in on(before)
    ]
    assert all(8 < rise < 12 for rise in rises)
    presence = [EXPERIMENTAL in on(date) for date in dates]
    stays = [now for now, past in zip(presence, [False, *presence], strict=False) if now != past]
    assert stays == [True, False, True]
    displayed = {row["organization"] for row in overall if "zhipu" in row["model_name"]}
    assert displayed == {"Zhipu AI", "Z.ai"}
    assert all(name.startswith("sample-") for date in dates for name in on(date))
    # Published top ratings are met on their dates (METHOD, claims C002 to C007).
    march = [row for row in overall if row["leaderboard_publish_date"].startswith("2026-03")]
    top = {
        company: max(row["rating"] for row in march if row["organization"] == company)
        for company in ("Anthropic", "xAI", "Google", "OpenAI", "Alibaba", "DeepSeek")
    }
    published = (1503, 1495, 1494, 1481, 1449, 1424)
    # DeepSeek's was higher in 2025-08, and a model stays listed.
    assert list(top.values()) == [pytest.approx(rating, abs=4) for rating in published]


def test_the_hubs_own_client_lists_the_sample_arena() -> None:
    with serving(SampleHub([], "test", datasets=[sample_arena(LAST)])) as endpoint:
        api = HfApi(endpoint=endpoint, token=False)
        files = {one.path for one in api.list_repo_tree(ARENA, repo_type="dataset", recursive=True)}
    assert {path(), path(kind="latest"), path("agent"), path("image_edit")} <= files


def test_which_files_are_leaderboards(tmp_path: Path) -> None:
    good = file([listed()])
    done, _ = visit(
        tmp_path,
        hub_of(
            (path("vision"), good),
            (path("new_one", "latest"), good),
            (path("text_to_video"), good),
            (path("image_edit"), good),
            ("README.md", good),
            ("text/full-00000-of-00002.parquet", good),
            (path("Bad Name"), good),
            (path("..%2f..%2fescape"), good),
            ("deep/er/full-00000-of-00001.parquet", good),
        ),
    )
    assert sorted(models(tmp_path)) == [("new_one", FIRST, 1), ("vision", FIRST, 1)]
    assert [line for line in done.problems if "several files" in line]
    assert len([line for line in done.problems if "not a name" in line]) == 2
    assert sorted(one.name for one in (tmp_path / "arena").iterdir()) == [
        ".lock", "new_one", "vision",
    ]  # fmt: skip
    assert [one.name for one in tmp_path.iterdir()] == ["arena"]


def test_columns_may_be_missing_and_of_other_types(tmp_path: Path) -> None:
    few = [{"model_name": "a", "rating": 1200, "leaderboard_publish_date": dt.date(2026, 1, 5)}]
    done, _ = visit(
        tmp_path,
        hub_of(
            (path("few"), file(few)),
            (path("coded"), file([listed()], organization=pa.dictionary(pa.int8(), pa.string()))),
            (path("floats"), file([listed(vote_count=100.0)])),
            (path("nothing"), file([{"model_name": "a", "leaderboard_publish_date": FIRST}])),
        ),
    )
    held = kept(tmp_path)
    blank = dict.fromkeys(("rating_low", "rating_high", "votes", "rank", "organization", "license"))
    assert held["few", FIRST, 1] == [{"model": "a", "rating": 1200.0, **blank}]
    assert held["coded", FIRST, 1][0]["organization"] == "OpenAI"
    assert held["floats", FIRST, 1][0]["votes"] == 100
    assert done.problems == [line for line in done.problems if "no column 'rating'" in line]
    assert len(done.problems) == 1


def test_bad_rows_cost_themselves_only(tmp_path: Path) -> None:
    bad = [
        listed(model=None), listed(model=" "), listed(model="x" * 400), listed(rating=None),
        listed(rating=float("inf")), listed(rating=1400.0), listed(date="yesterday"),
        listed(date="2026-02-31"), listed(date="2027-01-01"), listed(vote_count=-1),
        listed(rank=0), listed(model=b"\xff\xfe"), listed(organization=b"\xff"),
        listed(date=None),
    ]  # fmt: skip
    rows = [listed(model="'); drop table x; --"), *bad, listed(date=SECOND, model="<b>")]
    binary = {name: pa.binary() for name in ("model_name", "organization")}
    for row in rows:
        for name in binary:
            if isinstance(row[name], str):
                row[name] = row[name].encode()
    columns = pa.table(
        {name: pa.array([row[name] for row in rows], binary.get(name)) for name in rows[0]}
    )
    # As text, without a look at whether it is.
    for name in binary:
        place = columns.schema.get_field_index(name)
        array = columns.column(name).combine_chunks()
        text = pa.Array.from_buffers(pa.string(), len(array), array.buffers())
        columns = columns.set_column(place, name, text)
    done, _ = visit(tmp_path, hub_of((path(), lambda to: pq.write_table(columns, to))))
    assert done.problems == []
    assert done.quarantined == len(bad)
    assert models(tmp_path) == {
        ("text", FIRST, 1): ["'); drop table x; --"],
        ("text", SECOND, 1): ["<b>"],
    }
    lines = (tmp_path / "arena" / "text" / "quarantine.jsonl").read_text().splitlines()
    assert len(lines) == len(bad)
    assert all(json.loads(line)["reason"] for line in lines)


# What is kept


def test_what_did_not_change_is_not_fetched_again(tmp_path: Path) -> None:
    files = [(path(), file([listed()])), (path("vision"), file([listed()]))]
    visit(tmp_path, hub_of(*files))
    before = {one: one.stat().st_mtime_ns for one in tmp_path.rglob("*.parquet")}
    again = hub_of(*files)
    done, client = visit(tmp_path, again)
    assert done.unchanged == ["text", "vision"]
    assert client.requests == 2
    assert not [target for _, target, _ in again.datasets.requests if "/resolve/" in target]
    # One changed, as another commit: the other one is left alone.
    more = hub_of(*files, (path(), file([listed(), listed(SECOND)])))
    done, _ = visit(tmp_path, more)
    assert done.unchanged == ["vision"]
    assert [(one.published_on.isoformat(), one.revision) for one in done.written] == [(SECOND, 1)]
    assert {one: one.stat().st_mtime_ns for one in before} == before


def test_a_changed_date_is_kept_beside_and_a_vanished_one_stays(tmp_path: Path) -> None:
    first = (path(), file([listed(model="a"), listed(model="b"), listed(SECOND, "a")]))
    visit(tmp_path, hub_of(first))
    # Another order is no change; the other date is gone, and its turn of rating is one.
    reordered = (path(), file([listed(model="b"), listed(model="a")]))
    done, _ = visit(tmp_path, hub_of(first, reordered))
    assert done.written == []
    changed = (path(), file([listed(model="a", rating=1305.0), listed(model="b")]))
    done, _ = visit(tmp_path, hub_of(first, reordered, changed))
    assert [one.revision for one in done.written] == [2]
    held = kept(tmp_path)
    assert sorted(held) == [("text", FIRST, 1), ("text", FIRST, 2), ("text", SECOND, 1)]
    assert [row["rating"] for row in held["text", FIRST, 1]] == [1300.0, 1300.0]
    assert [row["rating"] for row in held["text", FIRST, 2]] == [1305.0, 1300.0]
    # And back again: a third one, for it is what is shown now.
    done, _ = visit(tmp_path, hub_of(first, reordered, changed, first))
    assert [one.revision for one in done.written] == [3]


def test_a_visit_that_was_cut_off_is_finished(tmp_path: Path) -> None:
    rows = [listed(), listed(SECOND)]
    visit(tmp_path, hub_of((path(), file(rows))))
    folder = tmp_path / "arena" / "text"
    (folder / "source.json").unlink()
    (folder / f"{SECOND}.parquet").unlink()
    (folder / f".{SECOND}.parquet.writing").write_bytes(b"half")
    done, _ = visit(tmp_path, hub_of((path(), file(rows))))
    assert [str(one.published_on) for one in done.written] == [SECOND]
    assert sorted(models(tmp_path)) == [("text", FIRST, 1), ("text", SECOND, 1)]
    assert sorted(one.name for one in folder.iterdir()) == [
        f"{FIRST}.parquet", f"{SECOND}.parquet", "quarantine.jsonl", "source.json",
    ]  # fmt: skip


def test_a_damaged_record_is_never_overwritten(tmp_path: Path) -> None:
    visit(tmp_path, hub_of((path(), file([listed()]))))
    damaged = tmp_path / "arena" / "text" / f"{FIRST}.parquet"
    data = damaged.read_bytes().replace(b"OpenAI", b"0penAI")
    damaged.write_bytes(data)
    later = hub_of((path(), file([listed()])), (path(), file([listed(), listed(SECOND)])))
    done, _ = visit(tmp_path, later)
    (said,) = done.problems
    assert str(damaged) in said and "restore it from a backup" in said
    assert damaged.read_bytes() == data
    assert [str(one.published_on) for one in done.written] == [SECOND]
    with pytest.raises(LedgerError, match="damaged"):
        kept(tmp_path)


# What stands in the way


async def dripping(request: Request, due: Response) -> Response:
    """A part of a file that never ends, each byte in time."""

    async def drip() -> AsyncIterator[bytes]:
        for byte in bytes(due.body)[:20]:
            yield bytes([byte])
            await asyncio.sleep(0.05)

    return StreamingResponse(drip(), 206)


def test_a_damaged_leaderboard_costs_itself_and_is_tried_again(tmp_path: Path) -> None:
    whole = tmp_path / "whole.parquet"
    file([listed(), listed(SECOND)])(whole)
    data = whole.read_bytes()
    table = pq.read_table(whole)
    twice = table.append_column("rating", table["rating"])
    files = [
        (path("cut"), lambda to: to.write_bytes(data[:-30])),
        (path("doubled"), lambda to: pq.write_table(twice, to)),
        (path("empty"), lambda to: to.write_bytes(b"")),
        (path("torn"), lambda to: to.write_bytes(data[:4] + b"\0" * 40 + data[44:])),
        (path("useless"), file([listed(rating=None)], rating=pa.float64())),
        (path("vision"), file([listed()])),
    ]
    for _ in range(2):
        done, _ = visit(tmp_path / "home", hub_of(*files))
        assert [line.split("/")[-2] for line in done.problems if ".parquet" in line] == [
            "cut", "doubled", "empty", "torn", "useless",
        ]  # fmt: skip
        assert list(models(tmp_path / "home")) == [("vision", FIRST, 1)]
    mended = [(name, file([listed()])) for name, _ in files]
    done, _ = visit(tmp_path / "home", hub_of(*files, *mended))
    assert done.problems == []
    assert len(kept(tmp_path / "home")) == 6


def test_a_leaderboard_of_values_that_python_does_not_have_costs_itself(tmp_path: Path) -> None:
    whole = tmp_path / "whole.parquet"
    file([listed()])(whole)
    misnamed = whole.read_bytes().replace(b"license", b"licens\xff")
    dates = {
        "far_day": (2**31 - 1, pa.date32()),
        "far_second": (10**15, pa.timestamp("s")),
        "nanosecond": (1, pa.timestamp("ns")),
        "zone": (1, pa.timestamp("ms", "Mars")),
    }
    files = [
        *(
            (path(name), file([listed(date)], leaderboard_publish_date=kind))
            for name, (date, kind) in dates.items()
        ),
        (path("misnamed"), lambda to: to.write_bytes(misnamed)),
        (path("vision"), file([listed()])),
    ]
    done, _ = visit(tmp_path / "home", hub_of(*files))
    assert [line.split("/")[-2] for line in done.problems] == [
        "far_day", "far_second", "misnamed", "nanosecond", "zone",
    ]  # fmt: skip
    assert all("not readable" in line and "\n" not in line for line in done.problems)
    assert list(models(tmp_path / "home")) == [("vision", FIRST, 1)]


@pytest.mark.parametrize(
    ("name", "fault", "said"),
    [
        ("gone", status(404), "no such dataset"),
        ("private", status(401), "does not show"),
        ("ill", status(503), "did not answer"),
        ("reset", reset, "did not answer"),
        ("time out", slow, "did not answer"),
        ("time out of a part", dripping, "did not answer"),
        ("no JSON", PASSING["HTML with 200"], "keeps sending"),
    ],
)
@pytest.mark.parametrize("place", ["api_script", "file_script"])
def test_without_the_arena_a_visit_says_so_and_leaves_the_record(
    tmp_path: Path, name: str, fault: Any, said: str, place: str
) -> None:
    files = [(path(), file([listed()]))]
    visit(tmp_path, hub_of(*files))
    before = kept(tmp_path)
    later = [*files, (path(), file([listed(), listed(SECOND)]))]
    always = dict.fromkeys(range(1, 30), fault)
    hub = hub_of(*later, faulty=True, **{place: always})
    done, client = visit(tmp_path, hub, tries=3, timeout=1.0, page_deadline=0.2)
    (line,) = done.problems
    assert "\n" not in line
    assert said in line or (place == "file_script" and "does not give parts" in line)
    assert client.requests <= 20
    assert kept(tmp_path) == before
    hub.mend()
    done, _ = visit(tmp_path, hub)
    assert done.problems == []
    assert len(kept(tmp_path)) == 2


def test_the_contents_may_lie_elsewhere_but_not_the_list(tmp_path: Path) -> None:
    contents = hub_of((path(), file([listed()])))
    with serving(contents) as elsewhere:
        hub = hub_of((path(), file([listed()])), contents_host=elsewhere)
        done, _ = visit(tmp_path, hub, token="hf_secretsecretsecret")
    assert done.problems == []
    assert contents.datasets.requests
    for _, _, headers in contents.datasets.requests:
        assert "authorization" not in headers
    for one in tmp_path.rglob("*"):
        assert not one.is_file() or b"hf_secret" not in one.read_bytes()


def test_samples_and_observations_are_never_mixed(tmp_path: Path) -> None:
    record(tmp_path / "observed", {dt.date(2026, 1, 1): [item("a/b", 1)]})
    done, _ = visit(tmp_path / "observed", hub_of((path(), file([listed()]))))
    assert [line for line in done.problems if "never mixed" in line]
    assert kept(tmp_path / "observed") == {}
    visit(tmp_path / "sample", hub_of((path(), file([listed()]))))
    with pytest.raises(LedgerError, match="never mixed"):
        ArenaStore(tmp_path / "sample" / "arena").require_kind(None)


def test_two_runs_do_not_record_at_once(tmp_path: Path) -> None:
    with ArenaStore(tmp_path / "arena").writing():
        done, client = visit(tmp_path, hub_of((path(), file([listed()]))))
    assert [line for line in done.problems if "another run" in line]
    assert client.requests == 0
