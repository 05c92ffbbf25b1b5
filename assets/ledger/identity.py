"""Which models of the ledger are one: ids that a source without `_id` stood in for.

Belongs here: linking surrogate ids to real ones and across renames, with the evidence. Does not
belong here: how facts see a linked model (see the staging models of `dbt_project`).

What was captured stays as it was captured. `raw.identities` is derived from the whole ledger, so
that it does not depend on the order in which captures came.
"""

from pathlib import Path

import duckdb

_ACCOUNT_RENAMES = Path(__file__).with_name("account_renames.csv")
"""Accounts that are known to have been renamed, with the source: what people maintain."""

_FLOOR = "timestamp '2022-03-02 23:29:04'"
"""Creation time that the Hub gives to everything older; it identifies nothing."""

_FIRM_COUNT = 1000
"""All-time downloads from which on an equal count is no chance."""


def resolve_identities(connection: duckdb.DuckDBPyConnection, new_models: int) -> None:
    """Write `raw.identities` anew; dates to which it matters are due.

    Which id a group goes by does not matter: what was computed is kept, and `raw.ids_replaced` says
    under which id it goes from now on.

    Facts on a date depend on whose turn it is on that date, and in which group. So it suffices to
    compare turns, apart from the id. A group that is known stays known: of two that become one, a
    turn ends from the day on which both are known. Only where a group falls apart may equal turns
    belong to other ones; there, all turns count as changed. What facts of other dates take from a
    date, they reach for by themselves: months as far as nine captures, ranks all earlier ones. One
    thing looks ahead: a parent that is declared by an id listed only later; see `_FOUND_BY_ID`.

    Args:
        connection: The warehouse.
        new_models: How many models were recorded since the last call; no facts know them.
    """
    (surrogates,) = connection.execute(
        "select count(*) from raw.models where is_surrogate"
    ).fetchall()[0]
    if not surrogates:
        return
    connection.execute(_PUBLISHED, [str(_ACCOUNT_RENAMES)])
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
    connection.execute(_IDENTITIES)
    (differ,) = connection.execute(
        "select exists (from resolved except from raw.identities) "
        "or exists (from raw.identities except from resolved)"
    ).fetchall()[0]
    if differ:
        _adopt(connection, new_models)
    connection.execute(
        "drop table published; drop table names; drop table life; drop table same_name; "
        "drop table renamed; drop table links; drop table clashes; drop table resolved"
    )


def _adopt(connection: duckdb.DuckDBPyConnection, new_models: int) -> None:
    """Let `resolved` be `raw.identities`, and note what follows for the facts."""
    connection.execute(_BEFORE, {"new_models": new_models})
    for statement in (_NOW, _CHANGED, _REPLACED):
        connection.execute(statement)
    connection.execute(
        "insert or ignore into raw.facts_due "
        "select date from raw.captures where date >= (select min(changed_on) from changed)"
    )
    # Across a turn they compared what were two models and is one, or the other way round.
    connection.execute(
        "delete from raw.capture_measures as measures using ("
        "select distinct unnest(turns) as turn from changed) as turned "
        "where turned.turn > measures.against and turned.turn <= measures.date"
    )
    connection.execute(_FOUND_BY_ID)
    for statement in (_FOLLOW_REPLACED, _NOTE_REPLACED):
        connection.execute(statement)
    connection.execute("delete from raw.identities")
    connection.execute("insert into raw.identities from resolved order by all")
    connection.execute(
        "drop table before; drop table now_one; drop table changed; drop table replaced"
    )


_PUBLISHED = """
create or replace temp table published as
select lower(old_account) as old_account, lower(new_account) as new_account, renamed_on
from read_csv(
    ?, header = true, columns = {
        'old_account': 'varchar', 'new_account': 'varchar', 'renamed_on': 'date',
        'source': 'varchar', 'updated_on': 'date'
    }
)
"""

_NAMES = """
create or replace temp table names as
select distinct
    called.model_key,
    models.is_surrogate,
    lower(called.repo_id) as name,
    called.created_at
from raw.model_names as called
join raw.models as models using (model_key)
where called.created_at is not null
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
# of the id stays, and the count goes on; or the count alone is equal and large enough. Where it is
# published that the account was renamed, the name suffices, and captures may lie in between.
_RENAMED = f"""
create or replace temp table renamed as
with opening_names as (
    select life.model_key, lower(called.repo_id) as name, called.created_at
    from life
    join raw.model_names as called
        on life.model_key = called.model_key
        and called.valid_from <= life.first_on
        and (called.valid_to is null or called.valid_to > life.first_on)
),

pairs as (
    select distinct
        going.model_key,
        coming.model_key as target_key,
        born.first_number,
        case
            when published.new_account is not null then 0
            when died.gone_number < born.first_number then null
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
    left join published
        on split_part(going.name, '/', 1) = published.old_account
        and split_part(coming.name, '/', 1) = published.new_account
        and split_part(going.name, '/', -1) = split_part(coming.name, '/', -1)
        and coalesce(born.first_count >= 0.9 * died.last_count, true)
        -- Captures may be days apart, and the day that is published not that of the move.
        and died.gone_on >= published.renamed_on - 7
        and born.first_on between published.renamed_on - 7 and published.renamed_on + 60
    where going.is_surrogate
        and going.model_key not in (select model_key from same_name)
        and died.gone_on <= born.first_on
),

best as (
    select
        *,
        min(tier) over (partition by model_key) as going_tier,
        min(tier) over (partition by target_key) as coming_tier,
        min(first_number) over (partition by model_key, tier) as first_coming
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
        -- Where captures lie in between, the name may have come under another id since.
        and (tier > 0 or first_number = first_coming)
)

select
    model_key,
    target_key,
    case tier
        when 0 then 'renamed: published rename of the account'
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

# A model that stands alone has one turn, without end.
_BEFORE = """
create or replace temp table before as
select model_key, canonical_key, turn_from, turn_to from raw.identities
union all
select model_key, model_key, life.first_on, null
from (select distinct model_key from resolved) as linked
anti join raw.identities using (model_key)
join life using (model_key)
where model_key <= (select count(*) from raw.models) - $new_models
"""

_NOW = """
create or replace temp table now_one as
select model_key, canonical_key, turn_from, turn_to from resolved
union all
select model_key, model_key, life.first_on, null
from (select distinct model_key from raw.identities) as parted
anti join resolved using (model_key)
join life using (model_key)
"""

# Turns that differ, the id apart. One of a group that fell apart is no other's, even an equal one.
_CHANGED = """
create or replace temp table changed as
with fallen_apart as (
    select before.canonical_key
    from before join now_one using (model_key)
    group by before.canonical_key
    having count(distinct now_one.canonical_key) > 1
),

turns_before as (
    select *, canonical_key in (from fallen_apart) as is_apart from before
)

select
    coalesce(turns_before.model_key, now_one.model_key) as model_key,
    case
        when turns_before.model_key is null then now_one.turn_from
        when now_one.model_key is null then turns_before.turn_from
        else least(turns_before.turn_to, now_one.turn_to)
    end as changed_on,
    [
        case when turns_before.model_key is null or now_one.model_key is null
            then coalesce(turns_before.turn_from, now_one.turn_from) end,
        turns_before.turn_to,
        now_one.turn_to
    ] as turns
from turns_before
full join now_one
    on turns_before.model_key = now_one.model_key
    and turns_before.turn_from = now_one.turn_from
    and not turns_before.is_apart
where turns_before.model_key is null
    or now_one.model_key is null
    or turns_before.turn_to is distinct from now_one.turn_to
"""

# What facts hold under an id goes on under another one. Where that of a group is taken over by
# several, or several by one, what was held for dates that are due goes, lest it stands there twice.
_REPLACED = """
create or replace temp table replaced as
with became as (
    select
        before.canonical_key as model_key,
        now_one.canonical_key as present_key,
        min(before.turn_from) as turn_from,
        count(*) over (partition by before.canonical_key) > 1 as is_apart,
        count(*) over (partition by now_one.canonical_key) > 1 as is_joined
    from before join now_one using (model_key)
    group by before.canonical_key, now_one.canonical_key
),

joined as (
    select now_one.canonical_key, min(changed.changed_on) as changed_on
    from changed join now_one using (model_key)
    group by now_one.canonical_key
)

select
    became.model_key,
    any_value(
        case when became.is_apart then became.model_key else became.present_key end
    ) as present_key,
    min(
        case when became.is_apart then became.turn_from
            when became.is_joined then joined.changed_on end
    ) as changed_on
from became left join joined on became.present_key = joined.canonical_key
group by became.model_key
having changed_on is not null or became.model_key <> any_value(became.present_key)
"""

_FOLLOW_REPLACED = """
update raw.ids_replaced as held
set present_key = replaced.present_key,
    changed_on = least(held.changed_on, replaced.changed_on)
from replaced
where held.present_key = replaced.model_key
"""

_NOTE_REPLACED = """
insert into raw.ids_replaced
select model_key, present_key, changed_on from replaced
on conflict do update
set present_key = excluded.present_key, changed_on = least(changed_on, excluded.changed_on)
"""

# A parent is looked up by its id, and by its name where the id is of no known model. An id listed
# for the first time, and linked to what was known before, is found on those earlier dates too: they
# are due where the name led elsewhere.
_FOUND_BY_ID = """
insert or ignore into raw.facts_due
with known as (
    select canonical_key, min(turn_from) as known_from from now_one group by canonical_key
),

known_before as (
    select distinct before.model_key, min(turn_from) over (partition by canonical_key) as known_from
    from before
),

found as (
    select distinct
        models.hub_id,
        now_one.canonical_key,
        known.known_from,
        coalesce(known_before.known_from, date '9999-12-31') as found_before
    from now_one
    join known using (canonical_key)
    join raw.models as models using (model_key)
    left join known_before using (model_key)
    where known.known_from < coalesce(known_before.known_from, date '9999-12-31')
),

declared as (
    select distinct
        found.canonical_key,
        lower(parents.parent_repo_id) as name,
        greatest(parents.valid_from, found.known_from) as valid_from,
        least(parents.valid_to, found.found_before) as valid_to
    from found join raw.model_parents as parents on found.hub_id = parents.parent_hub_id
    where parents.valid_from < found.found_before
        and (parents.valid_to is null or parents.valid_to > found.known_from)
),

borne as (
    select
        lower(called.repo_id) as name,
        coalesce(turns.canonical_key, called.model_key) as model_key,
        greatest(called.valid_from, turns.turn_from) as valid_from,
        least(called.valid_to, turns.turn_to) as valid_to
    from raw.model_names as called
    left join resolved as turns using (model_key)
    where lower(called.repo_id) in (select name from declared)
        and (called.valid_to is null or turns.turn_from is null
            or called.valid_to > turns.turn_from)
        and (turns.turn_to is null or called.valid_from < turns.turn_to)
),

bearers as (
    select
        name,
        min(model_key) as model_key,
        min(valid_from) as valid_from,
        count(distinct model_key) > 1 as are_several
    from borne
    group by name
),

-- All others had one bearer, whom both ways lead to.
doubtful as (
    select declared.*, captures.date
    from declared
    left join bearers using (name)
    join raw.captures as captures
        on captures.date >= declared.valid_from and captures.date < declared.valid_to
    where (
        bearers.name is null or bearers.are_several or bearers.model_key <> declared.canonical_key
        or bearers.valid_from > declared.valid_from
    )
    and captures.date not in (select due.date from raw.facts_due as due)
),

listed as (
    select distinct coalesce(keys.canonical_key, spans.model_key) as model_key, doubtful.date
    from raw.presence_spans as spans
    left join (select distinct model_key, canonical_key from resolved) as keys using (model_key)
    join doubtful
        on spans.valid_from <= doubtful.date
        and (spans.valid_to is null or spans.valid_to > doubtful.date)
    where coalesce(keys.canonical_key, spans.model_key) in (select model_key from borne)
),

named as (
    select
        doubtful.canonical_key,
        doubtful.date,
        doubtful.name,
        arg_max(
            borne.model_key,
            (
                listed.model_key is not null
                and (borne.valid_to is null or borne.valid_to > doubtful.date),
                borne.valid_from
            )
        ) as model_key
    from doubtful
    left join borne on doubtful.name = borne.name and borne.valid_from <= doubtful.date
    left join listed on borne.model_key = listed.model_key and doubtful.date = listed.date
    group by doubtful.canonical_key, doubtful.date, doubtful.name
)

select distinct date from named where model_key is distinct from canonical_key
"""
