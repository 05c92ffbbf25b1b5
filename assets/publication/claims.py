"""What the record says of published figures, from the published file.

Belongs here: the text of `make claims`. Does not belong here: verdicts (see `fct_claims`), the
report's page.
"""

from pathlib import Path

import duckdb
import polars as pl

from assets.errors import LedgerError
from assets.facts.project import PROJECT_DIR
from assets.hub.items import printable

_SEED = PROJECT_DIR / "seeds" / "reported_claims.csv"


def require_claim(claim_id: str) -> None:
    """Refuse a claim that the seed does not have, before minutes are spent on it.

    Raises:
        LedgerError: There is no such claim.
    """
    if claim_id not in pl.read_csv(_SEED, infer_schema=False)["claim_id"]:
        raise LedgerError(
            f"no claim {claim_id!r}; the claims are the rows of "
            f"{_SEED.relative_to(PROJECT_DIR.parent)}"
        )


def verdicts(published: Path) -> str:
    """How many claims have which verdict, and a line a claim, as plain text."""
    with duckdb.connect(published, read_only=True) as connection:
        counts = connection.execute(
            "select verdict, count(distinct claim_id) from marts.fct_claims "
            "group by 1 order by 2 desc, 1"
        ).fetchall()
        claims = connection.execute(
            "select distinct claim_id, verdict, statement from marts.fct_claims order by 1"
        ).fetchall()
        lines = _sample(connection)
    lines += [f"{count:>6}  {verdict}" for verdict, count in counts]
    lines += ["", *(f"{one:<6}{verdict:<17}{printable(text)}" for one, verdict, text in claims)]
    lines += ["", "One claim with all scopes tried: make claims CLAIM=C013"]
    return "\n".join(lines)


def verdict(published: Path, claim_id: str) -> str:
    """One claim of the seed with its verdict, the reason, and every scope tried, as plain text."""
    with duckdb.connect(published, read_only=True) as connection:
        rows = connection.execute(_CLAIM, [claim_id]).fetchall()
        lines = _sample(connection)
    statement, source, found, reason, at_odds, *_ = rows[0]
    lines += [
        f"{printable(claim_id)}  {printable(statement, 1000)}",
        f"      {printable(source, 1000)}",
        "",
    ]
    lines += [f"{found}: {printable(reason, 1000)}"]
    if at_odds:
        lines.append(f"cannot be true together with {at_odds}")
    tried = [row[5:] for row in rows if row[6] is not None]
    if tried:
        lines += ["", f"  {'outcome':<11}{'measured':>18}  scope, attribution, basis, reading"]
        for outcome, measured, scope in tried:
            lines.append(f"  {outcome:<11}{measured:>18}  {printable(scope, 1000)}")
    return "\n".join(lines)


_CLAIM = """
select
    statement, coalesce(source, ''), verdict, reason, inconsistent_with, outcome,
    coalesce(
        strftime(measured_on, '%Y-%m-%d'),
        case
            when unit in ('share', 'ratio') then format('{:.3f}', measured)
            else format('{:,}', cast(round(measured) as bigint))
        end
    ),
    concat_ws(', ', scope, attribution, basis, reading)
from marts.fct_claims where claim_id = ?
order by is_nearest desc, is_stated desc, outcome, scope, attribution, basis, reading
"""


def _sample(connection: duckdb.DuckDBPyConnection) -> list[str]:
    ((sample,),) = connection.execute("select max(sample) from marts.fct_claims").fetchall()
    if sample is None:
        return []
    return [
        f"SAMPLE DATA ({printable(sample)}): no verdict says anything of a real claim.",
        "",
    ]
