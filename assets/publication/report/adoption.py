"""Who is downloaded: shares, reach, ranks, dominance, concentration, movers.

Belongs here: the sections on downloads. Does not belong here: what is derived from what (see
`lineage`), what others say of it (see `evidence`).
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import partial

from assets import charts
from assets.hub.items import printable
from assets.publication.report.marts import KINDS, Figure, Marts, Sentence, months
from assets.publication.report.section import (
    ATTRIBUTIONS,
    SCOPES,
    Panel,
    Section,
    Table,
    of_scope,
)

NO_MONTH = (
    "No whole month is recorded yet: it takes captures at both ends of one. Past months come from "
    "make backfill."
)
_BASIS = (
    "Solid: rise of the all-time counters. Dashed: the Hub's 30-day counts, for months before the "
    "counters. Shaded: the least and the most that the captures allow."
)
_REMAINDERS = "('other', 'unknown')"


def adoption(marts: Marts) -> Iterator[Section]:
    """The sections on downloads, in the order of the page."""
    yield _share(marts)
    yield _reach(marts)
    yield _ranks(marts)
    yield _dominance(marts)
    yield _concentration(marts)
    yield _movers(marts)


def _share(marts: Marts) -> Section:
    panels = [
        panel
        for scope in SCOPES
        for attribution in ATTRIBUTIONS
        if (panel := _share_panel(marts, scope, attribution))
    ]
    return Section(
        "share",
        "Family share",
        "fct_family_share_monthly",
        "Share of a month's downloads of the chosen models that count for each family; all "
        "families, other and unknown included, sum to 1.",
        panels,
        NO_MONTH,
        {"scope": SCOPES, "attribution": ATTRIBUTIONS},
    )


# What each month is measured by: the counters' rise wherever there is one.
_SHARES = f"""
with measured as (
    select *, rank() over (partition by month order by basis) as place
    from marts.fct_family_share_monthly
    where scope = $1 and attribution = $2 and variant = 'raw' and share is not null
),
shown as (
    select family from measured
    where place = 1 and family not in {_REMAINDERS}
    group by family order by max(share) desc, family limit 7
)
select
    strftime(month, '%Y-%m-%d') as month, family as name, share as value,
    downloads_low / scope_downloads as low, downloads_high / scope_downloads as high,
    basis <> max(basis) filter (basis = 'counter') over () as is_other_basis,
    basis, downloads, scope_downloads, confidence
from measured join shown using (family)
where place = 1 order by month, name
"""

_LEADER = f"""
select family, month, basis from marts.fct_family_share_monthly
where scope = ? and attribution = ? and variant = 'raw' and family not in {_REMAINDERS}
    and share is not null
order by month desc, basis, share desc, family limit 1
"""

_ONE_SHARE = """
select share from marts.fct_family_share_monthly
where month = ? and family = ? and scope = ? and attribution = ? and basis = ? and variant = 'raw'
"""

_PEAK = """
select month from marts.fct_family_share_monthly
where family = ? and scope = ? and attribution = ? and basis = ? and variant = 'raw'
order by share desc, month limit 1
"""


def _share_panel(marts: Marts, scope: str, attribution: str) -> Panel | None:
    rows = marts.rows(_SHARES, scope, attribution)
    leader = marts.rows(_LEADER, scope, attribution)
    if not rows or not leader:
        return None
    family, month, basis = leader[0].values()
    now = marts.figure("share", _ONE_SHARE, month, family, scope, attribution, basis)
    peak = marts.figure("month", _PEAK, family, scope, attribution, basis)
    by = "" if attribution == "publisher" else f", counted by {ATTRIBUTIONS[attribution]},"
    title: Sentence = (
        f"{family}{by} is the most downloaded family of {of_scope(scope)}: ",
        now,
        " in ",
        _month(marts, month, "fct_family_share_monthly"),
    )
    if peak.value == month:
        title += (", its highest share so far",)
    else:
        top = marts.figure("share", _ONE_SHARE, peak.value, family, scope, attribution, basis)
        title += (", down from ", top, " in ", peak)
    data = [dict(row) for row in rows]
    for row in rows:
        row["shown"] = f"{row['value']:.1%}"
        row["label"] = f"{row['name']}, {_in_words(row)}: {row['shown']}"
        row["is_other_basis"] = bool(row["is_other_basis"])
    hues = charts.colours(_by_last_value(rows))
    return Panel(
        title,
        data,
        partial(charts.lines, rows, ticks=".0%", hues=hues),
        alt=f"Lines over months: share of downloads of {of_scope(scope)} for {', '.join(hues)}.",
        choice={"scope": scope, "attribution": attribution},
        note=_BASIS,
    )


def _month(marts: Marts, month: dt.date, mart: str) -> Figure:
    return marts.figure("month", f"select max(month) from marts.{mart} where month = ?", month)


def _in_words(row: dict) -> str:
    return months(dt.date.fromisoformat(row["month"]))


def _by_last_value(rows: Sequence[dict]) -> list[str]:
    last = max(row["month"] for row in rows)
    now = {row["name"]: row["value"] for row in rows if row["month"] == last}
    return sorted({row["name"] for row in rows}, key=lambda name: (-now.get(name, 0), name))


def _reach(marts: Marts) -> Section:
    panels = [panel for scope in SCOPES if (panel := _reach_panel(marts, scope))]
    return Section(
        "reach",
        "First-party and ecosystem",
        "fct_family_share_daily",
        "Share of the Hub's 30-day downloads: a ring is what the family's own accounts publish "
        "(attribution publisher), a dot all that descends from its weights (root); beside them, "
        "how many times as much that is.",
        panels,
        "No date is recorded yet.",
        {"scope": SCOPES},
    )


_REACH = f"""
select
    root.family as name, own.share as first, root.share as ecosystem,
    root.downloads / nullif(own.downloads, 0) as multiplier,
    own.downloads as first_downloads, root.downloads as ecosystem_downloads, root.date
from marts.fct_family_share_daily as root
join marts.fct_family_share_daily as own using (date, scope, basis, variant, family)
where root.scope = ? and root.attribution = 'root' and own.attribution = 'publisher'
    and basis = 'window' and family not in {_REMAINDERS} and root.share > 0
    and date = (select max(date) from marts.meta_captures where verdict = 'admitted')
order by root.share desc, name limit 10
"""

_ONE_DAY = """
select share from marts.fct_family_share_daily
where date = ? and family = ? and scope = ? and attribution = ? and basis = 'window'
"""


def _reach_panel(marts: Marts, scope: str) -> Panel | None:
    rows = marts.rows(_REACH, scope)
    if not rows:
        return None
    first, date = rows[0]["name"], rows[0]["date"]
    own = marts.figure("share", _ONE_DAY, date, first, scope, "publisher")
    root = marts.figure("share", _ONE_DAY, date, first, scope, "root")
    more = rows[0]["ecosystem"] > rows[0]["first"]
    title: Sentence = (
        f"Derivatives take {first} from " if more else f"Lineage takes {first} from ",
        own,
        " to ",
        root,
        f" of downloads of {of_scope(scope)} in the last 30 days",
    )
    data = [dict(row) for row in rows]
    for row in rows:
        row["times"] = f"\u00d7 {row['multiplier']:.2f}" if row["multiplier"] else ""
        row["label"] = f"{row['name']}, with derivatives: {row['ecosystem']:.1%}"
        row["first_label"] = f"{row['name']}, own accounts: {row['first']:.1%}"
        row["date"] = row["date"].isoformat()
    hues = charts.colours([row["name"] for row in rows])
    return Panel(
        title,
        data,
        partial(charts.reach, rows, hues=hues),
        alt=f"A line a family from its first-party to its ecosystem share, of {of_scope(scope)}.",
        choice={"scope": scope},
    )


_PLACES = 8


def _ranks(marts: Marts) -> Section:
    panels = [panel for scope in SCOPES if (panel := _rank_panel(marts, scope))]
    return Section(
        "ranks",
        "Rank history",
        "fct_rank_history",
        "Place of each family by the month's downloads of what its own accounts publish "
        "(attribution publisher, basis counter); ties share the better place.",
        panels,
        NO_MONTH,
        {"scope": SCOPES},
    )


_RANKS = """
with ranked as (
    select period, unit, rank_min, rank_best, rank_worst, value from marts.fct_rank_history
    where grain = 'month' and unit_type = 'family' and scope = ? and attribution = 'publisher'
        and metric = 'downloads' and unit not in ('other', 'unknown')
),
shown as (select unit from ranked group by unit having min(rank_min) <= ?)
select
    strftime(period, '%Y-%m-%d') as month, unit as name, rank_min, rank_best, rank_worst, value
from ranked join shown using (unit) order by month, rank_min, name
"""

_FIRST = """
select unit, period, periods_at_first from marts.fct_rank_history
where grain = 'month' and unit_type = 'family' and scope = ? and attribution = 'publisher'
    and metric = 'downloads' and rank_min = 1
order by period desc, unit limit 1
"""

_TIMES_FIRST = """
select periods_at_first from marts.fct_rank_history
where grain = 'month' and unit_type = 'family' and scope = ? and attribution = 'publisher'
    and metric = 'downloads' and unit = ? and period = ?
"""

_RANKED_MONTHS = """
select count(distinct period) from marts.fct_rank_history
where grain = 'month' and unit_type = 'family' and scope = ? and attribution = 'publisher'
    and metric = 'downloads'
"""


def _rank_panel(marts: Marts, scope: str) -> Panel | None:
    rows = marts.rows(_RANKS, scope, _PLACES)
    first = marts.rows(_FIRST, scope)
    if not rows or not first:
        return None
    family, period, _ = first[0].values()
    title: Sentence = (
        f"{family} is first among {of_scope(scope)}, for ",
        marts.figure("count", _TIMES_FIRST, scope, family, period),
        " of the ",
        marts.figure("count", _RANKED_MONTHS, scope),
        " months on record",
    )
    data = [dict(row) for row in rows]
    for row in rows:
        row["rank"] = row["rank_min"] if row["rank_min"] <= _PLACES else None
        span = f" ({row['rank_best']} to {row['rank_worst']} possible)"
        row["label"] = (
            f"{row['name']}, {_in_words(row)}: place {row['rank_min']}"
            f"{span if row['rank_best'] != row['rank_worst'] else ''}"
        )
    last = max(row["month"] for row in rows)
    order = [row["name"] for row in rows if row["month"] == last]
    gone = sorted({row["name"] for row in rows} - set(order))
    hues = charts.colours(order) | dict.fromkeys(gone, charts.REST)
    return Panel(
        title,
        data,
        partial(charts.ranks, rows, hues=hues, places=_PLACES),
        alt=f"Places one to eight over months for {', '.join(order)}.",
        choice={"scope": scope},
    )


_SETS = {
    "next_8": "next eight",
    "next_8_labs": "eight labs",
    "xinhua8": "press's eight",
    "everyone_else": "all others",
}


def _dominance(marts: Marts) -> Section:
    panels = [panel for scope in SCOPES if (panel := _dominance_panel(marts, scope))]
    return Section(
        "dominance",
        "Dominance",
        "fct_dominance",
        "The first company's downloads of a month over those of the others together, by their own "
        "accounts: the largest eight, the largest eight that train models, the eight that the "
        "press named, and all others. Above 1 it has more than they have together.",
        panels,
        "No whole month with eight other companies is recorded yet.",
        {"scope": SCOPES},
    )


_DOMINANT = """
select leader, month from marts.fct_dominance
where unit_type = 'company' and scope = ? and attribution = 'publisher' and basis = 'counter'
    and competitor_set = 'next_8'
order by month desc, downloads desc, leader limit 1
"""

_DOMINANCE = """
select
    strftime(month, '%Y-%m-%d') as month, competitor_set, ratio as value, ratio_low as low,
    ratio_high as high, downloads, competitor_downloads, verdict, robust_verdict
from marts.fct_dominance
where unit_type = 'company' and scope = ? and attribution = 'publisher' and basis = 'counter'
    and leader = ? and competitor_set in ('next_8', 'next_8_labs', 'xinhua8', 'everyone_else')
    and ratio > 0
order by month, competitor_set
"""

_RATIO = """
select ratio from marts.fct_dominance
where month = ? and leader = ? and scope = ? and competitor_set = 'next_8'
    and unit_type = 'company' and attribution = 'publisher' and basis = 'counter'
"""

_AHEAD = """
select count(*) filter (verdict = 'ahead') from marts.fct_dominance
where leader = ? and scope = ? and competitor_set = 'next_8'
    and unit_type = 'company' and attribution = 'publisher' and basis = 'counter'
"""


def _dominance_panel(marts: Marts, scope: str) -> Panel | None:
    found = marts.rows(_DOMINANT, scope)
    if not found:
        return None
    leader, month = found[0].values()
    rows = marts.rows(_DOMINANCE, scope, leader)
    title: Sentence = (
        f"{leader} has ",
        marts.figure("ratio", _RATIO, month, leader, scope),
        " times the downloads of the next eight companies together in ",
        _month(marts, month, "fct_dominance"),
        "; it was certainly ahead of them in ",
        marts.figure("count", _AHEAD, leader, scope),
        " of ",
        marts.figure("count", _AHEAD.replace(" filter (verdict = 'ahead')", ""), leader, scope),
        " months",
    )
    data = [dict(row) for row in rows]
    for row in rows:
        row["name"] = _SETS[row["competitor_set"]]
        row["shown"] = f"{row['value']:.2f}"
        row["label"] = f"{leader} over {row['name']}, {_in_words(row)}: {row['shown']}"
        # A bound of nothing at all cannot be drawn on a scale of ratios.
        if not row["low"] or not row["high"]:
            row["low"] = row["high"] = None
    hues = charts.colours(list(_SETS.values()))
    return Panel(
        title,
        data,
        partial(
            charts.lines,
            rows,
            ticks=".2~f",
            hues=hues,
            logarithmic=True,
            reference=(1.0, "equal"),
            height=320,
        ),
        alt=f"Lines over months: downloads of {leader} over those of {', '.join(hues)}.",
        choice={"scope": scope},
    )


def _concentration(marts: Marts) -> Section:
    panels = [panel for scope in SCOPES if (panel := _concentration_panel(marts, scope))]
    return Section(
        "concentration",
        "Concentration",
        "fct_concentration",
        "Part of a month's downloads that goes to the largest company, the largest three and the "
        "largest ten, by their own accounts; accounts that belong to no known company are in the "
        "total.",
        panels,
        NO_MONTH,
        {"scope": SCOPES},
    )


_TOPS = {"top_1_share": "largest", "top_3_share": "top three", "top_10_share": "top ten"}

_CONCENTRATION = """
with measured as (
    unpivot (
        select month, top_1_share, top_3_share, top_10_share, hhi_low, hhi_high,
            effective_number_low, effective_number_high
        from marts.fct_concentration
        where unit_type = 'company' and scope = ? and attribution = 'publisher'
            and basis = 'counter'
    ) on top_1_share, top_3_share, top_10_share into name measure value value
)
select strftime(month, '%Y-%m-%d') as month, measure, value, hhi_low, hhi_high,
    effective_number_low, effective_number_high
from measured order by month, measure
"""

_ONE_CONCENTRATION = """
select {column} from marts.fct_concentration
where month = ? and scope = ? and unit_type = 'company' and attribution = 'publisher'
    and basis = 'counter'
"""


def _concentration_panel(marts: Marts, scope: str) -> Panel | None:
    rows = marts.rows(_CONCENTRATION, scope)
    if not rows:
        return None
    month = dt.date.fromisoformat(rows[-1]["month"])

    def figure(kind: str, column: str) -> Figure:
        return marts.figure(kind, _ONE_CONCENTRATION.format(column=column), month, scope)

    title: Sentence = (
        "The largest company has ",
        figure("share", "top_1_share"),
        " and the largest three ",
        figure("share", "top_3_share"),
        f" of downloads of {of_scope(scope)} in ",
        _month(marts, month, "fct_concentration"),
    )
    data = [dict(row) for row in rows]
    for row in rows:
        row["name"] = _TOPS[row["measure"]]
        row["shown"] = f"{row['value']:.0%}"
        row["label"] = f"{row['name']}, {_in_words(row)}: {row['value']:.1%}"
    hues = charts.colours(list(_TOPS.values())[::-1])
    low, high = rows[-1]["hhi_low"], rows[-1]["hhi_high"]
    return Panel(
        title,
        data,
        partial(charts.lines, rows, ticks=".0%", hues=hues, height=300),
        alt=f"Lines over months: share of the largest, three and ten companies, {of_scope(scope)}.",
        choice={"scope": scope},
        note=(
            f"Herfindahl-Hirschman index of the newest month: {low:,.0f} to {high:,.0f} of "
            "10,000, by whether accounts of no known company are many or one."
        ),
    )


_LISTED = 200

_MOVES = """
with moved as (
    select unit_name, period, rank_min, rank_change, value,
        row_number() over (order by rank_change desc, value desc, unit_name) as rising,
        row_number() over (order by rank_change, value desc, unit_name) as falling
    from marts.fct_rank_history
    where grain = 'month' and unit_type = 'model' and scope = 'text_vlm'
        and attribution = 'publisher' and metric = 'downloads' and rank_change <> 0
        and rank_min <= ? and period = (
            select max(period) from marts.fct_rank_history
            where grain = 'month' and unit_type = 'model' and metric = 'downloads'
        )
)
select strftime(period, '%Y-%m-%d') as month, unit_name as repo_id, rank_min, rank_change,
    value as downloads
from moved
where (rising <= 6 and rank_change > 0) or (falling <= 6 and rank_change < 0)
order by rank_change desc, value desc, unit_name
"""

_MOST_MOVED = """
select {column} from marts.fct_rank_history
where grain = 'month' and unit_type = 'model' and scope = 'text_vlm'
    and attribution = 'publisher' and metric = 'downloads' and period = ? and unit_name = ?
"""


def _movers(marts: Marts) -> Section:
    rows = marts.rows(_MOVES, _LISTED)
    panels = []
    if rows:
        month = dt.date.fromisoformat(rows[0]["month"])
        most = max(rows, key=lambda row: abs(row["rank_change"]))

        def figure(kind: str, column: str) -> Figure:
            query = _MOST_MOVED.format(column=column)
            return marts.figure(kind, query, month, most["repo_id"])

        title: Sentence = (
            # A name may hold anything, figures too: it is a value of the mart like them.
            figure("text", "unit_name"),
            " won " if most["rank_change"] > 0 else " lost ",
            figure("count", "abs(rank_change)"),
            " places in ",
            _month_ranked(marts, month),
            " and is now at place ",
            figure("count", "rank_min"),
        )
        table = Table(
            ("model", "place", "moved", "downloads"),
            [
                (
                    printable(row["repo_id"], 80),
                    f"{row['rank_min']:,}",
                    f"{'▲' if row['rank_change'] > 0 else '▼'} {abs(row['rank_change']):,}",
                    KINDS["count"](row["downloads"]),
                )
                for row in rows
            ],
            frozenset({1, 2, 3}),
        )
        panels = [Panel(title, rows, table=table)]
    return Section(
        "movers",
        "Movers of the month",
        "fct_rank_history",
        f"Models of text and vision-language whose place by the month's downloads moved most "
        f"against the month before, among the first {_LISTED}.",
        panels,
        NO_MONTH,
    )


def _month_ranked(marts: Marts, month: dt.date) -> Figure:
    query = "select max(period) from marts.fct_rank_history where grain = 'month' and period = ?"
    return marts.figure("month", query, month)
