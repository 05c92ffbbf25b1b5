"""What the user's own inventories depend on, from the published file.

Belongs here: the text of `make audit`. Does not belong here: exposures (see `fct_exposure`), their
page.
"""

from pathlib import Path

import duckdb

from assets.hub.items import printable

_DIMENSIONS = {
    "family_root": "family",
    "company": "company",
    "region": "region",
    "account": "account",
    "quantizer": "quantizer",
    "license": "licence",
}

_INVENTORIES = """
select inventory, count(*), count(*) filter (hub_id is null), count(*) filter (gone_on is not null),
    count(*) filter (is_renamed), count(*) filter (is_falling),
    count(*) filter (generations_behind >= 2), max(as_of)
from marts.fct_exposure_models group by inventory order by inventory
"""

_LARGEST = """
select distinct dimension, single_source, single_source_share, hhi, hhi_high
from marts.fct_exposure
where inventory = ?
"""


def exposures(published: Path) -> str:
    """Each inventory's largest sources and what needs attention, as plain text."""
    with duckdb.connect(published, read_only=True) as connection:
        (sample,) = connection.execute("select max(sample) from marts.meta_captures").fetchall()[0]
        inventories = connection.execute(_INVENTORIES).fetchall()
        sources = {
            name: {
                dimension: told
                for dimension, *told in connection.execute(_LARGEST, [name]).fetchall()
            }
            for name, *_ in inventories
        }
    lines = []
    if sample:
        lines = [f"SAMPLE DATA ({printable(sample)}): says nothing about the real Hub.", ""]
    for name, models, unknown, gone, renamed, falling, behind, as_of in inventories:
        lines += [
            f"{printable(name)}: {models:,} {'model' if models == 1 else 'models'} on {as_of}",
            f"  {unknown:,} not on record, {gone:,} gone, {renamed:,} renamed, {falling:,} falling "
            f"in use, {behind:,} two generations behind or more",
            f"  {'by':<12}{'exposure':>9}{'concentration':>18}  largest source",
        ]
        for dimension, words in _DIMENSIONS.items():
            unit, share, least, most = sources[name][dimension]
            span = f"{least:,.0f}" if least == most else f"{least:,.0f} to {most:,.0f}"
            shown = printable(unit, 60) if unit else "none"
            lines.append(f"  {words:<12}{share:>9.1%}{span:>18}  {shown}")
        lines.append("")
    return "\n".join(lines).rstrip()
