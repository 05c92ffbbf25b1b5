"""Which family a name belongs to, by the same seeds as the product's.

Belongs here: the seeds as rules, and as one SQL expression. Does not belong here: judging names.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

_SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"
FAMILIES = _SEEDS / "families.csv"


@dataclass(frozen=True)
class Family:
    """A family: the accounts that are its own, those whose names all count, and a pattern."""

    name: str
    publishers: tuple[str, ...]
    namespaces: tuple[str, ...]
    pattern: str


def families() -> list[Family]:
    """All families, the first one that matches wins."""
    rows = sorted(_read(FAMILIES), key=lambda row: int(row["priority"]))
    return [
        Family(
            row["family"],
            tuple(row["publishers"].split(";")),
            tuple(row["namespaces"].split(";")) if row["namespaces"] else (),
            row["name_pattern"],
        )
        for row in rows
    ]


def exclusions() -> list[str]:
    """Patterns of whole names, in lower case, that belong to no family."""
    return sorted(row["pattern"] for row in _read(_SEEDS / "unbranded.csv"))


def brand_expression() -> str:
    """SQL over `pending.repo_id`, `owner_name` and `short_name`: constants, compiled once."""
    lines = [
        f"when regexp_matches(lower(pending.repo_id), {_text(pattern)}) then null"
        for pattern in exclusions()
    ]
    for family in families():
        matches = f"regexp_matches(pending.short_name, {_text(family.pattern)})"
        if family.namespaces:
            owners = ", ".join(_text(owner) for owner in family.namespaces)
            matches = f"(pending.owner_name in ({owners}) or {matches})"
        lines.append(f"when {matches} then {_text(family.name)}")
    return " ".join(["case", *lines, "end"])


def _read(seed: Path) -> list[dict[str, str]]:
    with seed.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
