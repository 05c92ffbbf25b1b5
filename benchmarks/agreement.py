"""Whether another tool's headline facts of a date are the marts'.

Belongs here: the three facts as both sides have them, and comparing them. Does not belong here:
computing them.
"""

import datetime as dt
import math
from pathlib import Path
from typing import Any

import duckdb

from assets.ledger.warehouse import connect

# Sums of fractions depend on the order of their terms; the marts' are exact.
_TOLERANCE = 1e-9

_OURS = {
    "family_share": """
        select family, downloads from marts.fct_family_share_daily
        where
            date = $date and scope = 'all' and attribution = 'root' and basis = 'window'
            and variant = 'raw' and downloads > 0
        order by family
    """,
    "derivative_counts": """
        select family, direct, transitive from marts.fct_derivative_counts
        where date = $date and relation = 'any' and transitive > 0
        order by family
    """,
    "top_models": """
        select unit, rank_min, value from marts.fct_rank_history
        where
            period = $date and grain = 'day' and unit_type = 'model' and scope = 'all'
            and metric = 'downloads_30d' and rank_ordinal <= 1000
        order by rank_ordinal
    """,
}
_THEIRS = {
    "family_share": "select family, downloads from family_share where downloads > 0 order by 1",
    "derivative_counts": (
        "select family, direct, transitive from derivative_counts where transitive > 0 order by 1"
    ),
    "top_models": "select hub_id, place, downloads from top_models",
}


def differences(home: Path, date: dt.date, theirs: Path) -> list[str]:
    """The facts that are not equal, a line each: what is first seen to differ.

    Args:
        home: A home with the date's facts.
        date: Whose facts are compared.
        theirs: A DuckDB file with tables named like the keys of the statements above.
    """
    with connect(home, read_only=True) as ours, duckdb.connect(theirs, read_only=True) as other:
        pairs = {
            name: (
                ours.execute(query, {"date": date}).fetchall(),
                other.execute(_THEIRS[name]).fetchall(),
            )
            for name, query in _OURS.items()
        }
    found = []
    for name, (mine, others) in pairs.items():
        if not mine or len(mine) != len(others):
            found.append(f"{name}: {len(mine)} rows, theirs {len(others)}")
        found.extend(
            f"{name}: {one}, theirs {other}"
            for one, other in list(zip(mine, others, strict=False))[:1000]
            if not _same(one, other)
        )
    return found[:10]


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return all(
        mine == theirs if isinstance(mine, str) else math.isclose(mine, theirs, rel_tol=_TOLERANCE)
        for mine, theirs in zip(one, other, strict=True)
    )
