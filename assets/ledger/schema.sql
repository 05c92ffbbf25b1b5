-- The ledger's tables. Keys are the ledger's own small integers; the Hub's identity is
-- raw.models.hub_id. All histories are half-open: valid_from is the first capture date on which a
-- row holds, valid_to the first later one on which it does not (NULL: it holds at the newest).
create schema if not exists raw;

create table if not exists raw.captures (
    date date primary key,
    source varchar not null,
    origin varchar not null,
    sample varchar,
    started_at timestamp not null,
    finished_at timestamp not null,
    pages integer not null,
    rows bigint not null,
    duplicates bigint not null,
    counted bigint not null,
    quarantined bigint not null,
    private bigint not null,
    retries integer not null,
    unknown_keys varchar[] not null,
    items_sha256 varchar not null,
    items_bytes bigint not null,
    software varchar not null,
    verdict varchar not null,
    loaded_at timestamp not null
);

-- How a capture compares with an earlier one, over the models that both list. Counters of a date
-- never change, so that a row is true for ever. "big" models had 60,000 downloads in 30 days.
create table if not exists raw.capture_measures (
    date date not null,
    against date not null,
    models bigint not null,
    compared bigint not null,
    same bigint not null,
    counted bigint not null,
    fell bigint not null,
    shortfall hugeint not null,
    flow hugeint not null,
    big bigint not null,
    big_same_30d bigint not null,
    big_counted bigint not null,
    big_same_all_time bigint not null,
    primary key (date, against)
);

-- What was wrong with a capture, judged by its neighbours; a function of the captures alone.
create table if not exists raw.quality_events (
    date date not null,
    kind varchar not null,
    measured double not null,
    threshold double not null,
    detail varchar not null
);

-- is_surrogate: hub_id stands in for one that the source did not tell.
create table if not exists raw.models (
    model_key integer not null,
    hub_id varchar not null,
    is_surrogate boolean not null
);

-- Models that are one, with the evidence: those linked to a canonical one, and it. They take turns;
-- a turn is half-open like a history. A model that is not linked has no row.
create table if not exists raw.identities (
    model_key integer not null,
    canonical_key integer not null,
    evidence varchar not null,
    turn_from date not null,
    turn_to date
);

create or replace view raw.canonical_keys as
select distinct model_key, canonical_key from raw.identities;

-- A model has a span of counters for each run of captures that list it with the same ones. Those
-- that hold at the newest capture stand apart, so that a night appends to the others and a load
-- costs the same however long the history is.
create table if not exists raw.open_counter_spans (
    model_key integer not null,
    valid_from date not null,
    downloads bigint,
    downloads_all_time bigint
);

create table if not exists raw.closed_counter_spans (
    model_key integer not null,
    valid_from date not null,
    valid_to date not null,
    downloads bigint,
    downloads_all_time bigint
);

create or replace view raw.counter_spans as
select model_key, valid_from, null::date as valid_to, downloads, downloads_all_time
from raw.open_counter_spans
union all
select model_key, valid_from, valid_to, downloads, downloads_all_time
from raw.closed_counter_spans;

-- Likes and trend move seldom: apart from the downloads, they cost a tenth.
create table if not exists raw.open_attention_spans (
    model_key integer not null,
    valid_from date not null,
    likes bigint,
    trending_score double
);

create table if not exists raw.closed_attention_spans (
    model_key integer not null,
    valid_from date not null,
    valid_to date not null,
    likes bigint,
    trending_score double
);

create or replace view raw.attention_spans as
select model_key, valid_from, null::date as valid_to, likes, trending_score
from raw.open_attention_spans
union all
select model_key, valid_from, valid_to, likes, trending_score
from raw.closed_attention_spans;

-- Counters of one date, one row a model that the capture lists.
create or replace macro raw.counters_on(on_date) as table
select counters.model_key, counters.downloads, counters.downloads_all_time,
    attention.likes, attention.trending_score
from raw.counter_spans as counters
join raw.attention_spans as attention on counters.model_key = attention.model_key
where counters.valid_from <= on_date
    and (counters.valid_to is null or counters.valid_to > on_date)
    and attention.valid_from <= on_date
    and (attention.valid_to is null or attention.valid_to > on_date);

-- The same for every date: one row a model a date. Ask for few dates.
create or replace view raw.model_counters as
select captures.date, counters.model_key, counters.downloads, counters.downloads_all_time,
    attention.likes, attention.trending_score
from raw.captures as captures
join raw.counter_spans as counters
    on counters.valid_from <= captures.date
    and (counters.valid_to is null or counters.valid_to > captures.date)
join raw.attention_spans as attention
    on counters.model_key = attention.model_key
    and attention.valid_from <= captures.date
    and (attention.valid_to is null or attention.valid_to > captures.date);

-- Runs of captures that list a model, in the same two parts.
create table if not exists raw.open_presence_spans (
    model_key integer not null,
    valid_from date not null
);

create table if not exists raw.closed_presence_spans (
    model_key integer not null,
    valid_from date not null,
    valid_to date not null
);

create or replace view raw.presence_spans as
select model_key, valid_from, null::date as valid_to from raw.open_presence_spans
union all
select model_key, valid_from, valid_to from raw.closed_presence_spans;

-- What a model is, in states: a state holds from the first capture that shows it to the first that
-- shows another one; a model that is not listed keeps its last state. Those that hold lie apart from
-- those that ended, which are added as they end: what a load compares does not grow with the record.
-- Names change seldom, cards often: apart, names are looked through without all cards that ever were.
create table if not exists raw.open_model_names (
    model_key integer not null,
    valid_from date not null,
    repo_id varchar not null,
    publisher varchar,
    task varchar,
    created_at timestamp
);

create table if not exists raw.closed_model_names (
    model_key integer not null,
    valid_from date not null,
    valid_to date not null,
    repo_id varchar not null,
    publisher varchar,
    task varchar,
    created_at timestamp
);

create or replace view raw.model_names as
select model_key, valid_from, null::date as valid_to, repo_id, publisher, task, created_at
from raw.open_model_names
union all
select model_key, valid_from, valid_to, repo_id, publisher, task, created_at
from raw.closed_model_names;

create table if not exists raw.open_model_cards (
    model_key integer not null,
    valid_from date not null,
    library varchar,
    license varchar,
    gated varchar,
    disabled boolean,
    parameters bigint,
    tags varchar[]
);

create table if not exists raw.closed_model_cards (
    model_key integer not null,
    valid_from date not null,
    valid_to date not null,
    library varchar,
    license varchar,
    gated varchar,
    disabled boolean,
    parameters bigint,
    tags varchar[]
);

create or replace view raw.model_cards as
select
    model_key, valid_from, null::date as valid_to, library, license, gated, disabled, parameters, tags
from raw.open_model_cards
union all
select model_key, valid_from, valid_to, library, license, gated, disabled, parameters, tags
from raw.closed_model_cards;

create or replace view raw.model_attributes as
select
    names.model_key,
    greatest(names.valid_from, cards.valid_from) as valid_from,
    least(names.valid_to, cards.valid_to) as valid_to,
    names.* exclude (model_key, valid_from, valid_to),
    cards.* exclude (model_key, valid_from, valid_to)
from raw.model_names as names
join raw.model_cards as cards
    on names.model_key = cards.model_key
    and (cards.valid_to is null or cards.valid_to > names.valid_from)
    and (names.valid_to is null or names.valid_to > cards.valid_from);

-- When a model was last modified, likewise and apart: most commits change nothing else.
create table if not exists raw.open_model_updates (
    model_key integer not null,
    valid_from date not null,
    last_modified timestamp
);

create table if not exists raw.closed_model_updates (
    model_key integer not null,
    valid_from date not null,
    valid_to date not null,
    last_modified timestamp
);

create or replace view raw.model_updates as
select model_key, valid_from, null::date as valid_to, last_modified
from raw.open_model_updates
union all
select model_key, valid_from, valid_to, last_modified
from raw.closed_model_updates;

-- Declared base models, likewise; a model that never declared one has no row.
create table if not exists raw.open_model_lineage (
    model_key integer not null,
    valid_from date not null,
    parents struct(relation varchar, hub_id varchar, repo_id varchar, from_tags boolean)[]
);

create table if not exists raw.closed_model_lineage (
    model_key integer not null,
    valid_from date not null,
    valid_to date not null,
    parents struct(relation varchar, hub_id varchar, repo_id varchar, from_tags boolean)[]
);

create or replace view raw.model_lineage as
select model_key, valid_from, null::date as valid_to, parents
from raw.open_model_lineage
union all
select model_key, valid_from, valid_to, parents
from raw.closed_model_lineage;

create or replace view raw.model_parents as
select
    lineage.model_key,
    lineage.valid_from,
    lineage.valid_to,
    parent.relation,
    parent.hub_id as parent_hub_id,
    parent.repo_id as parent_repo_id,
    parent.from_tags
from raw.model_lineage as lineage, unnest(lineage.parents) as unnested (parent);

-- The same, linked models under their canonical key.
create or replace macro raw.identified_counters_on(on_date) as table
select
    coalesce(identities.canonical_key, counters.model_key) as model_key,
    counters.* exclude (model_key)
from raw.counters_on(on_date) as counters
left join raw.canonical_keys as identities on counters.model_key = identities.model_key;

-- A capture as it was, one row a model that it lists, every column kept.
create or replace macro raw.models_on(on_date) as table
select
    models.hub_id,
    names.* exclude (model_key, valid_from, valid_to),
    cards.* exclude (model_key, valid_from, valid_to),
    updates.last_modified,
    coalesce(lineage.parents, []) as parents,
    counters.* exclude (model_key)
from raw.counters_on(on_date) as counters
join raw.models as models on counters.model_key = models.model_key
join raw.model_names as names
    on counters.model_key = names.model_key
    and names.valid_from <= on_date
    and (names.valid_to is null or names.valid_to > on_date)
join raw.model_cards as cards
    on counters.model_key = cards.model_key
    and cards.valid_from <= on_date
    and (cards.valid_to is null or cards.valid_to > on_date)
left join raw.model_updates as updates
    on counters.model_key = updates.model_key
    and updates.valid_from <= on_date
    and (updates.valid_to is null or updates.valid_to > on_date)
left join raw.model_lineage as lineage
    on counters.model_key = lineage.model_key
    and lineage.valid_from <= on_date
    and (lineage.valid_to is null or lineage.valid_to > on_date);

-- Dates whose facts are to be computed: written with each load, emptied when dbt and its tests
-- have passed. A run that was killed is thereby finished by the next one.
create table if not exists raw.facts_due (date date primary key);

-- Those of facts_due that the dbt run under way computes: as many as fit into memory.
create table if not exists raw.facts_batch (date date primary key);

-- What runs of dbt made, in whole or in part, and has not passed its checks: written before dbt makes
-- it, emptied when they have passed. Until then nothing is published.
create table if not exists raw.unchecked_assets (asset varchar primary key);

-- The seeds that the last run of all facts had, each with dbt's checksum of its file.
create table if not exists raw.facts_seeds (seed varchar primary key, checksum varchar not null);

-- Keys under whose ids marts may hold what now goes by another one: emptied like facts_due. From
-- changed_on on, what they hold goes: those dates are due.
create table if not exists raw.ids_replaced (
    model_key integer primary key,
    present_key integer not null,
    changed_on date
);

-- The Arena's leaderboards as published (category overall), one row a recorded table. Revision 1 is
-- a date as it was first seen; a later one is what was found in its place.
create table if not exists raw.arena_tables (
    arena varchar not null,
    published_on date not null,
    revision integer not null,
    measure varchar not null,
    origin varchar not null,
    sample varchar,
    recorded_at timestamp not null,
    primary key (arena, published_on, revision)
);

-- Their rows. A name may come twice in a table.
create table if not exists raw.arena_scores (
    arena varchar not null,
    published_on date not null,
    revision integer not null,
    model varchar not null,
    rating double not null,
    rating_low double,
    rating_high double,
    votes bigint,
    rank bigint,
    organization varchar,
    license varchar
);

-- The user's own inventories, written anew whenever they are read; of no date.
create table if not exists raw.inventory_entries (
    inventory varchar not null,
    model varchar not null,
    repo_id varchar not null,
    weight double not null,
    place varchar not null
);
