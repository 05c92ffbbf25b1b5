-- What a family's own accounts made of its models is no choice of an author.
with owners as (
    select
        families.family,
        unnest(string_split(families.publishers, ';')) as owner_name
    from {{ ref('families') }} as families
)

select
    models.hub_id,
    models.publisher as author,
    models.family_root as family,
    models.created_on,
    lag(models.family_root) over (
        partition by models.publisher order by models.created_on, models.hub_id
    ) as family_before
from {{ ref('dim_model') }} as models
left join
    owners
    on models.family_root = owners.family and lower(models.publisher) = owners.owner_name
where
    models.is_derivative
    and models.publisher is not null
    and models.created_on is not null
    and owners.owner_name is null
