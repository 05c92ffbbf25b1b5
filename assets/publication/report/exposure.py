"""On whom the user's own models depend: the sections of the page of exposures.

Belongs here: the findings on inventories. Does not belong here: the Hub's own figures (see
`adoption`), what counts as exposure (see `fct_exposure`).
"""

from collections.abc import Callable, Iterator
from functools import partial

from assets import charts
from assets.hub.items import printable
from assets.publication.report.marts import Marts, Sentence, days, share
from assets.publication.report.section import Panel, Section, Table

DIMENSIONS = {
    "family_root": "Family, by descent from its weights",
    "family_anchor": "Family, by descent from its releases",
    "company": "Company that made the weights",
    "region": "Region of that company",
    "account": "Account they are loaded from",
    "quantizer": "Third party that quantized them",
    "license": "Class of licence",
    "gating": "Access",
    "task": "Task",
    "size_class": "Size",
}
"""The dimensions of fct_exposure, in words and in the order of the page."""

_ROWS, _LONG = 200, 14
# A page holds a chart for each; what it leaves out is in the published file.
_INVENTORIES, _MOST_ROWS = 20, 5000
_MOST_BARS = 12


def exposure(marts: Marts) -> Iterator[Section]:
    """The sections of the page, none where there is no inventory."""
    # The one with the most models is shown first.
    names = [
        row["inventory"]
        for row in marts.rows(
            "select inventory, count(*) as models from marts.fct_exposure_models "
            "group by inventory order by models desc, inventory"
        )
    ]
    if not names:
        return
    if len(names) > 1:
        yield _side_by_side(marts)
    inventories = {f"i{place}": name for place, name in enumerate(names[:_INVENTORIES], 1)}

    def section(
        key: str, name: str, source: str, definition: str, panel: Callable[..., Panel]
    ) -> Section:
        panels = [
            panel(marts, inventory, {"inventory": chosen})
            for chosen, inventory in inventories.items()
        ]
        return Section(key, name, source, definition, panels, choices={"inventory": inventories})

    yield section(
        "glance",
        "At a glance",
        "fct_exposure",
        "Exposure: the part of the inventory's weight that depends on one source. Concentration: "
        "10,000 times the sum of the squared exposures, from the least to the most that what is "
        "not named allows; 10,000 is one source alone.",
        _glance,
    )
    yield section(
        "companies",
        "Companies",
        "fct_exposure",
        "By the company that made the weights that a model descends from, each model counted once.",
        partial(_bars, dimension="company"),
    )
    yield section(
        "accounts",
        "Accounts",
        "fct_exposure",
        "By the account on the Hub that a model is loaded from, whoever made it.",
        partial(_bars, dimension="account"),
    )
    yield section(
        "licences",
        "Licences",
        "fct_exposure, seed license_classes",
        "By what the licence tag asks of whoever uses the model; the licence's text decides, not "
        "its class.",
        partial(_bars, dimension="license"),
    )
    yield section(
        "losses",
        "If an account vanished",
        "fct_exposure_losses",
        "The part of the inventory's weight that would lose its own repository, a model that it is "
        "derived from (listed ones), or the only declared quantization of it or of its base.",
        _losses,
    )
    yield section(
        "attention",
        "What needs attention",
        "fct_exposure_models",
        "Models that went away, or whose base did, were renamed, are not on record, fell in use by "
        "half or more, or are two generations or more behind their family (definitions falling, "
        "generation).",
        _attention,
    )
    yield section(
        "alternatives",
        "Alternatives",
        "fct_exposure_alternatives",
        "Models of other companies on their own accounts: same task and size class, chat model or "
        "not as it is, licence known and no stricter, adoption rising. Found by what the record "
        "knows; whether one answers as well is for a trial to tell.",
        _alternatives,
    )
    yield section(
        "models",
        "All models",
        "fct_exposure_models",
        "The inventory as it was read, with what the record knows of each model.",
        _models,
    )


_LARGEST = """
select {column} from marts.fct_exposure where inventory = ? and dimension = ? limit 1
"""

_ONE = """
select {column} from marts.fct_exposure where inventory = ? and dimension = ? and unit = ?
"""

_SIDE_BY_SIDE = """
select inventory, max(entries) as models,
    any_value(single_source) filter (where dimension = 'family_root') as family,
    any_value(single_source_share) filter (where dimension = 'family_root') as family_share,
    any_value(hhi) filter (where dimension = 'family_root') as hhi,
    any_value(single_source) filter (where dimension = 'company') as company,
    any_value(single_source_share) filter (where dimension = 'company') as company_share,
    any_value(single_source) filter (where dimension = 'region') as region,
    any_value(single_source_share) filter (where dimension = 'region') as region_share,
    any_value(single_source) filter (where dimension = 'account') as account,
    any_value(single_source_share) filter (where dimension = 'account') as account_share,
    any_value(single_source) filter (where dimension = 'quantizer') as quantizer,
    any_value(single_source_share) filter (where dimension = 'quantizer') as quantizer_share
from marts.fct_exposure
join (select inventory, count(*) as entries from marts.fct_exposure_models group by inventory)
    using (inventory)
group by inventory order by hhi desc, inventory
"""


def _side_by_side(marts: Marts) -> Section:
    rows = marts.rows(_SIDE_BY_SIDE)
    first = rows[0]["inventory"]
    title: Sentence = (
        "Of ",
        marts.figure("count", "select count(distinct inventory) from marts.fct_exposure"),
        f" inventories {_quoted(first)} is the most concentrated by family: ",
        marts.figure("points", _LARGEST.format(column="hhi"), first, "family_root"),
        " of 10,000",
    )
    if rows[0]["family"]:
        part = marts.figure(
            "share", _LARGEST.format(column="single_source_share"), first, "family_root"
        )
        title += (", ", part, f" of it from {printable(rows[0]['family'], 60)}")
    kinds = ("family", "company", "region", "account", "quantizer")
    table = Table(
        ("inventory", "models", "concentration", *(f"largest {kind}" for kind in kinds)),
        [
            (
                printable(row["inventory"], 60),
                f"{row['models']:,}",
                f"{row['hhi']:,.0f}",
                *(_with_share(row[kind], kind, row[f"{kind}_share"]) for kind in kinds),
            )
            for row in rows
        ],
        frozenset({1, 2}),
        is_long=len(rows) > _LONG,
    )
    return Section(
        "inventories",
        "Side by side",
        "fct_exposure",
        "Concentration by family (root), of named families alone. Each inventory has a unit of its "
        "own; nothing is added up across them.",
        [Panel(title, rows, table=table)],
    )


_REGIONS = {"china": "China", "us": "the US", "eu": "the EU"}


def _called(unit: str | None, dimension: str) -> str:
    if unit is None:
        return "none"
    return _REGIONS.get(unit, unit) if dimension == "region" else printable(unit, 60)


def _with_share(unit: str | None, dimension: str, part: float) -> str:
    return _called(unit, dimension) + (f" {share(part)}" if unit else "")


def _quoted(inventory: str) -> str:
    """An inventory's name within a sentence."""
    return f"“{printable(inventory, 60)}”"


_UNITS = """
select dimension, unit, models, weight, exposure, is_named, hhi, hhi_high, single_source,
    single_source_share
from marts.fct_exposure where inventory = ?
order by dimension, exposure desc, unit
"""


def _glance(marts: Marts, inventory: str, choice: dict[str, str]) -> Panel:
    data = marts.rows(_UNITS, inventory)
    by_dimension = {row["dimension"]: row for row in data}
    named = {
        dimension: sum(row["is_named"] for row in data if row["dimension"] == dimension)
        for dimension in DIMENSIONS
    }
    largest = by_dimension["family_root"]["single_source"]
    title: Sentence = (f"Nothing in {_quoted(inventory)} descends from a tracked family",)
    if largest:
        title = (
            marts.figure(
                "share", _LARGEST.format(column="single_source_share"), inventory, "family_root"
            ),
            f" of {_quoted(inventory)} descends from {printable(largest, 60)}: "
            "concentration by family is ",
            marts.figure("points", _LARGEST.format(column="hhi"), inventory, "family_root"),
            " of 10,000",
        )
    rows = []
    for dimension, words in DIMENSIONS.items():
        row = by_dimension[dimension]
        least, most = f"{row['hhi']:,.0f}", f"{row['hhi_high']:,.0f}"
        rows.append(
            (
                words,
                _called(row["single_source"], dimension),
                share(row["single_source_share"]),
                least if least == most else f"{least} to {most}",
                f"{named[dimension]:,}",
            )
        )
    header = ("by", "largest source", "exposure", "concentration", "named sources")
    return Panel(title, data, table=Table(header, rows, frozenset({2, 3, 4})), choice=choice)


_OF_DIMENSION = """
select unit as name, exposure as value, models, weight, is_named from marts.fct_exposure
where inventory = ? and dimension = ?
order by is_named desc, exposure desc, unit
"""


def _bars(marts: Marts, inventory: str, choice: dict[str, str], dimension: str) -> Panel:
    data = marts.rows(_OF_DIMENSION, inventory, dimension)
    most = _MOST_BARS if len(data) > _MOST_BARS + 1 else len(data)
    shown, rest = [dict(row) for row in data[:most]], data[most:]
    if rest:
        part = sum(row["value"] for row in rest)
        shown.append({"name": f"{len(rest):,} more", "value": part, "is_named": False})
    for row in shown:
        row["name"] = printable(row["name"], 60)
        row["shown"] = share(row["value"])
        row["label"] = f"{row['name']}: {row['shown']}"
        # A model with parts in several of the rest would be counted for each.
        if "models" in row:
            row["label"] += f", {row['models']:,} {'model' if row['models'] == 1 else 'models'}"
    return Panel(
        _bars_title(marts, inventory, dimension, data),
        data,
        partial(charts.bars, shown),
        alt=f"Bars: part of the inventory by {dimension}.",
        choice=choice,
        values=[row["label"] for row in shown],
    )


def _bars_title(marts: Marts, inventory: str, dimension: str, data: list[dict]) -> Sentence:
    name = _quoted(inventory)
    largest = next((row["name"] for row in data if row["is_named"]), None)
    if dimension == "license":
        # What is not known may bind most of all.
        largest = max(data, key=lambda row: row["value"])["name"]
    if largest is None:
        return (f"Nothing in {name} is of a named {dimension}",)
    first: Sentence = (
        marts.figure("share", _ONE.format(column="exposure"), inventory, dimension, largest),
    )
    quantizer = marts.value(_LARGEST.format(column="single_source"), inventory, "quantizer")
    if dimension == "account" and quantizer:
        return (
            *first,
            f" of {name} is loaded from {printable(largest, 60)}; ",
            marts.figure(
                "share", _LARGEST.format(column="single_source_share"), inventory, "quantizer"
            ),
            f" depends on quantizations by {printable(str(quantizer), 60)}",
        )
    if dimension == "account":
        return (*first, f" of {name} is loaded from {printable(largest, 60)}")
    if dimension == "license":
        gated = marts.value(_GATED, inventory)
        told: Sentence = (*first, f" of {name} is under licences of class: {largest}")
        return (
            (*told, "; ", marts.figure("share", _GATED, inventory), " is gated") if gated else told
        )
    region = marts.value(_LARGEST.format(column="single_source"), inventory, "region")
    title: Sentence = (*first, f" of {name} was made by {printable(largest, 60)}")
    if region:
        title += (
            "; ",
            marts.figure(
                "share", _LARGEST.format(column="single_source_share"), inventory, "region"
            ),
            f" comes from {_called(str(region), 'region')}",
        )
    return title


_GATED = """
select sum(exposure) from marts.fct_exposure
where inventory = ? and dimension = 'gating' and unit in ('auto', 'manual', 'gated')
"""

_LOSSES = """
select publisher, model, loss, lost_repo_id, share
from marts.fct_exposure_losses where inventory = ?
"""

_ANY_LOSS = """
select sum(share) from (
    select distinct model, share from marts.fct_exposure_losses
    where inventory = ? and publisher = ?
)
"""

_KINDS = ("own repository", "parent", "ancestor", "only quantization")


def _losses(marts: Marts, inventory: str, choice: dict[str, str]) -> Panel:
    data = marts.rows(
        f"{_LOSSES} order by share desc, publisher, model, loss limit {_MOST_ROWS}", inventory
    )
    by_account = marts.rows(
        f"""
        with lost as ({_LOSSES})
        select publisher,
            sum(share) filter (where place = 1) as touched,
            {
            ", ".join(
                f"sum(share) filter (where loss = '{kind}') as k{place}"
                for place, kind in enumerate(_KINDS)
            )
        },
            list(model order by share desc, model) filter (where place = 1) as models
        from (
            select *, row_number() over (partition by publisher, model order by loss) as place
            from lost
        )
        group by publisher order by touched desc, publisher
        """,
        inventory,
    )
    if not by_account:
        return Panel((f"Nothing of {_quoted(inventory)} is listed",), data, choice=choice)
    first = by_account[0]["publisher"]
    title: Sentence = (
        f"If {printable(first, 60)} vanished, ",
        marts.figure("share", _ANY_LOSS, inventory, first),
        f" of {_quoted(inventory)} would lose its repository, a model above it or its only "
        "quantization",
    )
    rows = [
        (
            printable(row["publisher"], 60),
            share(row["touched"]),
            *(share(row[f"k{place}"] or 0) for place in range(len(_KINDS))),
            _first(row["models"]),
        )
        for row in by_account[:_MOST_BARS]
    ]
    header = ("account", "any loss", *_KINDS, "models")
    note = ""
    if len(by_account) > _MOST_BARS:
        note = f"{len(by_account) - _MOST_BARS:,} more accounts are in the data."
    table = Table(header, rows, frozenset(range(1, 6)))
    return Panel(title, data, table=table, choice=choice, note=note)


def _first(models: list[str]) -> str:
    shown = ", ".join(printable(model, 80) for model in models[:_NAMED])
    return f"{shown} and {len(models) - _NAMED:,} more" if len(models) > _NAMED else shown


_NAMED = 4

_NEEDS = f"""
select model, share, place, repo_id, gone_on, gone_parent, is_renamed, is_falling, downloads_30d,
    downloads_30d_before, compared_with, generation, newest_generation, generations_behind, nearest,
    hub_id is null as is_unknown
from marts.fct_exposure_models
where inventory = ? and (
    hub_id is null or gone_on is not null or gone_parent is not null or is_renamed or is_falling
    or generations_behind >= 2
)
order by share desc, model limit {_MOST_ROWS}
"""

_COUNT = "select count(*) from marts.fct_exposure_models where inventory = ? and {condition}"


def _attention(marts: Marts, inventory: str, choice: dict[str, str]) -> Panel:
    data = marts.rows(_NEEDS, inventory)
    told = (
        ("hub_id is null", " not on record"),
        ("gone_on is not null", " gone from the Hub"),
        ("gone_parent is not null", " with a base that is gone"),
        ("is_renamed", " renamed"),
        ("is_falling", " falling in use"),
        ("generations_behind >= 2", " two or more generations behind"),
    )
    counts = [
        (marts.figure("count", _COUNT.format(condition=condition), inventory), words)
        for condition, words in told
    ]
    found = [one for one in counts if one[0].value]
    title: Sentence = (f"Nothing in {_quoted(inventory)} needs attention",)
    if found:
        title = (f"Of the models of {_quoted(inventory)} ",)
    for place, (count, words) in enumerate(found):
        title += (*((", ",) if place else ()), count, words)
    header = ("model", "part", "what", "where it is used")
    rows = [
        (
            printable(row["model"], 120),
            share(row["share"]),
            _what(row),
            printable(row["place"], 120),
        )
        for row in data[:_ROWS]
    ]
    return Panel(
        title,
        data,
        table=Table(header, rows, frozenset({1}), is_long=len(rows) > _LONG) if rows else None,
        choice=choice,
        note=_rest(data),
    )


def _rest(data: list[dict]) -> str:
    if len(data) <= _ROWS:
        return ""
    more = f"{len(data) - _ROWS:,} more are in the data"
    return f"{more}, all of them in the published table." if len(data) == _MOST_ROWS else f"{more}."


def _what(row: dict) -> str:
    said = []
    if row["is_unknown"]:
        near = f"; like it: {printable(row['nearest'], 300)}" if row["nearest"] else ""
        said.append(f"no model on record bears or bore this name{near}")
    if row["gone_on"]:
        said.append(f"gone from the Hub, not listed since {days(row['gone_on'])}")
    if row["gone_parent"]:
        said.append(f"its base is gone from the Hub: {printable(row['gone_parent'], 120)}")
    if row["is_renamed"]:
        said.append(f"renamed, now {printable(row['repo_id'], 120)}")
    if row["is_falling"]:
        since = days(row["compared_with"])
        said.append(
            f"{row['downloads_30d']:,} downloads of 30 days, {row['downloads_30d_before']:,} "
            f"on {since}"
        )
    if row["generations_behind"] and row["generations_behind"] >= 2:
        said.append(
            f"generation {row['generation']}, {row['generations_behind']} behind "
            f"{row['newest_generation']}"
        )
    return "; ".join(said)


_ALTERNATIVES = f"""
select used.model, used.share, used.company as company_now, found.place, found.repo_id,
    found.company, found.reason, found.license, found.downloads_30d, found.downloads_30d_before
from marts.fct_exposure_alternatives as found
join marts.fct_exposure_models as used using (inventory, model)
where inventory = ? order by used.share desc, used.model, found.place limit {_MOST_ROWS}
"""

_WITH_ALTERNATIVE = """
select coalesce(sum(share), 0) from marts.fct_exposure_models as used
where inventory = ? and exists (
    select 1 from marts.fct_exposure_alternatives as found
    where found.inventory = used.inventory and found.model = used.model
)
"""


def _alternatives(marts: Marts, inventory: str, choice: dict[str, str]) -> Panel:
    data = marts.rows(_ALTERNATIVES, inventory)
    if not data:
        none = f"For nothing of {_quoted(inventory)} the record has an alternative"
        return Panel((none,), data, choice=choice)
    title: Sentence = (
        "For ",
        marts.figure("share", _WITH_ALTERNATIVE, inventory),
        f" of {_quoted(inventory)} another company has a model of the same kind that is rising",
    )
    rows = [
        (
            printable(row["model"], 120) if row["place"] == 1 else "",
            share(row["share"]) if row["place"] == 1 else "",
            printable(row["repo_id"], 120),
            printable(row["company"], 60),
            printable(row["reason"], 300),
        )
        for row in data[:_ROWS]
    ]
    header = ("model", "part", "alternative", "by", "why")
    table = Table(header, rows, frozenset({1}), is_long=len(rows) > _LONG)
    return Panel(title, data, table=table, choice=choice, note=_rest(data))


_MODELS = f"""
select * exclude (inventory) from marts.fct_exposure_models where inventory = ?
order by share desc, model limit {_MOST_ROWS}
"""


def _models(marts: Marts, inventory: str, choice: dict[str, str]) -> Panel:
    data = marts.rows(_MODELS, inventory)
    title: Sentence = (
        f"{_quoted(inventory)} has ",
        marts.figure("count", _COUNT.format(condition="true"), inventory),
        " models, " if len(data) != 1 else " model, ",
        marts.figure("count", _COUNT.format(condition="hub_id is not null"), inventory),
        " of them on record" if len(data) != 1 else " on record",
    )
    rows = [
        (
            printable(row["model"], 120),
            share(row["share"]),
            row["family_root"] or "",
            printable(row["company"] or "", 60),
            printable(row["license"] or "", 60),
            row["size_class"] or "",
            printable(row["place"] or "", 120),
        )
        for row in data[:_ROWS]
    ]
    header = ("model", "part", "family", "company", "licence", "size", "where it is used")
    table = Table(header, rows, frozenset({1}), is_long=len(rows) > _LONG)
    return Panel(title, data, table=table, choice=choice, note=_rest(data))
