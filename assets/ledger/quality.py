"""What is wrong with a capture, as its counters and its neighbours show.

Belongs here: measuring one capture against an earlier one, and judging all of them. Does not belong
here: what facts make of a flagged capture.

Definitions: METHOD D3 (rollback), D4 (stall) and traps 7 to 12. Every judgement is a function of
the recorded captures alone, not of the order in which they came.
"""

import datetime as dt
import itertools
import statistics
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import duckdb

from assets.captures.admission import ADMITTED, Thresholds, row_verdict
from assets.hub.items import printable
from assets.ledger.due import mark_facts_due

BIG_DOWNLOADS = 60_000
"""30-day downloads from which on a model is sure to move every day."""

_ENOUGH_BIG = 10
"""Fewer big models than this say nothing about a night."""

_NO_FLOW = frozenset({"rolled_back", "stalled", "duplicated"})
"""Kinds of a capture that is no end of flows, as `stg_captures` has them."""

_NEIGHBOURS = 7
_LONGEST_HOLD = 8
"""Captures after which a rollback counts as lasting."""


@dataclass(frozen=True)
class Event:
    """Something wrong with a capture: what, how much, from how much on, in words."""

    date: dt.date
    kind: str
    measured: float
    threshold: float
    detail: str


@dataclass(frozen=True)
class _Measure:
    """Counts of models that two captures share; see `raw.capture_measures`."""

    date: dt.date
    against: dt.date
    models: int
    compared: int
    same: int
    counted: int
    fell: int
    shortfall: int
    flow: int
    big: int
    big_same_30d: int
    big_counted: int
    big_same_all_time: int

    @property
    def daily_flow(self) -> float:
        return self.flow / (self.date - self.against).days


@dataclass(frozen=True)
class _Capture:
    date: dt.date
    rows: int
    duplicates: int
    quarantined: int
    unknown_keys: list[str]
    verdict: str


_Known = dict[tuple[dt.date, dt.date], _Measure]


def judge_rows(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> None:
    """Write all verdicts anew; a date that begins or ceases to count is due.

    So are the one that counts before it, which may now end its month, and all later ones, on which
    models count as gone that it alone may list.
    """
    captures = _captures(connection)
    rows = [(capture.date, capture.rows) for capture in captures]
    for capture in captures:
        verdict, _ = row_verdict(capture.date, capture.rows, rows, thresholds.min_rows)
        if verdict != capture.verdict:
            connection.execute(
                "update raw.captures set verdict = $verdict where date = $date",
                {"verdict": verdict, "date": capture.date},
            )
        if (verdict == ADMITTED) != (capture.verdict == ADMITTED):
            connection.execute(
                """
                insert or ignore into raw.facts_due
                select date
                from raw.captures
                where date >= $date or date = (
                    select max(date) from raw.captures where date < $date and verdict = $admitted
                )
                """,
                {"date": capture.date, "admitted": ADMITTED},
            )


def judge_counters(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> None:
    """Write all quality events anew, from verdicts and counters.

    Only pairs of captures that were never compared are read; the rest is a few numbers a capture.
    """
    captures = _captures(connection)
    events = [event for capture in captures for event in _events_of_rows(capture)]
    rows = [(capture.date, capture.rows) for capture in captures]
    for capture in captures:
        if capture.verdict != ADMITTED:
            _, share = row_verdict(capture.date, capture.rows, rows, thresholds.min_rows)
            events.append(
                Event(capture.date, "partial", share, thresholds.min_rows, capture.verdict)
            )
    counting = [capture.date for capture in captures if capture.verdict == ADMITTED]
    known = _known(connection)
    measures = [
        _measure(connection, known, date, against) for against, date in itertools.pairwise(counting)
    ]
    for place, measure in enumerate(measures):
        events += _events_of_counters(measure, measures, place, thresholds)
    events += _rollbacks(connection, known, measures, thresholds)
    held = connection.execute("select date, kind from raw.quality_events").fetchall()
    mark_facts_due(connection, _changed_ends(held, events, counting))
    connection.execute("delete from raw.quality_events")
    if events:
        connection.executemany(
            "insert into raw.quality_events values (?, ?, ?, ?, ?)",
            [(e.date, e.kind, e.measured, e.threshold, e.detail) for e in events],
        )


def _changed_ends(
    held: Iterable[tuple[dt.date, str]], events: Iterable[Event], counting: Collection[dt.date]
) -> list[dt.date]:
    """Captures that became or ceased to be an end of flows, by captures that came later.

    What crossed a threshold there is found again; flows around any capture are.
    """
    before = {date for date, kind in held if kind in _NO_FLOW}
    now = {event.date for event in events if event.kind in _NO_FLOW}
    return sorted((before ^ now).intersection(counting))


def _captures(connection: duckdb.DuckDBPyConnection) -> list[_Capture]:
    rows = connection.execute(
        "select date, rows - duplicates, duplicates, quarantined, unknown_keys, verdict "
        "from raw.captures order by date"
    ).fetchall()
    return [_Capture(*row) for row in rows]


def _events_of_rows(capture: _Capture) -> Iterator[Event]:
    if capture.duplicates:
        yield Event(
            capture.date, "duplicate_rows", capture.duplicates, 0,
            f"{capture.duplicates} rows came twice; the last one of each model counts",
        )  # fmt: skip
    if capture.quarantined:
        yield Event(
            capture.date, "quarantined_rows", capture.quarantined, 0,
            f"{capture.quarantined} rows could not be used; they are kept with the reason",
        )  # fmt: skip
    if capture.unknown_keys:
        names = printable(", ".join(capture.unknown_keys))
        yield Event(
            capture.date, "unknown_keys", len(capture.unknown_keys), 0,
            f"the Hub sent keys that nobody asked for: {names}",
        )  # fmt: skip


def _events_of_counters(
    measure: _Measure, measures: Sequence[_Measure], place: int, thresholds: Thresholds
) -> Iterator[Event]:
    """Repeated, frozen and stalled captures; a rollback needs more than one pair."""
    since = f"since {measure.against}"
    if measure.same == measure.models == measure.compared:
        yield Event(
            measure.date, "duplicated", 1.0, 1.0,
            f"all {measure.models} models have the counters of {measure.against}",
        )  # fmt: skip
    if measure.big >= _ENOUGH_BIG:
        share = measure.big_same_30d / measure.big
        if share >= thresholds.frozen:
            yield Event(
                measure.date, "frozen", share, thresholds.frozen,
                f"{share:.1%} of {measure.big} big models have an unmoved 30-day count {since}",
            )  # fmt: skip
    if measure.big_counted >= _ENOUGH_BIG:
        share = measure.big_same_all_time / measure.big_counted
        if share >= thresholds.stalled:
            yield Event(
                measure.date, "stalled", share, thresholds.stalled,
                f"{share:.1%} of {measure.big_counted} big models have an unmoved all-time count "
                f"{since}",
            )  # fmt: skip
            return
    nearby = [
        other.daily_flow
        for other in [*measures[max(0, place - _NEIGHBOURS) : place],
                      *measures[place + 1 : place + 1 + _NEIGHBOURS]]
        if other.counted
    ]  # fmt: skip
    # A median of fewer nights is no measure of a usual one; a fall is no stall.
    if measure.counted and len(nearby) >= _NEIGHBOURS and not _falls(measure, thresholds):
        usual = statistics.median(nearby)
        if measure.daily_flow < thresholds.slow * usual:
            yield Event(
                measure.date, "stalled", measure.daily_flow / usual, thresholds.slow,
                f"{measure.daily_flow:.0f} downloads a day {since}, where {usual:.0f} are usual",
            )  # fmt: skip


def _rollbacks(
    connection: duckdb.DuckDBPyConnection,
    known: _Known,
    measures: Sequence[_Measure],
    thresholds: Thresholds,
) -> Iterator[Event]:
    """Captures from a fall of all-time counts on, until most of it is made up for."""
    place = 0
    while place < len(measures):
        fall = measures[place]
        place += 1
        if not _falls(fall, thresholds):
            continue
        share = fall.fell / fall.counted
        yield Event(
            fall.date, "rolled_back", share, thresholds.rolled_back,
            f"{share:.1%} of {fall.counted} models have a lower all-time count than on "
            f"{fall.against}",
        )  # fmt: skip
        for held in range(1, _LONGEST_HOLD):
            if place == len(measures):
                break
            now = _measure(connection, known, measures[place].date, fall.against)
            missing = now.shortfall / fall.shortfall
            place += 1
            if missing <= thresholds.recovered:
                break
            yield Event(
                now.date, "rolled_back", missing, thresholds.recovered,
                f"{missing:.1%} of the fall of {fall.date} below {fall.against} is still missing "
                f"(capture {held + 1} since)",
            )  # fmt: skip


def _falls(measure: _Measure, thresholds: Thresholds) -> bool:
    return measure.fell > thresholds.rolled_back * measure.counted


def _known(connection: duckdb.DuckDBPyConnection) -> _Known:
    rows = connection.execute("from raw.capture_measures").fetchall()
    return {(row[0], row[1]): _Measure(*row) for row in rows}


def _measure(
    connection: duckdb.DuckDBPyConnection, known: _Known, date: dt.date, against: dt.date
) -> _Measure:
    """The comparison of two captures, made where it was never made before."""
    if (date, against) not in known:
        row = connection.execute(
            _MEASURE, {"date": date, "against": against, "big_downloads": BIG_DOWNLOADS}
        ).fetchall()[0]
        known[date, against] = _Measure(*row)
    return known[date, against]


_MEASURE = """
insert into raw.capture_measures
with pairs as (
    select
        now.model_key is not null and was.model_key is not null as compared,
        was.downloads as was_30d,
        now.downloads as now_30d,
        was.downloads_all_time as was_all,
        now.downloads_all_time as now_all,
        was.likes is not distinct from now.likes
            and was.trending_score is not distinct from now.trending_score as same_attention
    from raw.identified_counters_on($date) as now
    full join raw.identified_counters_on($against) as was on now.model_key = was.model_key
)

select
    $date,
    $against,
    count(*),
    count(*) filter (compared),
    count(*) filter (
        compared and same_attention
        and was_30d is not distinct from now_30d and was_all is not distinct from now_all
    ),
    count(*) filter (was_all is not null and now_all is not null),
    count(*) filter (now_all < was_all),
    coalesce(sum(greatest(was_all - now_all, 0)), 0),
    coalesce(sum(greatest(now_all - was_all, 0)), 0),
    count(*) filter (was_30d >= $big_downloads and now_30d is not null),
    count(*) filter (was_30d >= $big_downloads and now_30d = was_30d),
    count(*) filter (was_30d >= $big_downloads and was_all is not null and now_all is not null),
    count(*) filter (was_30d >= $big_downloads and now_all = was_all)
from pairs
returning *
"""
