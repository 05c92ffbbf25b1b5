"""The few lines that a person reads first, from the published file.

Belongs here: the text at the end of a run. Does not belong here: the report's page.
"""

from pathlib import Path

import duckdb

from assets.hub.items import printable

SCOPE = "all"


def headline(published: Path) -> str:
    """What the newest date in a published warehouse says, as plain text.

    Family share with publisher and root side by side, derivatives, the biggest rank moves.
    """
    with duckdb.connect(published, read_only=True) as connection:
        date, source, origin, sample, models = _rows(
            connection,
            "select date, source, origin, sample, models from marts.meta_captures "
            "where verdict = 'admitted' order by date desc limit 1",
        )[0]
        lines = []
        if sample:
            lines += [
                f"SAMPLE DATA ({printable(sample)}): the figures say nothing about the real Hub.",
                "",
            ]
        lines += [f"Capture of {date}: {models:,} models, from {printable(origin)} ({source})", ""]
        lines += [
            "Share of the downloads of the last 30 days, all models",
            f"  {'family':<18}{'first-party':>12}{'ecosystem':>12}{'downloads':>16}",
        ]
        for family, publisher, root, downloads in _rows(connection, _SHARES, date, SCOPE):
            lines.append(f"  {family:<18}{publisher:>12.1%}{root:>12.1%}{downloads:>16,.0f}")
        lines += [
            "  first-party: attribution publisher; ecosystem: attribution root (with derivatives)",
            "",
            "Derivatives by others",
            f"  {'family':<18}{'direct':>12}{'transitive':>12}{'new in 30 days':>16}",
        ]
        for family, direct, transitive, new in _rows(connection, _DERIVATIVES, date):
            lines.append(f"  {family:<18}{direct:>12,}{transitive:>12,}{new:>16,}")
        lines += _arena(connection)
        lines += ["", "Biggest rank moves of models since the capture before"]
        moves = _rows(connection, _MOVES, date, SCOPE)
        for name, rank, change, value in moves:
            lines.append(f"  {change:>+6} to {rank:>4}  {printable(name)} ({value:,.0f} downloads)")
        if not moves:
            lines.append("  none yet: it takes two captures")
    return "\n".join(lines)


def _arena(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The companies of the newest text leaderboard; nothing where none is recorded."""
    rows = _rows(connection, _COMPANIES)
    if not rows:
        return []
    lines = [
        "",
        f"Arena, text leaderboard of {rows[0][0]}, each company by its best model",
        f"  {'company':<18}{'rating':>12}{'place':>12}{'best model':>16}",
    ]
    for _, company, rating, best, worst, model in rows:
        place = f"{best} to {worst}" if best and worst else "?"
        lines.append(
            f"  {printable(company):<18}{rating:>12,.0f}{place:>12}      {printable(model)}"
        )
    return lines


_SHARES = """
select family, first_party.share, ecosystem.share, ecosystem.downloads
from marts.fct_family_share_daily as ecosystem
join marts.fct_family_share_daily as first_party using (date, scope, basis, variant, family)
where ecosystem.date = ? and ecosystem.scope = ? and ecosystem.attribution = 'root'
    and basis = 'window' and first_party.attribution = 'publisher'
    and family not in ('other', 'unknown') and ecosystem.share is not null
order by ecosystem.share desc, family limit 10
"""

_DERIVATIVES = """
select family, direct, transitive, new_30d from marts.fct_derivative_counts
where date = ? and relation = 'any'
order by direct desc, family limit 5
"""

_COMPANIES = """
select published_on, company, rating, rank_best, rank_worst, best_model
from marts.fct_arena_company_ranks
where arena = 'text'
    and published_on = (select max(published_on) from marts.fct_arena_scores where arena = 'text')
order by rank_min, company limit 5
"""

_MOVES = """
select unit_name, rank_min, rank_change, value from marts.fct_rank_history
where period = ? and grain = 'day' and unit_type = 'model' and scope = ?
    and metric = 'downloads_30d' and rank_change <> 0
    and rank_min <= 200
order by abs(rank_change) desc, rank_min, unit_name limit 5
"""


def _rows(connection: duckdb.DuckDBPyConnection, query: str, *parameters: object) -> list[tuple]:
    return connection.execute(query, list(parameters)).fetchall()
