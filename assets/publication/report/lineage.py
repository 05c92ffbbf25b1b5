"""What is derived from what: derivatives of families and models, the tree of a family.

Belongs here: the sections on lineage. Does not belong here: downloads (see `adoption`).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from functools import partial

from assets import charts
from assets.hub.items import printable
from assets.publication.report.marts import REMAINDERS, Figure, Marts, Sentence, days
from assets.publication.report.section import (
    Panel,
    Section,
    named,
    newest_labels,
    plural,
    recent,
    with_runs,
)


def lineage(marts: Marts) -> Iterator[Section]:
    """The sections on lineage, in the order of the page."""
    yield _derivatives(marts)
    yield _new_derivatives(marts)
    yield _tree(marts)


_DERIVATIVES = f"""
with newest as (
    select * from marts.fct_derivative_counts
    where date = (select max(date) from marts.fct_derivative_counts)
        and family not in {REMAINDERS}
),
shown as (
    select family, direct as total from newest
    where relation = 'any' and direct > 0 order by direct desc, family limit 10
)
select newest.family as name, relation, direct as value, transitive, new_30d, publishers,
    shown.total, strftime(date, '%Y-%m-%d') as date
from newest join shown using (family)
where relation <> 'any' order by shown.total desc, name, relation
"""

_ONE_COUNT = """
select {column} from marts.fct_derivative_counts where date = ? and family = ? and relation = 'any'
"""


def _derivatives(marts: Marts) -> Section:
    data = [row for row in marts.rows(_DERIVATIVES) if row["value"]]
    panels = []
    if data:
        totals = {row["name"]: row["total"] for row in data}
        names = [name for name, total in totals.items() if total == max(totals.values())]
        date = dt.date.fromisoformat(data[0]["date"])
        direct = _count(marts, "direct", date, names[0])
        verb = plural(direct, "model by others names", "models by others name")
        title: Sentence = (
            f"{named(names)} {'has' if len(names) == 1 else 'each have'} the most derivatives: ",
            direct,
            f" {verb} one of its models as base",
        )
        if len(names) == 1:
            deep = _count(marts, "transitive", date, names[0])
            title += (", ", deep, plural(deep, " descends", " descend") + " from it at any depth")
        rows = [dict(row) for row in data]
        last = {row["name"]: row["relation"] for row in rows}
        for row in rows:
            row["place"] = charts.RELATIONS.index(row["relation"])
            row["total_shown"] = f"{row['total']:,}"
            row["label"] = f"{row['name']}, {row['relation']}: {row['value']:,}"
            row["is_last"] = last[row["name"]] == row["relation"]
        panels = [
            Panel(
                title,
                data,
                partial(charts.stacks, rows),
                alt="Bars: models by others derived from each family, by relation.",
                values=[row["label"] for row in rows],
            )
        ]
    return Section(
        "derivatives",
        "Derivatives",
        "fct_derivative_counts",
        "Models on the Hub, by other publishers, that declare a first-party model of the family as "
        "their base; what is not declared is not counted.",
        panels,
        "No model on record declares a base of a tracked family.",
    )


def _count(marts: Marts, column: str, date: dt.date, family: str) -> Figure:
    return marts.figure("count", _ONE_COUNT.format(column=column), date, family)


# A month is told by its last capture, if that has the month's last days in its 30.
_NEW = f"""
with last_dates as (
    select date_trunc('month', date) as month, max(date) as date
    from marts.fct_derivative_counts group by 1
),
counted as (
    select months.month, counts.date, family, new_30d
    from marts.fct_derivative_counts as counts
    join last_dates as months using (date)
    where relation = 'any' and family not in {REMAINDERS}
        and (date >= last_day(months.month) - 6 or date = (select max(date) from last_dates))
),
shown as (
    -- Those that lead now, and those that once did.
    select family,
        row_number() over (order by max_by(new_30d, date) desc, family) as now,
        row_number() over (order by max(new_30d) desc, family) as ever
    from counted group by family
    having max(new_30d) > 0
    qualify now <= 4 or ever <= 2
)
select strftime(date, '%Y-%m-%d') as month, family as name, new_30d as value
from counted join shown using (family) order by month, name
"""


def _new_derivatives(marts: Marts) -> Section:
    data = marts.rows(_NEW)
    panels = []
    if data:
        last = max(row["month"] for row in data)
        now = sorted(
            (row for row in data if row["month"] == last),
            key=lambda row: (-row["value"], row["name"]),
        )
        names = [row["name"] for row in now if row["value"] == now[0]["value"]]
        newest = marts.figure("date", "select max(date) from marts.fct_derivative_counts")
        count = _count(marts, "new_30d", dt.date.fromisoformat(last), names[0])
        have = "has" if len(names) == 1 else "each have"
        title: Sentence = (
            f"{named(names)} {have} the most new derivatives: ",
            count,
            plural(count, " was", " were") + " created in the 30 days up to ",
            newest,
        )
        if not count.value:
            title = ("No tracked family has a derivative of the 30 days up to ", newest)
        rows = with_runs(recent(data))
        for row in rows:
            row["shown"] = f"{row['value']:,}"
            date = dt.date.fromisoformat(row["month"])
            row["label"] = f"{row['name']}, 30 days up to {days(date)}: {row['value']:,}"
        hues = charts.colours([row["name"] for row in now])
        panels = [
            Panel(
                title,
                data,
                partial(charts.lines, rows, ticks=",d", hues=hues, height=260, is_count=True),
                alt="Lines over months: new derivatives in 30 days, a line a family.",
                values=newest_labels(rows),
            )
        ]
    return Section(
        "new-derivatives",
        "New derivatives",
        "fct_derivative_counts",
        "Derivatives by others (direct, any relation) created in the 30 days up to each month's "
        "last capture, as far as they are still listed then; months whose last capture is more "
        "than a week before their end are left out.",
        panels,
        "No recorded 30 days up to the end of a month, or to the newest date, have one.",
    )


_CHILDREN, _DEPTH = (8, 5), 2

_ROOTS = """
select models.hub_id, models.repo_id, counts.transitive
from marts.fct_model_derivatives as counts join marts.dim_model as models using (hub_id)
where counts.relation = 'any' and models.family_root = ? and models.gone_on is null
    and counts.as_of = (select max(as_of) from marts.fct_model_derivatives)
order by counts.transitive desc, models.repo_id limit 1
"""

_LARGEST = f"""
select family, transitive, date from marts.fct_derivative_counts
where relation = 'any' and date = (select max(date) from marts.fct_derivative_counts)
    and family not in {REMAINDERS}
order by transitive desc, family limit 1
"""

# Down from one model; a cycle ends where it would come back.
_DESCENDANTS = """
with recursive down as (
    select hub_id, parent_hub_id, relation, 1 as depth, [parent_hub_id, hub_id] as path
    from marts.bridge_model_parent where parent_hub_id = $1
    union all
    select edges.hub_id, edges.parent_hub_id, edges.relation, down.depth + 1,
        list_append(down.path, edges.hub_id)
    from down join marts.bridge_model_parent as edges on edges.parent_hub_id = down.hub_id
    where down.depth < $2 and not list_contains(down.path, edges.hub_id)
),
places as (
    select down.*, row_number() over (partition by down.hub_id order by depth, path) as place
    from down
)
select places.hub_id, places.parent_hub_id, places.relation, places.depth, models.repo_id,
    coalesce(counts.transitive, 0) as transitive
from places join marts.dim_model as models using (hub_id)
left join marts.fct_model_derivatives as counts
    on counts.hub_id = places.hub_id and counts.relation = 'any'
    and counts.as_of = (select max(as_of) from marts.fct_model_derivatives)
where places.place = 1 and models.gone_on is null
order by transitive desc, models.repo_id
"""

_BELOW = """
select transitive from marts.fct_model_derivatives
where hub_id = ? and relation = 'any'
    and as_of = (select max(as_of) from marts.fct_model_derivatives)
"""


def _tree(marts: Marts) -> Section:
    largest = marts.rows(_LARGEST)
    roots = marts.rows(_ROOTS, largest[0]["family"]) if largest else []
    panels = []
    if roots and roots[0]["transitive"]:
        root = roots[0]
        data = marts.rows(_DESCENDANTS, root["hub_id"], _DEPTH)
        rows = _places(root, data)
        below = marts.figure("count", _BELOW, root["hub_id"])
        title: Sentence = (
            below,
            plural(below, " model by others descends from ", " models by others descend from "),
            marts.figure(
                "text", "select repo_id from marts.dim_model where hub_id = ?", root["hub_id"]
            ),
        )
        panels = [
            Panel(
                title,
                data,
                partial(charts.tree, rows),
                alt="A tree of models: the base on the left, what is derived from it to the right.",
                values=[row["label"] for row in rows],
            )
        ]
    return Section(
        "tree",
        "A family's tree",
        "bridge_model_parent, fct_model_derivatives",
        "Declared lineage as last seen of the largest family, from the model that most by others "
        "descend from: below each model those with most of them (the number beside it), the rest "
        "in one line.",
        panels,
        "No model on record has descendants by others.",
    )


def _places(root: dict, found: list[dict]) -> list[dict]:
    """The lines of the tree, from top to bottom: the largest branches, the rest in one line."""
    below: dict[str, list[dict]] = defaultdict(list)
    for row in found:
        below[row["parent_hub_id"]].append(row)
    lines: list[dict] = []

    def add(row: dict, parent: str | None, depth: int) -> None:
        name = printable(row["repo_id"], 80)
        said = "" if parent is None else f" ({row['relation']})"
        lines.append(
            {
                "id": row["hub_id"],
                "parent": parent,
                "depth": depth,
                "place": len(lines),
                "name": name,
                "shown": f" · {row['transitive']:,}" if row["transitive"] else "",
                "weight": row["transitive"] + 1,
                "relation": row.get("relation"),
                "transitive": row["transitive"],
                "label": f"{name}{said}: {row['transitive']:,} descend from it",
            }
        )
        if depth == _DEPTH:
            return
        children = below[row["hub_id"]]
        for child in children[: _CHILDREN[depth]]:
            add(child, row["hub_id"], depth + 1)
        rest = children[_CHILDREN[depth] :]
        if rest:
            lines.append(
                {
                    "id": f"{row['hub_id']} rest",
                    "parent": row["hub_id"],
                    "depth": depth + 1,
                    "place": len(lines),
                    "name": f"and {len(rest):,} more",
                    "shown": "",
                    "weight": 1,
                    "relation": None,
                    "transitive": None,
                    "label": f"{len(rest):,} more derived from {name}",
                }
            )

    add({**root, "relation": None}, None, 0)
    return lines
