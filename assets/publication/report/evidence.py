"""What is said and what is recorded: published claims, the Arena, the record itself.

Belongs here: the sections by which a reader judges others' figures and ours. Does not belong here:
our own figures (see `adoption`, `lineage`).
"""

from collections.abc import Iterator
from functools import partial

from assets import charts
from assets.hub.items import printable
from assets.publication.report.marts import Marts, Sentence, days
from assets.publication.report.section import CHART_MONTHS, Panel, Section, Table, named, plural

VERDICTS = {
    "supported": "the record agrees",
    "scope-dependent": "it depends on what is counted",
    "contradicted": "the record disagrees",
    "inconsistent": "not testable, and at odds with another claim",
    "not-testable": "the record cannot tell",
}
"""Verdicts of the claim court, in words."""


def evidence(marts: Marts) -> Iterator[Section]:
    """The sections on claims, the Arena and the record, in the order of the page."""
    yield _claims(marts)
    yield _arena(marts)
    yield _record(marts)


_CLAIMS = """
select distinct claim_id, statement, kind, source, verdict, reason, inconsistent_with
from marts.fct_claims
order by verdict = 'not-testable', kind not in ('press', 'press_chart'), claim_id
"""

_WITH_VERDICT = "select count(distinct claim_id) from marts.fct_claims where verdict = ?"

_NOT_TOLD = """
select count(distinct claim_id) from marts.fct_claims
where verdict in ('not-testable', 'inconsistent')
"""


def _claims(marts: Marts) -> Section:
    rows = marts.rows(_CLAIMS)
    panels = []
    if rows:
        title: Sentence = (
            "Of ",
            marts.figure("count", "select count(distinct claim_id) from marts.fct_claims"),
            " published claims the record supports ",
            marts.figure("count", _WITH_VERDICT, "supported"),
            ", contradicts ",
            marts.figure("count", _WITH_VERDICT, "contradicted"),
            " and cannot tell of ",
            marts.figure("count", _NOT_TOLD),
            "; for ",
            marts.figure("count", _WITH_VERDICT, "scope-dependent"),
            " it depends on what is counted",
        )
        table = Table(
            ("claim", "verdict", "why"),
            [
                (
                    f"{row['claim_id']}  {printable(row['statement'], 400)}",
                    row["verdict"],
                    printable(row["reason"], 400),
                )
                for row in rows
            ],
        )
        panels = [Panel(title, rows, table=table)]
    return Section(
        "claims",
        "The claim court",
        "fct_claims",
        "Each published figure held against the record in every scope, attribution and basis that "
        "it may mean; supported only if all that can be measured agree.",
        panels,
        "There are no claims in the seed reported_claims.",
    )


_BOARD = """
from marts.fct_arena_company_ranks
where arena = 'text' and measure = 'rating' and published_on = (
    select max(published_on) from marts.fct_arena_company_ranks
    where arena = 'text' and measure = 'rating'
)
"""

_ARENA = f"""
select company as name, best_model, rating as value, rating_low as low, rating_high as high,
    rank_min, rank_best, rank_worst, is_open_weights, best_open_model, best_open_rating,
    strftime(published_on, '%Y-%m-%d') as published_on, anchor_period
{_BOARD} order by rating desc, name limit 15
"""


def _arena(marts: Marts) -> Section:
    rows = marts.rows(_ARENA)
    panels = []
    if rows:
        first = [row for row in rows if row["rank_min"] == 1]
        names = named([printable(row["name"], 60) for row in first])
        title: Sentence = (
            f"{names} {'leads' if len(first) == 1 else 'lead'} the Arena's text board of ",
            marts.figure("date", f"select max(published_on) {_BOARD}"),
        )
        if len(first) == 1 and len(rows) > 1:
            second = rows[1]["name"]
            gap = marts.figure("points", f"select gap_to_first {_BOARD} and company = ?", second)
            points = plural(gap, " point before ", " points before ")
            if gap.shown != "0":
                title += (", ", gap, f"{points}{printable(second, 60)}")
        could = marts.figure("count", f"select count(*) {_BOARD} and rank_best = 1")
        # Intervals tell only where the leader has one.
        if all(row["rank_best"] for row in first) and could.value != len(first):
            title += ("; by the intervals any of ", could, " could be first")
        data = [dict(row) for row in rows]
        for row in rows:
            kinds = {True: "open weights", False: "not released", None: "not told"}
            row["kind"] = kinds[row["is_open_weights"]]
            row["shown"] = f"{row['value']:,.0f}"
            row["name"] = printable(row["name"], 60)
            span = f" ({row['low']:,.0f} to {row['high']:,.0f})" if row["low"] else ""
            model = printable(row["best_model"], 60)
            row["label"] = f"{row['name']}, {model}: {row['shown']}{span}"
        panels = [
            Panel(
                title,
                data,
                partial(charts.intervals, rows),
                alt="A dot a company: the rating of its best model, with its interval.",
                values=[row["label"] for row in rows],
            )
        ]
    return Section(
        "arena",
        "The Arena, by company",
        "fct_arena_company_ranks",
        "Rating of each company's best model on the text leaderboard, with the published interval; "
        "people's votes between two answers, no measure of use.",
        panels,
        "No ratings of the Arena's text leaderboard are recorded.",
    )


_SOURCES = {"hub_api": "nightly crawl", "hub_archive": "archive", "files": "imported"}

# A date is told by its day, not by what was not there before the first one.
_DATES = """
with span as (
    select unnest(generate_series(min(date), max(date), interval 1 day))::date as date
    from marts.meta_captures
)
select span.date, captures.source, captures.verdict, captures.flags, captures.models
from span left join marts.meta_captures as captures using (date) order by span.date
"""

_COUNTING = "select count(*) from marts.meta_captures where verdict = 'admitted'"
_SPAN = "select date_diff('day', min(date), max(date)) + 1 from marts.meta_captures"


def _record(marts: Marts) -> Section:
    rows = marts.rows(_DATES)
    data = [dict(row) for row in rows]
    last = rows[-1]["date"]
    for row in rows:
        date = row["date"]
        row["kind"] = _kind(row)
        row["since"] = (last.year - date.year) * 12 + last.month - date.month
        row["month"], row["day"] = f"{date:%b %Y}", date.day
        told = f", {row['models']:,} models" if row["models"] else ""
        flags = f", {row['flags']}" if row["flags"] else ""
        row["label"] = f"{days(date)}: {row['kind']}{told}{flags}"
        row["date"] = date.isoformat()
    shown = [row for row in rows if row["since"] < CHART_MONTHS]
    title: Sentence = (
        marts.figure("count", _COUNTING),
        " of ",
        marts.figure("count", _SPAN),
        " dates since ",
        marts.figure("date", "select min(date) from marts.meta_captures"),
        " are recorded and count; the newest is ",
        marts.figure(
            "date", "select max(date) from marts.meta_captures where verdict = 'admitted'"
        ),
    )
    events = marts.rows(
        "select date, counts, detail from marts.meta_quality_events order by date desc limit 12"
    )
    table = Table(
        ("date", "what was wrong", "does it count?"),
        [
            (
                f"{row['date']}",
                printable(row["detail"], 300),
                "yes, flagged" if row["counts"] else "no",
            )
            for row in events
        ],
    )
    return Section(
        "record",
        "The record",
        "meta_captures, meta_quality_events",
        "One square a date (UTC). A date that is not recorded is no zero: facts bridge it and say "
        "so in their bounds and confidence.",
        [
            Panel(
                title,
                data,
                partial(charts.calendar, shown),
                table=table if events else None,
                alt="A calendar: which dates are recorded, from which source, and which are not.",
            )
        ],
    )


def _kind(row: dict) -> str:
    if row["verdict"] is None:
        return "not recorded"
    if row["verdict"] != "admitted":
        return "does not count"
    return "counts, flagged" if row["flags"] else _SOURCES.get(row["source"], row["source"])
