"""Who is downloaded: shares, reach, ranks, dominance, concentration, movers.

Belongs here: the sections on downloads. Does not belong here: what is derived from what (see
`lineage`), what others say of it (see `evidence`).
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from assets import charts
from assets.hub.items import printable
from assets.publication.report.marts import (
    KINDS,
    REMAINDERS,
    Figure,
    Marts,
    Sentence,
    months,
    ratio,
    share,
)
from assets.publication.report.section import (
    ATTRIBUTIONS,
    Panel,
    Section,
    Table,
    by_scope,
    named,
    newest_labels,
    plural,
    recent,
    scopes_of,
    with_runs,
)

NO_MONTH = (
    "No whole month is recorded yet: it takes captures at both ends of one. Past months come from "
    "make backfill."
)
_BOUNDS = (
    "Shaded: the least and the most that the captures allow; what is wider than the scale is cut."
)


def adoption(marts: Marts) -> Iterator[Section]:
    """The sections on downloads, in the order of the page."""
    yield _share(marts)
    yield _reach(marts)
    yield _ranks(marts)
    yield _dominance(marts)
    yield _concentration(marts)
    yield _movers(marts)


def _share(marts: Marts) -> Section:
    scopes = scopes_of(marts)
    panels = [
        panel
        for scope in scopes
        for attribution in ATTRIBUTIONS
        if (panel := _share_panel(marts, scope, scopes[scope], attribution))
    ]
    return Section(
        "share",
        "Family share",
        "fct_family_share_monthly",
        "Share of a month's downloads of these models that count for each family; all families, "
        "other and unknown included, sum to 1.",
        panels,
        NO_MONTH,
        {"scope": scopes, "attribution": ATTRIBUTIONS},
    )


# Months are measured by the counters' rise, and by the Hub's 30-day counts before the first of
# those. A share is least where the family has its least and all others have their most.
_SHARES = f"""
with monthly as (
    select * from marts.fct_family_share_monthly
    where scope = $1 and attribution = $2 and variant = 'raw' and share is not null
),
chosen as (
    select
        case when count(*) filter (basis = 'counter') > 0 then 'counter' else 'window' end as basis,
        coalesce(min(month) filter (basis = 'counter'), date '9999-12-31') as counted_from
    from monthly
),
measured as (
    select monthly.*, monthly.basis <> chosen.basis as is_other_basis,
        sum(downloads_low) over (partition by month) - downloads_low as others_low,
        sum(downloads_high) over (partition by month) - downloads_high as others_high
    from monthly cross join chosen
    where monthly.basis = chosen.basis or month < counted_from
),
shown as (
    -- Those that lead now, and those that once did.
    select family,
        row_number() over (order by max_by(share, month) desc, family) as now,
        row_number() over (order by max(share) desc, family) as ever
    from measured where family not in {REMAINDERS} group by family
    qualify now <= 5 or ever <= 2
)
select
    strftime(month, '%Y-%m-%d') as month, family as name, share as value,
    downloads_low / nullif(downloads_low + others_high, 0) as low,
    downloads_high / nullif(downloads_high + others_low, 0) as high,
    is_other_basis, basis, downloads, downloads_low, downloads_high, scope_downloads, confidence
from measured join shown using (family) order by month, name
"""

_LEADERS = f"""
with monthly as (
    select * from marts.fct_family_share_monthly
    where scope = ? and attribution = ? and variant = 'raw' and share is not null
        and family not in {REMAINDERS}
)
select family, month, basis from monthly
where basis = (select min(basis) from monthly)
qualify rank() over (order by month desc, share desc) = 1 order by family
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

_MONTH = "select max(month) from marts.fct_family_share_monthly where month = ? and basis = ?"


def _share_panel(marts: Marts, scope: str, models: str, attribution: str) -> Panel | None:
    data = marts.rows(_SHARES, scope, attribution)
    leaders = marts.rows(_LEADERS, scope, attribution)
    if not data or not leaders:
        return None
    choice, month, basis = (scope, attribution), leaders[0]["month"], leaders[0]["basis"]
    names = [row["family"] for row in leaders]
    by = "" if attribution == "publisher" else f", counted by {ATTRIBUTIONS[attribution]},"
    are = "is the most downloaded family" if len(names) == 1 else "are level as the most downloaded"
    title: Sentence = (
        f"{named(names)}{by} {are} of {models}: ",
        marts.figure("share", _ONE_SHARE, month, names[0], *choice, basis),
        " in ",
        marts.figure("month", _MONTH, month, basis),
    )
    if len(names) == 1:
        title += _against_peak(marts, names[0], choice, month, basis)
    rows = with_runs(recent(data))
    for row in rows:
        row["shown"] = share(row["value"])
        row["label"] = f"{row['name']}, {_in_words(row)}: {row['shown']}{_span(row, share)}"
    hues = charts.colours(_by_last_value(rows))
    has_other = any(row["is_other_basis"] for row in rows)
    notes = {
        (True, "counter"): "Solid: rise of the all-time counters. Dashed: the Hub's 30-day counts, "
        f"for months before the counters. {_BOUNDS}",
        (False, "counter"): f"Rise of the all-time counters. {_BOUNDS}",
        (False, "window"): "The Hub's 30-day counts; months bounded by counters are not recorded.",
    }
    return Panel(
        title,
        data,
        partial(charts.lines, rows, ticks="%", hues=hues),
        alt=f"Lines over months: share of downloads of {models} for {', '.join(hues)}.",
        choice={"scope": scope, "attribution": attribution},
        note=notes[has_other, basis],
        values=newest_labels(rows),
    )


def _against_peak(
    marts: Marts, family: str, choice: tuple[str, str], month: dt.date, basis: str
) -> Sentence:
    """How the newest share stands to the highest so far, where there is more than one."""
    peak = marts.figure("month", _PEAK, family, *choice, basis)
    now = marts.figure("share", _ONE_SHARE, month, family, *choice, basis)
    first = marts.value(
        "select min(month) from marts.fct_family_share_monthly where family = ? and scope = ? "
        "and attribution = ? and basis = ?",
        family, *choice, basis,
    )  # fmt: skip
    if peak.value == month:
        return (", its highest share so far",) if first != month else ()
    top = marts.figure("share", _ONE_SHARE, peak.value, family, *choice, basis)
    return (", down from ", top, " in ", peak) if top.shown != now.shown else ()


def _span(row: dict, shown: Callable[[float], str]) -> str:
    """The bounds of a value in words, where they are not the value itself."""
    if row.get("low") is None or row.get("high") is None:
        return ""
    low, high = shown(row["low"]), shown(row["high"])
    return "" if low == high else f" ({low} to {high} possible)"


def _in_words(row: dict) -> str:
    return months(dt.date.fromisoformat(row["month"]))


def _by_last_value(rows: Sequence[dict]) -> list[str]:
    last = max(row["month"] for row in rows)
    now = {row["name"]: row["value"] for row in rows if row["month"] == last}
    return sorted({row["name"] for row in rows}, key=lambda name: (-now.get(name, 0), name))


def _reach(marts: Marts) -> Section:
    panels, scopes = by_scope(marts, _reach_panel)
    return Section(
        "reach",
        "First-party and ecosystem",
        "fct_family_share_daily",
        "Share of the Hub's 30-day downloads: a ring is what the family's own accounts publish "
        "(attribution publisher), a dot all that descends from its weights, or bears its name and "
        "declares no parents (root); beside them, how many times as much that is.",
        panels,
        "No date is recorded yet.",
        {"scope": scopes},
    )


_REACH = f"""
select
    root.family as name, own.share as first, root.share as ecosystem,
    root.downloads / nullif(own.downloads, 0) as multiplier,
    own.downloads as first_downloads, root.downloads as ecosystem_downloads, root.date
from marts.fct_family_share_daily as root
join marts.fct_family_share_daily as own using (date, scope, basis, variant, family)
where root.scope = ? and root.attribution = 'root' and own.attribution = 'publisher'
    and basis = 'window' and family not in {REMAINDERS} and root.share > 0
    and date = (select max(date) from marts.meta_captures where verdict = 'admitted')
order by root.share desc, name limit 10
"""

_ONE_DAY = """
select share from marts.fct_family_share_daily
where date = ? and family = ? and scope = ? and attribution = ? and basis = 'window'
"""


def _reach_panel(marts: Marts, scope: str, models: str) -> Panel | None:
    rows = marts.rows(_REACH, scope)
    if not rows:
        return None
    first, date = rows[0]["name"], rows[0]["date"]
    own = marts.figure("share", _ONE_DAY, date, first, scope, "publisher")
    root = marts.figure("share", _ONE_DAY, date, first, scope, "root")
    title: Sentence = (
        f"With what others derive from it or publish under its name, {first} goes from ",
        own,
        " to ",
        root,
        f" of downloads of {models} in the last 30 days",
    )
    if own.shown == root.shown:
        title = (
            f"{first} has ",
            root,
            f" of downloads of {models} in the last 30 days, with derivatives and without",
        )
    data = [dict(row) for row in rows]
    for row in rows:
        row["times"] = f"\u00d7 {row['multiplier']:.2f}" if row["multiplier"] else ""
        row["label"] = f"{row['name']}, with derivatives: {share(row['ecosystem'])}"
        row["first_label"] = f"{row['name']}, own accounts: {share(row['first'])}"
        row["date"] = row["date"].isoformat()
    hues = charts.colours([row["name"] for row in rows])
    return Panel(
        title,
        data,
        partial(charts.reach, rows, hues=hues),
        alt=f"A line a family from its first-party to its ecosystem share, of {models}.",
        choice={"scope": scope},
        note=_flagged(marts, date),
        values=[row["first_label"] + "; " + row["label"].split(", ")[-1] for row in rows],
    )


def _flagged(marts: Marts, date: dt.date) -> str:
    """What a reader of one date's figures should know of its capture."""
    flags = marts.value("select flags from marts.meta_captures where date = ?", date)
    return f"The capture of this date is flagged: {flags}." if flags else ""


_PLACES = 8


def _ranks(marts: Marts) -> Section:
    panels, scopes = by_scope(marts, _rank_panel)
    return Section(
        "ranks",
        "Rank history",
        "fct_rank_history",
        "Place of each family by the month's downloads of what its own accounts publish "
        "(attribution publisher, basis counter); ties share the better place.",
        panels,
        NO_MONTH,
        {"scope": scopes},
    )


_RANKS = f"""
with ranked as (
    select period, unit, rank_min, rank_best, rank_worst, value from marts.fct_rank_history
    where grain = 'month' and unit_type = 'family' and scope = ? and attribution = 'publisher'
        and metric = 'downloads' and unit not in {REMAINDERS}
),
shown as (select unit from ranked group by unit having min(rank_min) <= ?)
select
    strftime(period, '%Y-%m-%d') as month, unit as name, rank_min, rank_best, rank_worst, value
from ranked join shown using (unit) order by month, rank_min, name
"""

_FIRST = f"""
select unit, period from marts.fct_rank_history
where grain = 'month' and unit_type = 'family' and scope = ? and attribution = 'publisher'
    and metric = 'downloads' and rank_min = 1 and unit not in {REMAINDERS}
qualify rank() over (order by period desc) = 1 order by unit
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


def _rank_panel(marts: Marts, scope: str, models: str) -> Panel | None:
    data = marts.rows(_RANKS, scope, _PLACES)
    first = marts.rows(_FIRST, scope)
    if not data or not first:
        return None
    names, period = [row["unit"] for row in first], first[0]["period"]
    total = marts.figure("count", _RANKED_MONTHS, scope)
    are = "is first" if len(names) == 1 else "share the first place"
    title: Sentence = (
        f"{named(names)} {are} among {models} in ",
        _month_of(marts, "fct_rank_history", "period", period),
    )
    if len(names) == 1:
        title += (
            ", as in ",
            marts.figure("count", _TIMES_FIRST, scope, names[0], period),
            " of ",
            total,
            plural(total, " month on record", " months on record"),
        )
    rows = with_runs(recent(data))
    for row in rows:
        row["rank"] = row["rank_min"] if row["rank_min"] <= _PLACES else None
        span = f" ({row['rank_best']} to {row['rank_worst']} possible)"
        row["label"] = (
            f"{row['name']}, {_in_words(row)}: place {row['rank_min']}"
            f"{span if row['rank_best'] != row['rank_worst'] else ''}"
        )
    last = max(row["month"] for row in rows)
    newest = sorted((row for row in rows if row["month"] == last), key=lambda row: row["rank_min"])
    order = [row["name"] for row in newest if row["rank"] is not None]
    gone = sorted({row["name"] for row in rows} - set(order))
    hues = charts.colours(order) | dict.fromkeys(gone, charts.REST)
    return Panel(
        title,
        data,
        partial(charts.ranks, rows, hues=hues, places=_PLACES),
        alt=f"Places one to eight over months for {', '.join(order)}.",
        choice={"scope": scope},
        note="Grey without a name: families that were among the first eight and are not now."
        if gone
        else "",
        values=newest_labels(newest),
    )


def _month_of(marts: Marts, mart: str, column: str, month: dt.date) -> Figure:
    return marts.figure(
        "month", f"select max({column}) from marts.{mart} where {column} = ?", month
    )


_SETS = {
    "next_8": "next eight",
    "next_8_labs": "eight labs",
    "xinhua8": "press's eight",
    "everyone_else": "all others",
}


def _dominance(marts: Marts) -> Section:
    panels, scopes = by_scope(marts, _dominance_panel)
    return Section(
        "dominance",
        "Dominance",
        "fct_dominance",
        "Downloads of the newest month's first company over those of others together, by their "
        "own accounts: the eight largest others, the eight largest that train models, the eight "
        "that the press named, and all others. Above 1 it has more than they have together.",
        panels,
        "No whole month with eight other companies is recorded yet.",
        {"scope": scopes},
    )


_DOMINANT = """
select leader, month from marts.fct_dominance
where unit_type = 'company' and scope = ? and attribution = 'publisher' and basis = 'counter'
    and competitor_set = 'next_8' and ratio > 0
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


def _dominance_panel(marts: Marts, scope: str, models: str) -> Panel | None:
    found = marts.rows(_DOMINANT, scope)
    if not found:
        return None
    leader, month = found[0].values()
    data = marts.rows(_DOMINANCE, scope, leader)
    total = marts.figure("count", _AHEAD.replace(" filter (verdict = 'ahead')", ""), leader, scope)
    title: Sentence = (
        f"{leader} has ",
        marts.figure("ratio", _RATIO, month, leader, scope),
        f" times the downloads of the next eight companies together, of {models} in ",
        _month_of(marts, "fct_dominance", "month", month),
        "; it was certainly ahead of them in ",
        marts.figure("count", _AHEAD, leader, scope),
        " of ",
        total,
        plural(total, " month", " months"),
    )
    for row in data:
        row["name"] = _SETS[row["competitor_set"]]
    rows = with_runs(recent(data))
    for row in rows:
        row["shown"] = ratio(row["value"])
        row["label"] = (
            f"{leader} over {row['name']}, {_in_words(row)}: {row['shown']}{_span(row, ratio)}"
        )
        # No scale of ratios has a place for nothing at all: shaded down to its end.
        row["low"] = row["low"] or row["value"] / 1e6
    hues = charts.colours(list(_SETS.values()))
    return Panel(
        title,
        data,
        partial(
            charts.lines,
            rows,
            ticks="~g",
            hues=hues,
            logarithmic=True,
            reference=(1.0, "equal"),
            height=320,
        ),
        alt=f"Lines over months: downloads of {leader} over those of {', '.join(hues)}.",
        choice={"scope": scope},
        note=_BOUNDS,
        values=newest_labels(rows),
    )


def _concentration(marts: Marts) -> Section:
    panels, scopes = by_scope(marts, _concentration_panel)
    return Section(
        "concentration",
        "Concentration",
        "fct_concentration",
        "Part of a month's downloads that goes to the largest company, the largest three and the "
        "largest ten, by their own accounts; accounts that belong to no known company are in the "
        "total.",
        panels,
        NO_MONTH,
        {"scope": scopes},
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


def _concentration_panel(marts: Marts, scope: str, models: str) -> Panel | None:
    data = marts.rows(_CONCENTRATION, scope)
    if not data:
        return None
    month = dt.date.fromisoformat(data[-1]["month"])

    def figure(kind: str, column: str) -> Figure:
        return marts.figure(kind, _ONE_CONCENTRATION.format(column=column), month, scope)

    title: Sentence = (
        "The largest company has ",
        figure("share", "top_1_share"),
        " and the largest three ",
        figure("share", "top_3_share"),
        f" of downloads of {models} in ",
        _month_of(marts, "fct_concentration", "month", month),
    )
    for row in data:
        row["name"] = _TOPS[row["measure"]]
    rows = with_runs(recent(data))
    for row in rows:
        row["shown"] = f"{row['value']:.0%}"
        row["label"] = f"{row['name']}, {_in_words(row)}: {share(row['value'])}"
    hues = charts.colours(list(_TOPS.values())[::-1])
    low, high = data[-1]["hhi_low"], data[-1]["hhi_high"]
    return Panel(
        title,
        data,
        partial(charts.lines, rows, ticks="%", hues=hues, height=300),
        alt=f"Lines over months: share of the largest, three and ten companies, {models}.",
        choice={"scope": scope},
        note=(
            f"Herfindahl-Hirschman index of the newest month: {low:,.0f} to {high:,.0f} of "
            "10,000, by whether accounts of no known company are many or one."
        ),
        values=newest_labels(rows),
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

        places = figure("count", "abs(rank_change)")
        title: Sentence = (
            # A name may hold anything, figures too: it is a value of the mart like them.
            figure("text", "unit_name"),
            " won " if most["rank_change"] > 0 else " lost ",
            places,
            plural(places, " place in ", " places in "),
            _month_of(marts, "fct_rank_history", "period", month),
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
        f"against the month before, among those that are in the first {_LISTED} now.",
        panels,
        NO_MONTH,
    )
