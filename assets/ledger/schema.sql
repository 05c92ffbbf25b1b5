-- The ledger's tables. Keys are the ledger's own small integers; the Hub's identity is
-- raw.models.hub_id. Histories are half-open: valid_from is the first date a state was seen,
-- valid_to the first date another one was (NULL: still so at the last sighting).
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
    quarantined bigint not null,
    private bigint not null,
    retries integer not null,
    items_sha256 varchar not null,
    items_bytes bigint not null,
    software varchar not null,
    verdict varchar not null,
    loaded_at timestamp not null
);

create table if not exists raw.models (
    model_key integer not null,
    hub_id varchar not null
);

create table if not exists raw.model_counters (
    date date not null,
    model_key integer not null,
    downloads bigint,
    downloads_all_time bigint,
    likes bigint,
    trending_score double
);

create table if not exists raw.model_attributes (
    model_key integer not null,
    valid_from date not null,
    valid_to date,
    repo_id varchar not null,
    publisher varchar,
    task varchar,
    library varchar,
    license varchar,
    gated varchar,
    disabled boolean,
    parameters bigint,
    created_at timestamp,
    last_modified timestamp,
    tags varchar[]
);

create table if not exists raw.model_lineage (
    model_key integer not null,
    valid_from date not null,
    valid_to date,
    parents struct(relation varchar, hub_id varchar, repo_id varchar, from_tags boolean)[]
);

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

-- Those of facts_due that the dbt run under way computes: as many as fit into memory.
create table if not exists raw.facts_batch (date date primary key);

-- Dates whose facts are to be computed: written with each load, emptied when dbt and its tests
-- have passed. A run that was killed is thereby finished by the next one.
create table if not exists raw.facts_due (date date primary key);
