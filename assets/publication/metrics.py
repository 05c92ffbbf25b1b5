"""Metrics of the dbt project, answered by MetricFlow from what is published.

Belongs here: MetricFlow's settings and what is asked of it. Does not belong here: what a metric
means (see the semantic models beside the marts in `dbt_project`).
"""

import datetime as dt
import functools
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from assets.errors import LedgerError
from assets.facts.project import PROJECT_DIR, manifest_path
from assets.facts.watch import sample_kind
from assets.hub.items import printable

if TYPE_CHECKING:
    from metricflow.engine.metricflow_engine import MetricFlowEngine

_PART = "part_"
"""How metrics begin that are parts of others: alone they mix definitions."""


@dataclass(frozen=True)
class Question:
    """What is asked, in MetricFlow's words; the dates are the first and the last that count."""

    metrics: Sequence[str]
    group_by: Sequence[str] = ()
    where: str | None = None
    order: Sequence[str] = ()
    limit: int | None = None
    first: dt.date | None = None
    last: dt.date | None = None


def available(published: Path) -> str:
    """The metrics there are, each with its meaning and what it can be grouped and filtered by."""
    lines = []
    for metric in _engine(published).list_metrics():
        if not metric.name.startswith(_PART):
            names = sorted({one.dunder_name for one in metric.dimensions})
            lines += [
                metric.name,
                f"    {metric.description}",
                f"    by family, {', '.join(names)}",
            ]
    return "\n".join(lines)


def answer(published: Path, question: Question, explain: bool = False) -> str:
    """The answer as a table, or the SQL that gives it.

    The published file is opened read-only, and let go of when the process ends.

    Raises:
        LedgerError: Nothing is published, or MetricFlow or DuckDB refuse the question.
    """
    parts = [name for name in question.metrics if name.startswith(_PART)]
    if parts:
        raise LedgerError(
            f"{parts[0]} is a part of other metrics and mixes definitions; make metrics lists "
            "those to ask for"
        )
    if question.first and question.last and question.first > question.last:
        raise LedgerError(f"FROM={question.first} lies after TO={question.last}")
    engine = _engine(published)
    from dbt_common.exceptions import DbtRuntimeError
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest
    from metricflow_semantics.errors.error_classes import MetricFlowException

    try:
        request = MetricFlowQueryRequest.create(
            metric_names=question.metrics,
            group_by_names=question.group_by,
            where_constraints=[question.where] if question.where else None,
            order_by_names=question.order,
            limit=question.limit,
            time_constraint_start=_midnight(question.first),
            time_constraint_end=_midnight(question.last),
        )
        if explain:
            return engine.explain(request).sql_statement.without_descriptions.sql
        found = engine.query(request).result_df
    except (DbtRuntimeError, MetricFlowException) as error:
        # One mistake is told for every part of a metric, with where in MetricFlow it was found.
        told = re.split("Error #2:|Got exception:|Issue Location:", str(error))[0]
        raise LedgerError(told.rpartition("Invalid Input Error: ")[2].strip()) from error
    if found is None or not found.row_count:
        return "no rows"
    # Some units are named by the Hub.
    rows = [printable(line, 10_000) for line in found.text_format(4).split("\n")]
    return "\n".join([*_sample(published), *rows])


@functools.cache
def _engine(published: Path) -> "MetricFlowEngine":
    """MetricFlow on a published file; a process has one."""
    if not published.exists():
        raise LedgerError(
            "nothing is published yet: make nightly, make backfill or make demo first"
        )
    try:
        # Not `mf`, whose every call asks PyPI for a newer version of itself.
        from dbt_metricflow.cli.cli_configuration import CLIConfiguration
    except ImportError:
        raise LedgerError(
            "MetricFlow is missing: install this project with its extra metrics"
        ) from None
    os.environ.update(
        {
            "HUB_LEDGER_DBT_TARGET": "published",
            "HUB_LEDGER_PUBLISHED": str(published),
            "DBT_LOG_PATH": str(PROJECT_DIR / "target"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }
    )
    # The semantic manifest lies beside it.
    manifest_path()
    configuration = CLIConfiguration()
    configuration.setup(PROJECT_DIR, PROJECT_DIR, configure_file_logging=False)
    return configuration.mf


def _sample(published: Path) -> list[str]:
    with duckdb.connect(published, read_only=True) as connection:
        sample = sample_kind(connection)
    if not sample:
        return []
    return [f"SAMPLE DATA ({printable(sample)}): the figures say nothing about the real Hub.", ""]


def _midnight(date: dt.date | None) -> dt.datetime | None:
    return dt.datetime.combine(date, dt.time()) if date else None
