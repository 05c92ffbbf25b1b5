"""Metrics: MetricFlow's answers are those of plain SQL, and definitions are never mixed.

Belongs here: what `make metrics` answers and refuses. Does not belong here: the marts' own figures.
"""

import datetime as dt
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from assets.publication.warehouse import publish
from tests.helpers import REPOSITORY, Item, build_facts, item, load, record

DATES = [dt.date(2026, month, 1) for month in (1, 2, 3, 4)]
PAGE = (REPOSITORY / "docs" / "metrics.md").read_text()
SCOPE = "{{ Dimension('family_month__scope') }} = 'text_vlm'"


def listed(month: int) -> list[Item]:
    """What the Hub lists in a month: Llama ahead at first, then Qwen; a merge of both."""
    rises = {
        "Qwen/Qwen3-8B": (10, 40, 90), "meta-llama/Llama-3.1-8B": (30, 30, 20),
        "google/gemma-3-4b-it": (7, 9, 11), "google/t5-base": (3, 2, 1), "nobody/thing": (4, 4, 4),
        "someone/Qwen3-8B-GGUF": (3, 4, 9), "someone/merged": (1, 1, 2),
        "someone/Llama-lora": (0, 2, 2),
        **{f"nobody/thing-{number}": (1, 1, 1) for number in range(10)},
    }  # fmt: skip
    parents = {
        "someone/Qwen3-8B-GGUF": (["Qwen/Qwen3-8B"], "quantized"),
        "someone/merged": (["Qwen/Qwen3-8B", "meta-llama/Llama-3.1-8B"], "merge"),
        "someone/Llama-lora": (["meta-llama/Llama-3.1-8B"], "adapter"),
    }
    return [
        item(
            repo_id,
            1000 * flow[max(month - 2, 0)],
            *parents.get(repo_id, ()),
            downloadsAllTime=1000 * sum(flow[: month - 1]) + 500,
            pipeline_tag="translation" if "t5" in repo_id else "text-generation",
            createdAt="2025-11-01T00:00:00.000Z",
        )
        for repo_id, flow in rises.items()
        # A derivative that is there on some dates only: stocks are of one date.
        if repo_id != "someone/Llama-lora" or month in (2, 3)
    ]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("metrics")
    record(home, {date: listed(date.month) for date in DATES})
    load(home, DATES)
    build_facts(home)
    publish(home)
    return home


def run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`make metrics` as a person would, but for the installation."""
    return subprocess.run(
        ["make", "--silent", "--old-file", ".venv/.ready", "metrics", *words],
        cwd=REPOSITORY,
        env={**os.environ, "HUB_LEDGER_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def rows(text: str) -> list[list[str]]:
    """The cells of a printed table."""
    _, _, body = text.partition("---\n")
    return [re.split(r" {2,}", line.strip()) for line in body.splitlines()]


def sql(home: Path, query: str) -> list[list[str]]:
    """The same from the marts, as it should be printed; on purpose nothing of the metrics."""
    path = home / "published" / "hub_ledger.duckdb"
    with duckdb.connect(path, read_only=True) as connection:
        found = connection.execute(query).fetchall()
    assert found
    return [
        [f"{cell:.4f}" if isinstance(cell, float) else str(cell) for cell in row] for row in found
    ]


# The question of each heading of docs/metrics.md, in SQL.
IN_SQL = {
    "The shares of two families by month, by publisher and by root": """
        select strftime(month, '%Y-%m-%dT00:00:00'), family,
            sum(share) filter (where attribution = 'publisher'),
            sum(share) filter (where attribution = 'root')
        from marts.fct_family_share_monthly
        where scope = 'text_vlm' and basis = 'counter' and variant = 'raw'
            and family in ('Qwen', 'Llama')
        group by month, family order by month, family
    """,
    "Derivatives of families by relation at the newest date": """
        select family, relation, direct, transitive from marts.fct_derivative_counts
        where date = date '2026-04-01' and relation <> 'any'
        order by direct desc, transitive desc, family, relation limit 10
    """,
    "Months at first rank, by company": """
        select unit, count(*) filter (where rank_min = 1) as firsts, min(rank_min) as best
        from marts.fct_rank_history
        where grain = 'month' and metric = 'downloads' and unit_type = 'company'
            and scope = 'text_vlm' and attribution = 'root'
        group by unit order by best, firsts desc, unit limit 5
    """,
}


@pytest.mark.parametrize("heading", IN_SQL)
def test_the_examples_of_the_page_answer_as_plain_sql_does(home: Path, heading: str) -> None:
    command = PAGE.partition(f"## {heading}\n")[2].partition("```sh\n")[2].partition("```")[0]
    make, target, *words = shlex.split(command.replace("\\\n", ""))
    assert (make, target) == ("make", "metrics")
    done = run(home, *words)
    assert done.returncode == 0, done.stderr
    assert rows(done.stdout) == sql(home, IN_SQL[heading])


ASK = """
import contextlib, io, json, sys
from pipelines.__main__ import main
told = []
for words in json.load(sys.stdin):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(["metrics", *words])
    told.append([status, out.getvalue(), err.getvalue()])
print(json.dumps(told))
"""


def asked(home: Path, *questions: list[str]) -> list[tuple[int, str, str]]:
    """Status, output and errors of several questions, in one process."""
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=REPOSITORY,
        env={**os.environ, "HUB_LEDGER_HOME": str(home)},
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=True,
    )
    return [(status, out, err) for status, out, err in json.loads(done.stdout)]


def test_sums_over_families_and_months_and_stocks_over_dates(home: Path) -> None:
    regions, llama, fractions, reach = asked(
        home,
        ["--metrics=share_root,downloads_root", "--by=family__region", f"--where={SCOPE}",
         "--order=family__region"],
        ["--metrics=derivatives_direct", "--by=metric_time__quarter,family", "--to=2026-03-31",
         "--where={{ Entity('family') }} = 'Llama'"],
        ["--metrics=derivatives_fractional", "--by=family__region", "--order=family__region"],
        ["--metrics=reach_multiplier", "--by=metric_time__month,family",
         "--order=metric_time__month",
         f"--where={SCOPE} and {{{{ Entity('family') }}}} in ('Qwen', 'other')"],
    )  # fmt: skip
    # A denominator stands on the row of each family, and counts once.
    expected = """
        with months as (
            select distinct month, scope_downloads from marts.fct_family_share_monthly
            where scope = 'text_vlm' and attribution = 'root' and basis = 'counter'
                and variant = 'raw'
        )
        select region, sum(downloads) / (select sum(scope_downloads) from months), sum(downloads)
        from marts.fct_family_share_monthly join marts.dim_family using (family)
        where scope = 'text_vlm' and attribution = 'root' and basis = 'counter' and variant = 'raw'
        group by region order by region
    """
    assert rows(regions[1]) == sql(home, expected)
    # On 1 March there were two; on 1 April one of them is gone, and the merge counts a half.
    assert rows(llama[1]) == [["2026-01-01T00:00:00", "Llama", "2"]]
    assert ["china", "1.5000"] in rows(fractions[1])
    assert ["us", "0.5000"] in rows(fractions[1])
    assert rows(reach[1]) == sql(
        home,
        "select strftime(month, '%Y-%m-%dT00:00:00'), family, reach_multiplier "
        "from marts.fct_family_share_monthly where scope = 'text_vlm' and family = 'Qwen' "
        "and basis = 'counter' and variant = 'raw' and attribution = 'root' order by month",
    )


RANKS = "{{ Dimension('rank__unit_type') }} = 'family' and {{ Dimension('rank__scope') }} = 'all'"
REFUSED = {
    "--metrics=share_root --by=family": "several scopes at once",
    "--metrics=downloads_publisher": "several scopes at once",
    "--metrics=reach_multiplier --by=family": "several scopes at once",
    "--metrics=derivatives_direct --by=family__region": "ask for derivatives_fractional",
    "--metrics=derivatives_transitive": "several families: group by family",
    "--metrics=derivatives_new_30d": "several families: group by family",
    f'--metrics=best_rank --by=family "--where={RANKS}"': "several rankings at once",
    "--metrics=months_at_first --by=rank__unit": "several rankings at once",
    "--metrics=part_downloads": "part_downloads is a part of other metrics",
    "--metrics=share_rooot": "'share_root'",
    "--metrics=share_root --by=familly": "'family'",
    "--metrics=share_root \"--where={{ Dimension('x' }}\"": "Error parsing where filter",
    "--metrics=share_root --limit=few": "LIMIT='few' is not a number of rows",
    "--metrics=share_root --from=2026-03-01 --to=2026-02-01": "lies after",
}


def test_a_wrong_question_is_refused_with_what_to_do(home: Path) -> None:
    answers = asked(home, *map(shlex.split, REFUSED))
    for words, said, (status, out, err) in zip(REFUSED, REFUSED.values(), answers, strict=True):
        assert (status, out) == (2, ""), words
        assert err.startswith("hub-ledger: "), words
        assert said in err, (words, err)
        assert "Traceback" not in err, words


def test_where_nothing_is_published_it_says_so(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 2
    assert "nothing is published yet" in done.stderr


def test_it_lists_the_metrics_of_the_page_and_leaves_the_file_as_it_was(home: Path) -> None:
    path = (home / "published" / "hub_ledger.duckdb").resolve()
    before = path.stat()
    # A reader of its own has it open.
    with duckdb.connect(path, read_only=True):
        done = run(home)
    names = re.findall(r"^(\w+)$", done.stdout, re.M)
    table = PAGE.partition("|---|")[2].partition("\n\n")[0]
    first = [line.split("|")[1] for line in table.splitlines()[1:]]
    assert sorted(names) == sorted(re.findall(r"`(\w+)`", " ".join(first)))
    named = re.findall(r"\(definitions? (\w+)(?: and (\w+))?", done.stdout)
    known = {name for (name,) in sql(home, "select definition from marts.dim_definition")}
    assert {name for pair in named for name in pair if name} - known == set()
    assert len(named) > len(names) / 2
    after = path.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)
    assert sorted(one.name for one in path.parent.iterdir()) == [
        "csv", "docs", "hub_ledger.duckdb", "manifest.json", "parquet",
    ]  # fmt: skip


def test_the_calendar_has_every_day_once(home: Path) -> None:
    found = sql(
        home,
        "select count(*), min(date), max(date), max(date) - min(date) + 1, "
        "count(distinct month_start) from marts.dim_date",
    )
    assert found == [["1767", "2022-03-01", "2026-12-31", "1767", "58"]]
