-- A model that is gone has nothing more to lose, and what is gone or not on record is lost already.
with used as (
    select used.*
    from {{ ref('fct_exposure_models') }} as used
    where used.hub_id is not null and used.gone_on is null and {{ has_inventories() }}
),

own as (
    select
        used.inventory,
        used.model,
        used.share,
        used.publisher,
        'own repository' as loss,
        used.repo_id as lost_repo_id
    from used
),

above as (
    select
        used.inventory,
        used.model,
        used.share,
        models.publisher,
        case when ancestors.depth = 1 then 'parent' else 'ancestor' end as loss,
        ancestors.ancestor_repo_id as lost_repo_id
    from used
    inner join {{ ref('int_exposure_ancestors') }} as ancestors on used.hub_id = ancestors.hub_id
    inner join
        {{ ref('dim_model') }} as models
        on ancestors.ancestor_hub_id = models.hub_id and models.gone_on is null
    where {{ has_inventories() }}
),

-- Declared quantizations of the same base as the model, or of the model itself where it is none.
bases as (
    select
        used.inventory,
        used.model,
        used.share,
        case when parents.hub_id is null then used.hub_id else parents.parent_hub_id end as base_hub_id
    from used
    left join
        {{ ref('bridge_model_parent') }} as parents
        on used.hub_id = parents.hub_id and parents.relation = 'quantized'
),

quantizations as (
    select
        edges.parent_hub_id as base_hub_id,
        min(models.publisher) as publisher,
        arg_min(models.repo_id, models.repo_id) as repo_id
    from {{ ref('bridge_model_parent') }} as edges
    inner join {{ ref('dim_model') }} as models on edges.hub_id = models.hub_id
    where
        {{ has_inventories() }}
        and edges.relation = 'quantized'
        and models.gone_on is null
        and edges.parent_hub_id in (select bases.base_hub_id from bases)
    group by edges.parent_hub_id
    having count(distinct models.publisher) = 1 and count(*) = count(models.publisher)
),

lost as (
    select * from own
    union all
    select * from above
    union all
    select
        bases.inventory,
        bases.model,
        bases.share,
        quantizations.publisher,
        'only quantization' as loss,
        quantizations.repo_id as lost_repo_id
    from bases
    inner join quantizations on bases.base_hub_id = quantizations.base_hub_id
)

select
    lost.inventory,
    lost.publisher,
    lost.model,
    lost.loss,
    min(lost.lost_repo_id) as lost_repo_id,
    any_value(lost.share) as share
from lost
where lost.publisher is not null
group by lost.inventory, lost.publisher, lost.model, lost.loss
