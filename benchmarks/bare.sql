-- A night from landed pages to facts in one connection: the floor that the product's night is held
-- against. It keeps what the ledger keeps, plainly: who is who, what a model is where that changed,
-- and the counters of every date. The facts' statements are those of benchmarks/peers/facts.
create or replace temp table listed as
select
    received._id as hub_id,
    received.id as repo_id,
    received.pipeline_tag as task,
    received.library_name as library,
    received.gated,
    received.disabled,
    received.safetensors.total as parameters,
    received.createdAt as created_at,
    received.tags,
    received.lastModified as last_modified,
    received.downloads,
    received.downloadsAllTime as downloads_all_time,
    received.likes,
    received.trendingScore as trending_score,
    {{ parents('received.baseModels.models', 'received.tags') }} as parents
from {{ received }} as received;

create table if not exists models (model_key integer, hub_id varchar);
insert into models
select
    (select count(*) from models) + row_number() over (order by listed.hub_id),
    listed.hub_id
from listed
anti join models using (hub_id);

create or replace temp table keyed as
select
    models.model_key,
    listed.*,
    hash(
        repo_id, task, library, gated, disabled, parameters, tags, parents
    ) as state
from listed
inner join models using (hub_id);

create table if not exists attributes as
select
    date '{{ date }}' as valid_from,
    keyed.* exclude (downloads, downloads_all_time, likes, trending_score)
from keyed
limit 0;
create table if not exists latest as select keyed.* from keyed limit 0;
insert into attributes
select
    date '{{ date }}',
    keyed.* exclude (downloads, downloads_all_time, likes, trending_score)
from keyed
anti join latest on keyed.model_key = latest.model_key and keyed.state = latest.state
order by keyed.model_key;

create table if not exists counters (
    date date,
    model_key integer,
    downloads bigint,
    downloads_all_time bigint,
    likes bigint,
    trending_score double
);
insert into counters
select
    date '{{ date }}',
    keyed.model_key,
    keyed.downloads,
    keyed.downloads_all_time,
    keyed.likes,
    keyed.trending_score
from keyed
order by keyed.model_key;

create or replace table latest as
select keyed.* from keyed
union all
select latest.* from latest
anti join keyed using (model_key);

create or replace temp table today as
select
    latest.model_key,
    latest.hub_id,
    latest.repo_id,
    latest.parents,
    keyed.model_key is not null as is_listed,
    keyed.downloads,
    keyed.downloads_all_time
from latest
left join keyed using (model_key);
