"""Where inventories come from, and where they are kept.

Belongs here: telling a file from a cache and from a repository, the folder of inventories, loading
it into the ledger. Does not belong here: how each is read (see `inventory`, `cache`, `code`).
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from assets.errors import LedgerError
from assets.exposure.cache import cached_models, is_cache
from assets.exposure.code import known, mentions
from assets.exposure.inventory import (
    SUFFIXES,
    Inventory,
    collect,
    read_inventories,
    repo_id,
    write_inventory,
)

FOLDER = "inventories"


@dataclass(frozen=True)
class Loaded:
    """Models by inventory, and what is wrong with the files that could not be used."""

    models: dict[str, int]
    faults: list[str]


def gather(path: Path, published: Path, name: str | None = None) -> list[Inventory]:
    """The inventories of a file, of a machine's cache or of a repository's files.

    Args:
        path: A file, the folder of a cache, or any other folder.
        published: The published file, which knows the names that can be models.
        name: Of what has no other name; the file's or folder's own if None.

    Raises:
        LedgerError: Nothing there can be used; says why.
    """
    if not path.exists():
        raise LedgerError(f"no inventory at {path}")
    if not path.is_dir():
        return read_inventories(path, name)
    name = name or path.resolve().name.lstrip(".")
    cache = next((folder for folder in (path, path / "hub") if is_cache(folder)), None)
    if cache:
        return collect((name, entry) for entry in cached_models(cache))
    if not published.exists():
        raise LedgerError(
            "nothing is published yet that knows models by name: make nightly or make demo first"
        )
    with duckdb.connect(published, read_only=True) as connection:
        entries = known(connection, mentions(path))
    if not entries:
        raise LedgerError(
            f"{path} is no cache of the Hub, and its files load no model that is on record"
        )
    return collect((name, entry) for entry in entries)


def keep(home: Path, inventories: list[Inventory]) -> None:
    """Keep inventories in a home, each in place of what had its name.

    Raises:
        LedgerError: Two of them have one name, or a file with several inventories holds one of it.
    """
    names = [inventory.name.lower() for inventory in inventories]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise LedgerError(
            f"two inventories are called {twice}; name them: INVENTORY='search=a/{twice}.csv ...'"
        )
    replaced = []
    for path in kept(home):
        try:
            held = {inventory.name.lower() for inventory in read_inventories(path)}
        except LedgerError:
            held = {path.stem.lower()}
        if held & set(names):
            if len(held) > 1:
                raise LedgerError(
                    f"{path} holds the inventory {min(held & set(names))} among others; take it "
                    "out there, or give the new one another name"
                )
            replaced.append(path)
    # The old one goes when the new one is there.
    written = {write_inventory(home / FOLDER, inventory) for inventory in inventories}
    for path in set(replaced) - written:
        path.unlink()


def kept(home: Path) -> list[Path]:
    """The files of a home's inventories."""
    folder = home / FOLDER
    if not folder.is_dir():
        return []
    found = (path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    return sorted(path for path in found if path.is_file() and not path.name.startswith("."))


def load(connection: duckdb.DuckDBPyConnection, home: Path) -> Loaded:
    """Put a home's inventories into the ledger in place of those it has.

    A file that cannot be used is left out and told of: the night goes on.
    """
    faults: list[str] = []
    inventories: dict[str, Inventory] = {}
    for path in kept(home):
        try:
            found = {inventory.name.lower(): inventory for inventory in read_inventories(path)}
            if twice := found.keys() & inventories.keys():
                raise LedgerError(f"another file holds {min(twice)} too")
            inventories |= found
        except LedgerError as error:
            said = str(error)
            faults.append(said if said.startswith(path.name) else f"{path.name}: {said}")
    frame = pl.DataFrame(
        [
            (inventory.name, entry.model, repo_id(entry.model), entry.weight, entry.place)
            for inventory in inventories.values()
            for entry in inventory.entries
        ],
        schema={
            "inventory": pl.String,
            "model": pl.String,
            "repo_id": pl.String,
            "weight": pl.Float64,
            "place": pl.String,
        },
        orient="row",
    )
    connection.begin()
    try:
        connection.register("inventories_read", frame)
        connection.execute("delete from raw.inventory_entries")
        connection.execute("insert into raw.inventory_entries select * from inventories_read")
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    finally:
        connection.unregister("inventories_read")
    return Loaded({one.name: len(one.entries) for one in inventories.values()}, faults)
