"""Which models of the ledger are one: ids that a source without `_id` stood in for.

Belongs here: linking surrogate ids to real ones and across renames, with the evidence. Does not
belong here: how facts see a linked model (see the staging models of `dbt_project`).

What was captured stays as it was captured. `raw.identities` is derived from the whole ledger, so
that it does not depend on the order in which captures came.
"""

import duckdb

_FLOOR = "timestamp '2022-03-02 23:29:04'"
"""Creation time that the Hub gives to everything older; it identifies nothing."""

_FIRM_COUNT = 1000
"""All-time downloads from which on an equal count is no chance."""


def resolve_identities(connection: duckdb.DuckDBPyConnection) -> None:
    """Write `raw.identities` anew; dates on which a model became another one are due."""
    (surrogates,) = connection.execute(
        "select count(*) from raw.models where is_surrogate"
    ).fetchall()[0]
    if not surrogates:
        return
    for statement in (_NAMES, _LIFE, _SAME_NAME, _RENAMED, _LINKS):
        connection.execute(statement)
    # Two that one capture lists are two models: the weaker evidence goes first.
    for evidence in ("renamed", "same_name"):
        connection.execute(_CLASHES)
        connection.execute(
            f"delete from {evidence} where model_key in ("
            "select model_key from links semi join clashes using (canonical_key))"
        )
        connection.execute(_LINKS)
    connection.execute("drop table clashes")
    connection.execute(_IDENTITIES)
    connection.execute(_CHANGED)
    (changed_from,) = connection.execute("select min(turn_from) from changed").fetchall()[0]
    if changed_from is not None:
        connection.execute("delete from raw.identities")
        connection.execute("insert into raw.identities from resolved order by all")
        connection.execute(
            "insert or ignore into raw.facts_due select date from raw.captures where date >= $date",
            {"date": changed_from},
        )
        # Across a turn they compared what were two models and is one, or the other way round.
        connection.execute(
            "delete from raw.capture_measures as measures using changed "
            "where (turn_from > against and turn_from <= date) "
            "or (turn_to > against and turn_to <= date)"
        )
    connection.execute(
        "drop table names; drop table life; drop table same_name; drop table renamed; "
        "drop table links; drop table resolved; drop table changed"
    )


_NAMES = """
create or replace temp table names as
select distinct
    attributes.model_key,
    models.is_surrogate,
    lower(attributes.repo_id) as name,
    attributes.created_at
from raw.model_attributes as attributes
join raw.models as models using (model_key)
where attributes.created_at is not null
"""

# From its first listing to the capture that first lists it no more; counts at either end. Captures
# are numbered by those that count: a partial one is no absence.
_LIFE = """
create or replace temp table life as
with numbered as (
    select captures.date, count(counting.date) as number
    from raw.captures as captures
    left join raw.captures as counting
        on counting.date < captures.date and counting.verdict = 'admitted'
    group by captures.date
),

spans as (
    select
        model_key,
        min(valid_from) as first_on,
        case when count(*) = count(valid_to) then max(valid_to) end as gone_on
    from raw.presence_spans
    group by model_key
)

select
    spans.model_key,
    spans.first_on,
    spans.gone_on,
    born.number as first_number,
    died.number as gone_number,
    opening.downloads_all_time as first_count,
    closing.downloads_all_time as last_count
from spans
join numbered as born on spans.first_on = born.date
left join numbered as died on spans.gone_on = died.date
left join raw.counter_spans as opening
    on spans.model_key = opening.model_key and spans.first_on = opening.valid_from
left join raw.closed_counter_spans as closing
    on spans.model_key = closing.model_key and spans.gone_on = closing.valid_to
"""

_SAME_NAME = """
create or replace temp table same_name as
select
    stands.model_key,
    min(actual.model_key) as target_key,
    'same name and creation time' as evidence
from names as stands
join names as actual on stands.name = actual.name and stands.created_at = actual.created_at
where stands.is_surrogate and not actual.is_surrogate
group by stands.model_key
having count(distinct actual.model_key) = 1
"""

# A rename: one goes and another comes at the same capture, created in the same second. Either half
# of the id stays, and the count goes on; or the count alone is equal and large enough.
_RENAMED = f"""
create or replace temp table renamed as
with opening_names as (
    select life.model_key, lower(attributes.repo_id) as name, attributes.created_at
    from life
    join raw.model_attributes as attributes
        on life.model_key = attributes.model_key
        and attributes.valid_from <= life.first_on
        and (attributes.valid_to is null or attributes.valid_to > life.first_on)
),

pairs as (
    select distinct
        going.model_key,
        coming.model_key as target_key,
        case
            when going.created_at > {_FLOOR}
                and split_part(going.name, '/', -1) = split_part(coming.name, '/', -1)
                and coalesce(born.first_count >= 0.9 * died.last_count, true) then 1
            when going.created_at > {_FLOOR}
                and split_part(going.name, '/', 1) = split_part(coming.name, '/', 1)
                and coalesce(born.first_count >= 0.9 * died.last_count, true) then 2
            when died.last_count >= {_FIRM_COUNT}
                and born.first_count between died.last_count and 1.1 * died.last_count then 3
        end as tier
    from names as going
    join life as died on going.model_key = died.model_key
    -- What it was called when it came, whatever it was called later.
    join opening_names as coming
        on going.created_at = coming.created_at and going.model_key <> coming.model_key
    join life as born on coming.model_key = born.model_key
    where going.is_surrogate
        and going.model_key not in (select model_key from same_name)
        and died.gone_on <= born.first_on
        and died.gone_number >= born.first_number
),

best as (
    select
        *,
        min(tier) over (partition by model_key) as going_tier,
        min(tier) over (partition by target_key) as coming_tier
    from pairs
    where tier is not null
),

alone as (
    select
        *,
        count(*) over (partition by model_key) as targets,
        count(*) over (partition by target_key) as origins
    from best
    where tier = going_tier and tier = coming_tier
)

select
    model_key,
    target_key,
    case tier
        when 1 then 'renamed: same creation time and name'
        when 2 then 'renamed: same creation time and owner'
        else 'renamed: same creation time and all-time count'
    end as evidence
from alone
where targets = 1 and origins = 1
"""

# Each model leads to at most one other, later or real, so that following ends.
_LINKS = """
create or replace temp table links as
with recursive one_step as (
    from same_name
    union all
    from renamed
),

walk (model_key, evidence, at_key) as (
    select model_key, evidence, target_key from one_step
    union
    select walk.model_key, walk.evidence, one_step.target_key
    from walk join one_step on walk.at_key = one_step.model_key
)

select walk.model_key, walk.evidence, walk.at_key as canonical_key
from walk
where walk.at_key not in (select model_key from one_step)
"""

_CLASHES = """
create or replace temp table clashes as
with sightings as (
    select members.*, spans.valid_from, coalesce(spans.valid_to, date '9999-12-31') as valid_to
    from (
        select model_key, canonical_key from links
        union
        select canonical_key, canonical_key from links
    ) as members
    join raw.presence_spans as spans using (model_key)
)

select canonical_key
from sightings
qualify valid_from < max(valid_to) over (
    partition by canonical_key order by valid_from, valid_to
    rows between unbounded preceding and 1 preceding
)
"""

# Linked models take turns: each is what the model was from its own sighting to that of another one.
_IDENTITIES = """
create or replace temp table resolved as
with members as (
    from links
    union all
    select distinct canonical_key, 'its own', canonical_key from links
),

sightings as (
    select members.*, spans.valid_from
    from members join raw.presence_spans as spans using (model_key)
),

begun as (
    select *
    from sightings
    qualify model_key is distinct from lag(model_key) over (
        partition by canonical_key order by valid_from
    )
)

select
    model_key,
    canonical_key,
    evidence,
    valid_from as turn_from,
    lead(valid_from) over (partition by canonical_key order by valid_from) as turn_to
from begun
"""

_CHANGED = """
create or replace temp table changed as
(from resolved except from raw.identities)
union all
(from raw.identities except from resolved)
"""
