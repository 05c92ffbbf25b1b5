"""The Dagster UI as a person meets it: make dev, a real browser, tonight and a past by clicks."""

import datetime as dt
import json
import os
import shutil
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from pipelines.sample_hub.catalogue import SAMPLE, Catalogue
from pipelines.sample_hub.datasets import sample_archive
from pipelines.sample_hub.server import SampleHub, serving
from tests.e2e.processes import group_is_gone, press_ctrl_c, start_command
from tests.helpers import query

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)"
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ui") / "home"


@pytest.fixture(scope="module")
def ui(home: Path, today: dt.date) -> Iterator[str]:
    """The UI beside a sample Hub that has an archive as well."""
    catalogue = Catalogue(models=100)
    archive = sample_archive(catalogue, today - dt.timedelta(days=1))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with serving(SampleHub(catalogue.items(today), SAMPLE, datasets=[archive])) as endpoint:
        process = start_command(home, "dev", "--port", str(port), HF_ENDPOINT=endpoint)
        try:
            wait_for(lambda: urllib.request.urlopen(f"{address}/server_info", timeout=5), 90)
            yield address
        finally:
            output = press_ctrl_c(process)
    assert address in output
    wait_for(lambda: group_is_gone(process), 20)


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    return Path(os.environ.get("HUB_LEDGER_TEST_SCREENSHOTS", tmp_path))


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            str(tmp_path / "browser"),
            executable_path=CHROMIUM,
            headless=True,
            args=["--no-sandbox"],
            viewport={"width": 1600, "height": 1000},
        )
        yield browser.new_page()
        browser.close()


def wait_for(attempt: Any, seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = attempt()
            if found:
                return found
        except OSError:
            pass
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.5)


def finished_run(address: str, job: str) -> dict[str, Any] | None:
    """The one run of a job, once it has ended."""
    query = "query($job: String!){runsOrError(filter:{pipelineName:$job})"
    query += "{... on Runs{results{runId status}}}}"
    request = urllib.request.Request(
        f"{address}/graphql",
        json.dumps({"query": query, "variables": {"job": job}}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        runs: list[dict[str, Any]] = json.load(answer)["data"]["runsOrError"]["results"]
    assert len(runs) < 2
    return runs[0] if runs and runs[0]["status"] in ("SUCCESS", "FAILURE", "CANCELED") else None


def open_dialog(page: Page, address: str, job: str) -> None:
    """Click on Materialize all, and on to the choice of dates."""
    page.goto(f"{address}/locations/hub_ledger/jobs/{job}")
    page.locator('button:has-text("Materialize all")').first.click()
    # Each job leaves one of the two sources out; as long as that one has recorded nothing, Dagster
    # asks whether the other may go without.
    confirm = page.locator('button:has-text("Confirm")')
    confirm.or_(page.locator('button:has-text("Latest")')).first.wait_for()
    if confirm.is_visible():
        confirm.click()


def test_the_graph_is_shown_and_a_click_materializes_tonight(
    ui: str, page: Page, home: Path, shots: Path, today: dt.date
) -> None:
    page.goto(f"{ui}/asset-groups")
    for room in (
        "captures", "ledger", "reference", "staging", "intermediate", "marts", "publication", "use",
    ):  # fmt: skip
        page.get_by_text(room, exact=True).first.wait_for()
    page.screenshot(path=shots / "graph.png")
    # The rooms are closed: all assets at once are drawn too small for names; those of one are not.
    page.goto(f"{ui}/locations/hub_ledger/asset-groups/captures")
    for asset in ("hub_capture", "archive_capture"):
        page.get_by_text(asset, exact=True).first.wait_for()
    page.screenshot(path=shots / "captures.png")

    open_dialog(page, ui, "nightly")
    launch = page.locator('button:has-text("Launch 1 run")')

    def chosen() -> bool:
        # Seen once on a busy machine: the first click chose nothing.
        page.locator('button:has-text("Latest")').first.click()
        return launch.is_visible()

    wait_for(chosen, 30)
    launch.click()
    assert wait_for(lambda: finished_run(ui, "nightly"), 600)["status"] == "SUCCESS"

    page.goto(f"{ui}/assets/published/hub_ledger?view=overview")
    page.get_by_text("rows_by_table").first.wait_for()
    page.get_by_text("SAMPLE", exact=True).first.wait_for()
    page.screenshot(path=shots / "published.png")
    page.goto(f"{ui}/assets/marts/fct_family_share_daily?view=checks")
    page.get_by_text("Passed").first.wait_for()
    page.screenshot(path=shots / "checks.png")
    see_what_the_night_brought(ui, page, shots)
    assert (home / "published" / "hub_ledger.duckdb").is_file()
    assert today in dates_of_shares(home)


def see_what_the_night_brought(ui: str, page: Page, shots: Path) -> None:
    """Pictures are drawn, a warning says what to do, the rule of tonight is told."""
    page.set_viewport_size({"width": 1600, "height": 1400})
    page.goto(f"{ui}/assets/captures/hub_capture?view=overview")
    page.get_by_text("Only tonight's partition (today in UTC) can be crawled.").wait_for()
    assert drawn_width(page, "rows") == 282
    page.get_by_text("SAMPLE DATA: says nothing about the real Hub.").first.wait_for()
    page.screenshot(path=shots / "capture.png")
    for mart, picture in (
        ("fct_family_share_daily", "Share of the downloads of 30 days"),
        ("fct_rank_history", "Ranks of families"),
    ):
        page.goto(f"{ui}/assets/marts/{mart}?view=overview")
        page.get_by_text("SAMPLE DATA: says nothing about the real Hub.").first.wait_for()
        page.screenshot(path=shots / f"{mart}.png")
        page.locator("tr", has_text="_over_time").get_by_text("[Show Markdown]").click()
        # The page cuts what is wider.
        assert 500 < drawn_width(page, picture) <= 950
        page.wait_for_timeout(500)  # the dialog fades in
        page.screenshot(path=shots / f"{mart}_picture.png")
    check = "top_publishers_are_mapped"
    page.goto(f"{ui}/assets/marts/dim_publisher?view=checks&checkDetail={check}")
    page.get_by_text("not in the seed publishers, among the first 100").wait_for()
    page.get_by_text("This is a non-blocking asset check").wait_for()
    page.screenshot(path=shots / "failed_check.png")
    page.locator("tr", has_text="to_add").get_by_text("[Show Markdown]").click()
    page.get_by_text("COMPANY,REGION,lab").first.wait_for()
    page.wait_for_timeout(500)
    page.screenshot(path=shots / "failed_check_rows.png")
    page.goto(f"{ui}/locations/hub_ledger/asset-groups/use")
    page.get_by_text("headline", exact=True).first.wait_for()
    page.screenshot(path=shots / "use.png")


def drawn_width(page: Page, name: str) -> int:
    """Width of a picture as the browser drew it; 0 where it could not."""
    picture = page.locator(f'img[alt^="{name}"]').first
    picture.wait_for()
    return int(picture.evaluate("image => image.naturalWidth"))


@pytest.mark.long
def test_a_range_of_past_dates_is_backfilled_by_clicks(
    ui: str, page: Page, home: Path, shots: Path, today: dt.date
) -> None:
    dates = [today - dt.timedelta(days=number) for number in (4, 3, 2, 1)]
    assert not set(dates) & set(dates_of_shares(home))
    open_dialog(page, ui, "backfill")
    chosen = page.get_by_placeholder("No matching partitions")
    chosen.fill(f"[{dates[0]}...{dates[-1]}]")
    chosen.press("Enter")
    page.get_by_text("4 partitions", exact=True).wait_for()
    page.screenshot(path=shots / "backfill_dialog.png")
    page.locator('button:has-text("Launch backfill")').click()
    page.get_by_text("View", exact=True).click()
    page.wait_for_url("**/runs/b/*")
    # One run for the whole range: finished_run() refuses a second one.
    run = wait_for(lambda: finished_run(ui, "backfill"), 600)
    assert run["status"] == "SUCCESS"
    page.get_by_text("100% completed").wait_for(timeout=300_000)
    page.screenshot(path=shots / "backfill_result.png")
    assert set(dates) <= set(dates_of_shares(home))


def dates_of_shares(home: Path) -> list[dt.date]:
    if not (home / "warehouse.duckdb").exists():
        return []
    found = query(
        home, "select distinct date from marts.fct_family_share_daily where basis = 'window'"
    )
    return [date for (date,) in found]
