"""Breaks in the logit of monthly shares.

Belongs here: handing each series to `assets.facts.change_points`. Does not belong here: anything
SQL can say; see `int_share_series` for the series and `fct_change_points` for what is made of them.
"""

from itertools import groupby
from typing import Any

import pyarrow as pa

from assets.facts.change_points import breaks_by_penalty


def model(dbt: Any, session: Any) -> pa.Table:
    """Breaks by series and penalty, as positions of the months from 1 on."""
    dbt.config(materialized="table")
    series = dbt.ref("int_share_series").order("series, position").fetchall()
    columns: dict[str, list[int]] = {"series": [], "penalty": [], "position": []}
    for number, points in groupby(series, key=lambda row: row[0]):
        for penalty, found in breaks_by_penalty([point[2] for point in points]).items():
            for position in found:
                columns["series"].append(number)
                columns["penalty"].append(penalty)
                columns["position"].append(position + 1)
    return pa.table(columns, schema=pa.schema([(name, pa.int64()) for name in columns]))
