"""The report and the page of exposures: numbers are the marts', no host is asked, text is text."""

import contextlib
import datetime as dt
import html
import json
import os
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import polars as pl
import pytest
from playwright.sync_api import Page, sync_playwright

from assets import charts
from assets.exposure import sources
from assets.exposure.inventory import Entry, Inventory
from assets.ledger.warehouse import connect
from assets.publication.exposures import exposures
from assets.publication.report.exposure import DIMENSIONS
from assets.publication.report.store import publish_exposure, publish_report
from assets.publication.warehouse import publish
from tests.helpers import Item, build_facts, item, load, record

# The last one makes April a month of 30-day counts before its counters are known.
DATES = [*(dt.date(2026, month, 1) for month in (1, 2, 3, 4)), dt.date(2026, 4, 29)]
HOSTILE = "evil/<img src=x onerror=alert(1)>\"'</script><script>alert(2)</script>"
FORMULA = "=cmd|'/c calc'!A1"
OTHERS = (
    "mistralai/Mistral-7B-v0.3", "microsoft/phi-4", "nvidia/Nemotron-4-340B", "zai-org/GLM-5",
    "moonshotai/Kimi-K2", "openai/gpt-oss-20b", "ibm-granite/granite-4.0-h-small",
)  # fmt: skip
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SECTIONS = (
    "share", "reach", "ranks", "dominance", "concentration", "movers", "derivatives",
    "new-derivatives", "tree", "claims", "arena", "record",
)  # fmt: skip

EXPOSURES = ("glance", "companies", "accounts", "licences", "losses", "attention", "models")
INVENTORIES = [
    Inventory(
        "chat team",
        [
            Entry("someone/Qwen3-8B-GGUF", 60.0, "app/serve.py:12"),
            Entry(HOSTILE, 30.0),
            Entry("acme/<script>alert(3)</script>", 10.0),
        ],
    ),
    Inventory("search", [Entry("meta-llama/Llama-3.1-8B", 1.0), Entry(FORMULA, 1.0)]),
]


def listed(night: int) -> list[Item]:
    """What the Hub lists: Llama ahead at first, Qwen later, hostile names moving."""
    rises = {
        "Qwen/Qwen3-8B": (10, 40, 90), "meta-llama/Llama-3.1-8B": (30, 30, 20),
        "google/gemma-3-4b-it": (7, 9, 11), "deepseek-ai/DeepSeek-V3": (5, 5, 5),
        **dict.fromkeys(OTHERS, (1, 1, 1)), HOSTILE: (1, 8, 30), FORMULA: (2, 2, 3),
        "someone/Qwen3-8B-GGUF": (3, 4, 9),
    }  # fmt: skip
    parents = {HOSTILE: "Qwen/Qwen3-8B", "someone/Qwen3-8B-GGUF": "Qwen/Qwen3-8B", FORMULA: HOSTILE}
    months = min(night, 3)
    items = [
        item(
            repo_id,
            rise[max(months - 1, 0)] * 1000,
            [parents[repo_id]] if repo_id in parents else [],
            "quantized" if "GGUF" in repo_id else "finetune",
            downloadsAllTime=1000 * sum(rise[:months]) + 500,
            pipeline_tag="text-generation",
            createdAt="2025-11-01T00:00:00.000Z",
        )
        for repo_id, rise in rises.items()
    ]
    if night == 4:
        new = {"createdAt": "2026-04-10T00:00:00.000Z", "pipeline_tag": "text-generation"}
        items.append(item("late/Qwen3-8B-lora", 0, ["Qwen/Qwen3-8B"], "adapter", **new))
    return items


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("report")
    record(home, {date: listed(night) for night, date in enumerate(DATES)})
    load(home, DATES)
    sources.keep(home, INVENTORIES)
    with connect(home) as connection:
        sources.load(connection, home)
    build_facts(home)
    publish(home)
    publish_report(home)
    publish_exposure(home)
    return home


class Read(HTMLParser):
    """The page's parts: numbers with their queries, headings, labels of marks, sections."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.numbers: list[tuple[dict, str]] = []
        self.headings: list[str] = []
        self.labels: dict[str, list[str]] = {}
        self.links: list[str] = []
        self._section = self._panel = ""
        self._data: dict | None = None
        self._heading: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "section":
            self._section = given.get("id", "")
            self.labels.setdefault(self._section, [])
        if tag == "article":
            self._panel = given["class"].split()[-1]
        if tag == "data":
            self._data = given
            self.numbers.append((given, ""))
        if tag == "h2":
            self._heading = ""
        if "aria-label" in given and tag in ("path", "line", "rect") and self._panel == "p1":
            self.labels[self._section].append(given["aria-label"])
        self.links += [given[name] for name in ("href", "src") if name in given]

    def handle_data(self, data: str) -> None:
        if self._data is not None:
            self.numbers[-1] = (self._data, self.numbers[-1][1] + data)
        elif self._heading is not None:
            self._heading += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "data":
            self._data = None
        if tag == "h2" and self._heading is not None:
            self.headings.append(self._heading)
            self._heading = None


def page_of(home: Path, page: str = "report") -> str:
    return (home / "published" / page / "index.html").read_text()


def written(kind: str, value: object) -> str:
    """A value as the page should write it; on purpose not the report's own code."""
    if isinstance(value, dt.date):
        month = value.strftime("%B %Y")
        return month if kind == "month" else f"{value.day} {month}"
    if isinstance(value, str):
        return value
    assert isinstance(value, (int, float))
    forms = {"share": "{:.1%}", "ratio": "{:.2f}", "count": "{:,.0f}", "points": "{:,.0f}"}
    return forms[kind].format(value)


@pytest.mark.parametrize(("page", "least"), [("report", 60), ("exposure", 25)])
def test_every_number_in_a_heading_is_the_marts(home: Path, page: str, least: int) -> None:
    read = Read(page_of(home, page))
    assert len(read.numbers) > least
    with duckdb.connect(home / "published" / "hub_ledger.duckdb", read_only=True) as connection:
        for given, text in read.numbers:
            parameters = json.loads(given["data-parameters"])
            ((value,),) = connection.execute(given["data-query"], parameters).fetchall()
            assert text == written(given["data-kind"], value), given["data-query"]
        families = [row[0] for row in connection.execute("from marts.dim_family").fetchall()]
    # Outside of them there are names and spans of time, and no other figure.
    for heading in read.headings:
        for name in (*families, "30 days", "10,000"):
            heading = heading.replace(name, "")
        assert not re.search(r"\d", heading), heading


def test_findings_are_of_the_data(home: Path) -> None:
    """By hand: Qwen has 90 of the 175 thousand downloads of March, Llama was first in January."""
    page = re.sub(r"<[^>]+>", "", page_of(home))
    # April has no counters at its end yet.
    assert (
        "Qwen is the most downloaded family of text and vision-language models: 51.4% in March "
        "2026, its highest share so far"
    ) in page
    assert "vision-language models in March 2026, as in 2 of 3 months on record" in page
    # 90 of 90 + 30 + 3 + 9 by own weights' descent.
    assert "under its name, Qwen goes from 51.4% to 75.4%" in page
    assert "Qwen has the most derivatives: 3 models by others" in page
    assert "4 descend from it at any depth" in page


def test_labels_of_marks_are_the_marts(home: Path) -> None:
    labels = Read(page_of(home)).labels
    with duckdb.connect(home / "published" / "hub_ledger.duckdb", read_only=True) as connection:
        shares = {
            f"{family}, {month:%B %Y}: {share:.1%}"
            for family, month, share in connection.execute(
                "select family, month, share from marts.fct_family_share_monthly where "
                "scope = 'text_vlm' and attribution = 'publisher' and variant = 'raw'"
            ).fetchall()
        }
        ranks = {
            f"{unit}, {period:%B %Y}: place {rank}"
            for unit, period, rank in connection.execute(
                "select unit, period, rank_min from marts.fct_rank_history where grain = 'month' "
                "and unit_type = 'family' and scope = 'text_vlm' and attribution = 'publisher' "
                "and metric = 'downloads'"
            ).fetchall()
        }
        counts = {
            f"{family}, {relation}: {direct}"
            for family, relation, direct in connection.execute(
                "select family, relation, direct from marts.fct_derivative_counts "
                "where date = '2026-04-29'"
            ).fetchall()
        }
    told = {re.sub(r" \(.*possible\)", "", label) for label in labels["share"]}
    assert len(told) >= 12 and told <= shares
    told = {re.sub(r" \(.*possible\)", "", label) for label in labels["ranks"]}
    assert len(told) >= 12 and told <= ranks
    assert len(labels["derivatives"]) >= 2 and set(labels["derivatives"]) <= counts


def test_what_an_inventory_depends_on(home: Path) -> None:
    """By hand: 60 and 30 of 100 descend from Qwen, 60 is one account's quantization."""
    page = html.unescape(re.sub(r"<[^>]+>", "", page_of(home, "exposure")))
    for said in (
        "Of 2 inventories “chat team” is the most concentrated by family: 8,100 of 10,000, 90.0% "
        "of it from Qwen",
        "90.0% of “chat team” descends from Qwen: concentration by family is 8,100 of 10,000",
        "90.0% of “chat team” was made by Alibaba; 90.0% comes from China",
        "60.0% of “chat team” is loaded from someone; 60.0% depends on quantizations by someone",
        "If Qwen vanished, 90.0% of “chat team” would lose its repository",
        "Of the models of “chat team” 1 not on record",
    ):
        assert said in page, said
    rows = re.findall(r"<tr>(.*?)</tr>", page_of(home, "exposure"), re.DOTALL)
    cells = [
        [html.unescape(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]
        for row in rows
        if "<td" in row
    ]
    with duckdb.connect(home / "published" / "hub_ledger.duckdb", read_only=True) as connection:
        for model, share, place in connection.execute(
            "select model, share, place from marts.fct_exposure_models"
        ).fetchall():
            assert [model, f"{share:.1%}", place] in [[*row[:2], row[-1]] for row in cells]
        for dimension, words in DIMENSIONS.items():
            told = connection.execute(
                "select any_value(single_source), max(single_source_share), max(hhi), "
                "max(hhi_high), count(*) filter (is_named) from marts.fct_exposure "
                "where dimension = ? group by inventory order by inventory",
                [dimension],
            ).fetchall()
            assert [
                [
                    words,
                    {None: "none", "china": "China", "us": "the US"}.get(source, source),
                    f"{share:.1%}",
                    f"{hhi:,.0f}" if hhi == high else f"{hhi:,.0f} to {high:,.0f}",
                    f"{named}",
                ]
                for source, share, hhi, high, named in told
            ] == [row for row in cells if row and row[0] == words], dimension
    printed = exposures(home / "published" / "hub_ledger.duckdb")
    assert "chat team: 3 models on 2026-04-29\n  1 not on record, 0 gone, 0 renamed" in printed
    assert "  family          90.0%   8,100 to 10,000  Qwen\n" in printed


def test_without_an_inventory_there_is_no_page_of_exposures(home: Path, tmp_path: Path) -> None:
    published = tmp_path / "published"
    shutil.copytree(home / "published", published, symlinks=True)
    assert publish_exposure(tmp_path) is not None
    file = (published / "hub_ledger.duckdb").resolve()
    file.chmod(0o644)
    with duckdb.connect(file) as connection:
        for table in ("fct_exposure", "fct_exposure_models"):
            connection.execute(f"delete from marts.{table}")
    assert publish_exposure(tmp_path) is None
    assert not (published / "exposure").exists()


def test_csv_files_hold_the_rows_and_no_formula(home: Path) -> None:
    folder = home / "published" / "report" / "data"
    share = pl.read_csv(folder / "share.csv")
    assert set(share["scope"].unique()) == {"text_vlm", "generative_llm", "curated", "all"}
    assert share.columns[:5] == ["scope", "attribution", "month", "name", "value"]
    movers = pl.read_csv(folder / "movers.csv")
    assert HOSTILE in set(movers["repo_id"])
    tree = pl.read_csv(folder / "tree.csv")
    assert f"'{FORMULA}" in set(tree["repo_id"])
    assert FORMULA not in set(tree["repo_id"])
    models = pl.read_csv(home / "published" / "exposure" / "data" / "models.csv")
    assert set(models["inventory"]) == {"chat team", "search"}
    assert set(models["model"]) >= {HOSTILE, f"'{FORMULA}"}


def test_the_dark_page_sets_every_colour_of_the_charts(home: Path) -> None:
    page = page_of(home)
    dark = page[page.index("prefers-color-scheme: dark") :].partition("}")[0]
    for name in charts.VARIABLES:
        assert f"--{name}: #" in page[: page.index("prefers-color-scheme: dark")], name
        assert f"--{name}: #" in dark, name


@pytest.mark.parametrize("page", ["report", "exposure"])
def test_the_page_names_no_host(home: Path, page: str) -> None:
    for link in Read(page_of(home, page)).links:
        assert link.startswith(("#", "data:")) or link == "../docs/index.html", link
    assert "default-src 'none'" in page_of(home, page)


@pytest.mark.long
def test_one_night_is_enough(tmp_path: Path) -> None:
    record(tmp_path, {DATES[0]: listed(0)}, sample="generated catalogue")
    load(tmp_path, DATES[:1])
    build_facts(tmp_path)
    publish(tmp_path)
    for _ in range(3):
        publish_report(tmp_path)
    page = page_of(tmp_path)
    assert "Nothing to show yet" in page
    assert "It takes captures" in page or "it takes captures" in page
    assert "SAMPLE DATA" in (tmp_path / "published/report/charts/reach.svg").read_text()
    assert '<body class="sample">' in page
    assert len(list((tmp_path / "published" / "reports").iterdir())) == 2


@pytest.fixture(scope="module")
def browser_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            str(tmp_path_factory.mktemp("browser")),
            executable_path=CHROMIUM,
            headless=True,
            args=["--no-sandbox"],
        )
        yield browser.new_page()
        browser.close()


@pytest.fixture
def seen(browser_page: Page, home: Path) -> Iterator[Page]:
    """The report in a browser."""
    with watched(browser_page, home, "report") as page:
        yield page


@pytest.fixture
def seen_exposure(browser_page: Page, home: Path) -> Iterator[Page]:
    """The page of exposures in a browser."""
    with watched(browser_page, home, "exposure") as page:
        yield page


@contextlib.contextmanager
def watched(browser_page: Page, home: Path, name: str) -> Iterator[Page]:
    """A page in a browser; whatever it asked for or complained of fails the test."""
    wrong: list[str] = []
    page = browser_page.context.new_page()
    page.on("request", lambda request: wrong.append(request.url))
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    page.goto((home / "published" / name / "index.html").as_uri())
    yield page
    page.close()
    assert [one for one in wrong if not one.startswith(("file:", "data:"))] == []


# Text over other text, or outside of its chart, in everything drawn at this width.
MISPLACED = """() => {
    const wrong = [];
    for (const panel of document.querySelectorAll(".panel")) panel.style.display = "block";
    for (const svg of document.querySelectorAll("svg")) {
        const frame = svg.getBoundingClientRect();
        if (!frame.width) continue;
        const texts = [...svg.querySelectorAll("text")].filter((one) => one.textContent.trim())
            .map((one) => [one.textContent, one.getBoundingClientRect()]);
        for (const [text, box] of texts)
            if (box.left < frame.left - 2 || box.right > frame.right + 2) wrong.push(text);
        texts.forEach(([text, a], index) => texts.slice(index + 1).forEach(([other, b]) => {
            const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            if (wide > 1 && high > 4) wrong.push(`${text} over ${other}`);
        }));
    }
    return wrong;
}"""


@pytest.mark.parametrize("width", [390, 1280])
def test_every_chart_is_drawn_and_no_label_lies_over_another(seen: Page, width: int) -> None:
    seen.set_viewport_size({"width": width, "height": 900})
    assert seen.evaluate("document.documentElement.scrollWidth") <= width
    for key in SECTIONS:
        drawn = seen.locator(f"#{key} article:visible")
        if key == "arena":
            # Nothing of it is recorded here.
            assert seen.locator("#arena").inner_text().count("No ratings") == 1
            continue
        assert drawn.count() == 1, key
        if key not in ("movers", "claims"):
            marks = drawn.locator("svg:visible path[aria-label]")
            assert marks.count() > 0, key
            box = drawn.locator("svg:visible").bounding_box()
            assert box and box["height"] > 40
    assert seen.evaluate(MISPLACED) == []
    if os.environ.get("HUB_LEDGER_TEST_SCREENSHOTS"):
        folder = Path(os.environ["HUB_LEDGER_TEST_SCREENSHOTS"])
        seen.reload()
        seen.screenshot(path=folder / f"report-{width}.png", full_page=True)


def test_choices_work_without_script_and_values_show_on_hover(seen: Page) -> None:
    seen.set_viewport_size({"width": 1280, "height": 900})
    seen.get_by_text("descent from its weights").first.click()
    heading = seen.locator("#share article:visible h2")
    assert "counted by descent from its weights" in heading.inner_text()
    seen.locator("#share article:visible svg:visible path[aria-label]").last.hover()
    assert re.search(r", March 2026: \d", seen.locator("#tip").inner_text())
    seen.locator("#share article:visible data").first.hover()
    assert "from marts.fct_family_share_monthly" in seen.locator("#tip").inner_text()
    seen.locator("#claims label").filter(has_text="contradicted").click()
    verdicts = seen.locator("#claims tbody tr:visible .verdict").all_inner_texts()
    assert set(verdicts) == {"contradicted"}


@pytest.mark.parametrize("width", [390, 1280])
def test_exposures_are_drawn_for_each_inventory(seen_exposure: Page, width: int) -> None:
    page = seen_exposure
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(MISPLACED) == []
    page.reload()
    # Who chooses an inventory in one section means it in all.
    page.locator("#glance label").filter(has_text="search").click()
    for key in EXPOSURES:
        shown = page.locator(f"#{key} article:visible h2")
        assert shown.count() == 1, key
        assert "search" in shown.inner_text() or key == "losses", key
    assert page.locator("#companies svg:visible path[aria-label]").count() == 2
    if os.environ.get("HUB_LEDGER_TEST_SCREENSHOTS"):
        folder = Path(os.environ["HUB_LEDGER_TEST_SCREENSHOTS"])
        page.screenshot(path=folder / f"exposure-{width}.png", full_page=True)


def test_hostile_names_of_inventories_are_text(seen_exposure: Page) -> None:
    page = seen_exposure
    assert page.locator("#models td").filter(has_text="<script>alert(3)").count() == 1
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 1


def test_hostile_names_are_text(seen: Page) -> None:
    assert seen.locator("#movers td").filter(has_text="<img src=x onerror").count() == 1
    assert seen.locator("#tree svg").first.evaluate("(svg) => svg.innerHTML.includes('&lt;img')")
    assert seen.locator("img").count() == 0
    assert seen.locator("script").count() == 1
