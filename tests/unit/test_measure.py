"""The benchmarks' tools: what a process is told to have used, the table, the quota, the floors."""

import math
import sys
from pathlib import Path

import duckdb
import pytest

from assets.errors import HubUnavailable
from assets.hub.client import HubAccess, HubClient
from assets.hub.listing import crawl, first_url
from benchmarks import bare
from benchmarks.__main__ import write
from benchmarks.generate import generate
from benchmarks.measure import TookTooLong, run
from benchmarks.peers import graphs
from benchmarks.serve import serving, wait
from benchmarks.site import FIRST, SECOND
from benchmarks.table import Figure, Row, markdown

MODELS = 2000


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hub")
    list(generate(folder, MODELS, 2, FIRST))
    return folder


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_process_is_measured_with_its_children() -> None:
    held = "held = bytearray(150_000_000); import time; time.sleep(0.5)"
    measured = run(
        python(
            "import subprocess, sys; held = bytearray(100_000_000); "
            f"subprocess.run([sys.executable, '-c', {held!r}]); "
            'print("a line\\n{\\"wall\\": 0.25}")'
        )
    )
    assert measured.wall > 0.5 > measured.inner_wall
    assert 0 < measured.inner_cpu == measured.cpu < measured.wall
    assert 240 < measured.peak_mb < 400


def test_a_process_that_fails_says_why_and_one_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(RuntimeError, match="no such luck"):
        run(python("raise SystemExit('no such luck')"))
    with pytest.raises(TookTooLong):
        run(python("import time; time.sleep(60)"), deadline=0.3)


def test_the_table_tells_medians_spread_and_ratio() -> None:
    ours = Figure((2.0, 1.0, 4.0), "s", 1234.4)
    text = markdown(
        [
            Row("load", ours, "a floor", Figure((4.0,), "s", math.nan), "2"),
            Row("load", ours, "a slow one", Figure((), "s", text="not done after 9 s")),
        ]
    )
    *_, first, second = text.splitlines()
    assert first == "| load | 2 (1 to 4) s | 1,234 MB | a floor | 4 s |  | 0.5 | 2: met |"
    assert second.endswith("| a slow one | not done after 9 s |  |  |  |")


@pytest.mark.parametrize(
    ("goal", "judged"),
    [
        ("0.4", "0.4: missed"),
        ("0.5", "0.5: met"),
        ("1.9 s, 1.3 GB", "1.9 s: missed, 1.3 GB: met"),
        ("2 s, 1.2 GB", "2 s: met, 1.2 GB: missed"),
        ("", ""),
    ],
)
def test_the_table_says_whether_a_goal_was_met(goal: str, judged: str) -> None:
    ours = Figure((2.0,), "s", 1234.4)
    assert Row("load", ours, "a floor", Figure((4.0,), "s"), goal).judged() == judged


def test_a_goal_is_neither_met_nor_missed_where_a_side_did_not_end() -> None:
    ours, late = Figure((2.0,), "s"), Figure((), "s", text="not done after 9 s")
    assert Row("load", ours, "a peer", late, "2, 3 s, 4 GB").judged() == (
        "2: not known, 3 s: met, 4 GB: not known"
    )


def test_a_goal_in_another_unit_is_refused() -> None:
    row = Row("kept", Figure((2.0,), "MB"), "a floor", Figure((4.0,), "MB"), "2 s")
    with pytest.raises(ValueError, match="no limit of MB"):
        row.judged()


def test_the_table_goes_between_the_marks_of_a_page(tmp_path: Path) -> None:
    page, fresh = tmp_path / "page.md", tmp_path / "fresh.md"
    page.write_text("# Page\n\n<!-- bench: begin -->\nold\n<!-- bench: end -->\n\nrest\n")
    for text in ("one", "two"):
        write(page, text)
        write(fresh, text)
    marked = "<!-- bench: begin -->\n\ntwo\n\n<!-- bench: end -->"
    assert page.read_text() == f"# Page\n\n{marked}\n\nrest\n"
    assert fresh.read_text() == "two\n"


def test_some_stages_do_not_replace_the_table_of_all(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- bench: begin -->\nall\n<!-- bench: end -->\n")
    with pytest.raises(RuntimeError, match="name another file"):
        run([sys.executable, "-m", "benchmarks", "--stages", "load", "--out", page])
    assert "all" in page.read_text()


def test_the_server_counts_requests_and_its_clock_can_be_put_forward(hub: Path) -> None:
    with serving(hub / f"{FIRST}.jsonl.zst", MODELS * 9 // 10, quota=1) as endpoint:
        waits: list[float] = []
        client = HubClient(HubAccess(endpoint), sleep=waits.append)
        pages = crawl(client, first_url(client, 1000))
        assert next(pages).quota_left == 0
        # Whoever does not wait is refused.
        with pytest.raises(HubUnavailable):
            next(pages)
        assert all(290 < waited <= 301 for waited in waits)
        patient = HubClient(HubAccess(endpoint), sleep=lambda seconds: wait(endpoint, seconds))
        wait(endpoint, 301)
        assert len(list(crawl(patient, first_url(patient, 1000)))) == 2


def test_the_bare_night_and_networkx_attribute_alike(hub: Path, tmp_path: Path) -> None:
    warehouse = tmp_path / "bare.duckdb"
    dated = [
        part for date in (FIRST, SECOND) for part in (str(date), str(hub / f"{date}.jsonl.zst"))
    ]
    assert bare.read_json(dated[1], str(tmp_path / "read.duckdb"))["rows"] > MODELS * 0.9
    bare.night(str(warehouse), *dated)
    with duckdb.connect(warehouse, read_only=True) as connection:
        nodes = connection.execute("select node_key, brand, is_known from nodes").fetchall()
        edges = connection.execute("select child_key, parent_key from edges").fetchall()
        pairs = connection.execute("select count(*) from pairs").fetchall()[0][0]
        weights = connection.execute(
            "select family, sum(weight) from weights group by 1 order by 1"
        ).fetchall()
        dates = connection.execute("select count(distinct date) from counters").fetchall()[0][0]
    places = {key: place for place, (key, _, _) in enumerate(nodes)}
    placed = [(places[child], places[parent]) for child, parent in edges]
    graph = graphs.Networkx(len(nodes), placed)
    parts = graph.parts()
    assert len(set(parts)) < len(nodes), "there are cycles"
    assert graphs.closure(graph, parts) == pairs > len(edges)
    shares = graphs.attribute(placed, parts, [brand for _, brand, _ in nodes])
    expected: dict[str, float] = {}
    for place, (_, _, is_known) in enumerate(nodes):
        for family, weight in shares[parts[place]].items() if is_known else ():
            expected[family] = expected.get(family, 0) + weight
    assert dict(weights) == pytest.approx(expected)
    assert dates == 2
    with duckdb.connect(warehouse.with_suffix(".published"), read_only=True) as published:
        assert published.execute("select sum(share) from family_share").fetchall() == [
            (pytest.approx(1),)
        ]
