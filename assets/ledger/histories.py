"""What was seen on one date, fitted into histories of half-open intervals.

Belongs here: spans (how long something stayed the same while it was listed) and states (what
something was, kept while it is not listed). Does not belong here: what is recorded as which.

Each history depends only on what was seen on which dates, not on the order of recording.
"""

import datetime as dt
from collections.abc import Sequence

import duckdb


def record_spans(
    connection: duckdb.DuckDBPyConnection,
    history: str,
    columns: Sequence[str],
    date: dt.date,
    next_date: dt.date | None,
) -> None:
    """Fit the temporary table `seen` into ``raw.open_<history>`` and ``raw.closed_<history>``.

    Args:
        connection: The warehouse, with `seen`: one row a listed model, `model_key` and `columns`.
        history: Name of the history.
        columns: What stays the same during a span.
        date: The date seen.
        next_date: The first recorded date after it; None where it is the newest.
    """
    names = {
        "open": f"raw.open_{history}",
        "closed": f"raw.closed_{history}",
        "columns": "".join(f", {name}" for name in columns),
        "held": "".join(f", held.{name}" for name in columns),
        "seen": "".join(f", seen.{name}" for name in columns),
        "order": _by_magnitude(columns),
        "same": _same("seen", "held", columns),
        "later": _same("seen", "later", columns),
    }
    _execute(connection, _APPEND if next_date is None else _INSERT, names, date, next_date)


# The newest date: what is open is what it lists; what changed or is listed no more is closed.
_APPEND = (
    """
    create or replace temp table reopened as
    select
        seen.model_key,
        case when held.model_key is not null and {same} then held.valid_from else $date end
            as valid_from{seen}
    from seen
    left join {open} as held on seen.model_key = held.model_key
    order by seen.model_key
    """,
    """
    insert into {closed} (model_key, valid_from, valid_to{columns})
    select held.model_key, held.valid_from, $date{held}
    from {open} as held
    anti join reopened
        on held.model_key = reopened.model_key and held.valid_from = reopened.valid_from
    -- Like beside like: half the size on disk that the order of models has.
    order by {order}model_key
    """,
    # A table made by a query is free to hold NULL; the schema's is not.
    """
    create or replace table {open} as from reopened;
    alter table {open} alter column model_key set not null;
    alter table {open} alter column valid_from set not null;
    """,
    "drop table reopened",
)

# A date between or before others: the span that held over it is split, and goes on at the next
# date; what was seen holds on that date alone, or joins the span that begins at the next one.
_INSERT = (
    """
    create or replace temp table around as
    select model_key, valid_from, null::date as valid_to{columns} from {open}
    where valid_from <= $next_date
    union all
    select model_key, valid_from, valid_to{columns} from {closed}
    where valid_from <= $next_date and valid_to > $date
    """,
    """
    create or replace temp table fitted as
    with held as (from around where valid_from < $date),

    later as (from around where valid_from = $next_date),

    unequal as (
        select coalesce(held.model_key, seen.model_key) as model_key
        from held full join seen on held.model_key = seen.model_key
        where held.model_key is null or seen.model_key is null or not {same}
    )

    select held.model_key, held.valid_from, $date as valid_to{held}
    from held semi join unequal using (model_key)
    union all
    select
        seen.model_key,
        $date,
        case when later.model_key is not null and {later} then later.valid_to else $next_date end
        {seen}
    from seen
    semi join unequal using (model_key)
    left join later on seen.model_key = later.model_key
    union all
    select held.model_key, $next_date, held.valid_to{held}
    from held semi join unequal using (model_key)
    where held.valid_to is null or held.valid_to > $next_date
    """,
    # Replaced: the span held over the date, and a later one that what was seen has joined.
    """
    create or replace temp table replaced as
    select around.model_key, around.valid_from
    from around
    join fitted on around.model_key = fitted.model_key
        and (
            (around.valid_from < $date and fitted.valid_from = around.valid_from)
            or (
                around.valid_from = $next_date and fitted.valid_from = $date
                and fitted.valid_to is distinct from $next_date
            )
        )
    """,
    """
    delete from {open} as kept using replaced
    where kept.model_key = replaced.model_key and kept.valid_from = replaced.valid_from
    """,
    """
    delete from {closed} as kept using replaced
    where kept.model_key = replaced.model_key and kept.valid_from = replaced.valid_from
    """,
    """
    insert into {open} (model_key, valid_from{columns})
    select model_key, valid_from{columns} from fitted where valid_to is null order by model_key
    """,
    """
    insert into {closed} (model_key, valid_from, valid_to{columns})
    select model_key, valid_from, valid_to{columns} from fitted
    where valid_to is not null order by {order}model_key, valid_from
    """,
    "drop table around; drop table fitted; drop table replaced",
)


def record_states(
    connection: duckdb.DuckDBPyConnection,
    history: str,
    columns: Sequence[str],
    date: dt.date,
    next_date: dt.date | None,
    no_row: str,
) -> None:
    """Fit the temporary table `seen` into ``raw.open_<history>`` and ``raw.closed_<history>``.

    An interval runs from the first sighting of a state to the first sighting of another one.
    Needs the presence of `date` and of all other dates to be recorded.

    Args:
        connection: The warehouse, with `seen`: one row a listed model, `model_key` and `columns`.
        history: Name of the history.
        columns: What makes a state.
        date: The date seen.
        next_date: The first recorded date after it; None where it is the newest.
        no_row: Which state of `seen` a model has before its first interval, as a condition.
    """
    names = {
        "open": f"raw.open_{history}",
        "closed": f"raw.closed_{history}",
        "all": f"raw.{history}",
        "columns": "".join(f", {name}" for name in columns),
        "held": "".join(f", held.{name}" for name in columns),
        "seen": "".join(f", seen.{name}" for name in columns),
        "empty": "".join(", []" if name == "parents" else ", null" for name in columns),
        "differs": f"case when held.model_key is null then not ({no_row}) "
        f"else not {_same('seen', 'held', columns)} end",
        "follows": _same("following", "seen", columns),
    }
    _execute(connection, _NEWEST if next_date is None else _AMONG, names, date, next_date)


# The newest date: all that can change is what is open. A table is inserted into once: DuckDB 2.0
# loses its statistics if one transaction inserts nothing first and a row group after, and joins
# then miss its rows.
_NEWEST = (
    """
    create or replace temp table changed as
    select seen.model_key
    from seen left join {open} as held on seen.model_key = held.model_key
    where {differs}
    """,
    """
    insert into {closed} (model_key, valid_from, valid_to{columns})
    select held.model_key, held.valid_from, $date{held}
    from {open} as held semi join changed on held.model_key = changed.model_key
    order by held.model_key
    """,
    "delete from {open} where model_key in (select model_key from changed)",
    """
    insert into {open} (model_key, valid_from{columns})
    select seen.model_key, $date{seen}
    from seen semi join changed on seen.model_key = changed.model_key
    order by seen.model_key
    """,
    "drop table changed",
)

# A date between or before others may fall inside an interval. What it can change, the states held
# on it and those that follow, is taken out, fitted and put back.
_AMONG = (
    """
    create or replace temp table differing as
    select
        seen.model_key,
        held.valid_from as held_from,
        held.model_key is not null as held
    from seen
    left join {all} as held
        on seen.model_key = held.model_key
        and held.valid_from <= $date
        and (held.valid_to is null or held.valid_to > $date)
    where {differs}
    """,
    # Where the next interval of each begins, and where the held state is sighted again before that.
    """
    create or replace temp table changed as
    with following as (
        select
            differing.model_key,
            differing.held_from,
            differing.held,
            min(later.valid_from) as next_from
        from differing
        left join {all} as later
            on differing.model_key = later.model_key and later.valid_from > $date
        group by all
    ),

    sightings as (
        select following.model_key, min(greatest(spans.valid_from, $next_date)) as resumed_on
        from following
        join raw.presence_spans as spans
            on following.model_key = spans.model_key
            and (spans.valid_to is null or spans.valid_to > greatest(spans.valid_from, $next_date))
            and greatest(spans.valid_from, $next_date)
            < coalesce(following.next_from, date '9999-12-31')
        group by following.model_key
    )

    select following.*, sightings.resumed_on
    from following left join sightings using (model_key)
    """,
    """
    create or replace temp table states as
    select held.*
    from {all} as held
    join changed on held.model_key = changed.model_key
        and (held.valid_from = changed.held_from or held.valid_from = changed.next_from)
    """,
    """
    delete from {open} as kept using states
    where kept.model_key = states.model_key and kept.valid_from = states.valid_from
    """,
    """
    delete from {closed} as kept using states
    where kept.model_key = states.model_key and kept.valid_from = states.valid_from
    """,
    """
    update states as held set valid_to = $date
    from changed
    where changed.held
        and held.model_key = changed.model_key and held.valid_from = changed.held_from
    """,
    # The same state begins later: it begins on this date.
    """
    update states as following set valid_from = $date
    from changed join seen on changed.model_key = seen.model_key
    where changed.resumed_on is null
        and following.model_key = changed.model_key
        and following.valid_from = changed.next_from
        and {follows}
    """,
    """
    insert into states (model_key, valid_from, valid_to{columns})
    select seen.model_key, $date, coalesce(changed.resumed_on, changed.next_from){seen}
    from changed join seen on changed.model_key = seen.model_key
    where not exists (
        select 1 from states as placed
        where placed.model_key = seen.model_key and placed.valid_from = $date
    )
    union all
    -- The held state goes on after this date,
    select changed.model_key, changed.resumed_on, changed.next_from{held}
    from changed join states as held
        on changed.model_key = held.model_key and changed.held_from = held.valid_from
    where changed.held and changed.resumed_on is not null
    union all
    -- or, where nothing was held before, the state of a model that declared nothing.
    select model_key, resumed_on, next_from{empty}
    from changed where not held and resumed_on is not null
    """,
    """
    insert into {open} (model_key, valid_from{columns})
    select model_key, valid_from{columns} from states where valid_to is null order by model_key
    """,
    """
    insert into {closed} (model_key, valid_from, valid_to{columns})
    select model_key, valid_from, valid_to{columns} from states
    where valid_to is not null order by valid_to, model_key
    """,
    "drop table differing; drop table states; drop table changed",
)


def _execute(
    connection: duckdb.DuckDBPyConnection,
    statements: Sequence[str],
    names: dict[str, str],
    date: dt.date,
    next_date: dt.date | None,
) -> None:
    for statement in statements:
        query = statement.format(**names)
        parameters = {"date": date, "next_date": next_date}
        used = {name: value for name, value in parameters.items() if f"${name}" in query}
        connection.execute(query, used)


def _by_magnitude(columns: Sequence[str]) -> str:
    """Order by the bits of the last column, if any: numbers and gaps between keys are small in it.

    What takes seven bits or less lies together: more would part keys for nothing.
    """
    return f"floor(log2(greatest(coalesce({columns[-1]}, 0), 127) + 1)), " if columns else ""


def _same(left: str, right: str, columns: Sequence[str]) -> str:
    equal = [f"{left}.{name} is not distinct from {right}.{name}" for name in columns]
    return f"({' and '.join(equal) or 'true'})"
