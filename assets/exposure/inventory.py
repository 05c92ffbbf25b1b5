"""An inventory: the models in use, each with a weight, as CSV or YAML.

Belongs here: the files' shapes, and what is refused. Does not belong here: whether a model is on
record (a matter of `int_exposure_entries`), finding models in a cache or in code (see `cache`,
`code`).

CSV has a column with the ids (`model`, `model_id`, `repo_id` or `id`; or no header and the ids
first), and may have one with weights (`weight`, `calls`, `gpu_hours`, `apps` or `uses`), one with
the inventory of each row (`inventory`, `team` or `site`) and one with a `place`. YAML is a list of
ids or of mappings with the same names, a mapping of ids to weights, or a mapping of inventories to
one of these.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import yaml

from assets.errors import LedgerError
from assets.hub.items import printable

SUFFIXES = (".csv", ".yaml", ".yml")
_IDS = ("model", "model_id", "repo_id", "id")
_WEIGHTS = ("weight", "calls", "gpu_hours", "apps", "uses")
_NAMES = ("inventory", "team", "site")
_PLACE = "place"
_NAME = re.compile(r"[\w][\w .-]{0,59}")
_MAX_ID, _MAX_PLACE, _MAX_FILE = 512, 4096, 256 * 2**20
# What differs by more than this is a mistake, and too little to add to what is larger.
_LEAST, _MOST = 1e-9, 1e15


class Entry(NamedTuple):
    """A model in use.

    Attributes:
        model: Its repository id as it was written.
        weight: How much it is used, 0 or more, in the inventory's own unit.
        place: Where it was found; empty where nobody said.
    """

    model: str
    weight: float
    place: str = ""


@dataclass(frozen=True)
class Inventory:
    """The models that one team or site uses, each once."""

    name: str
    entries: list[Entry]


def read_inventories(path: Path, name: str | None = None) -> list[Inventory]:
    """The inventories of a file: one, unless its rows name several.

    Args:
        path: A file that ends in .csv, .yaml or .yml.
        name: Of the rows that name no inventory; the file's without its ending if None.

    Raises:
        LedgerError: Says where the file cannot be used and why.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise LedgerError(f"{path.name}: an inventory ends in {', '.join(SUFFIXES)}")
    text = _text(path)
    rows = _csv_rows(path, text) if path.suffix.lower() == ".csv" else _yaml_rows(path, text)
    return collect(((name or path.stem, row) if of is None else (of, row)) for of, row in rows)


def collect(rows: Iterable[tuple[str, Entry]]) -> list[Inventory]:
    """Inventories by name, a model once in each: its weights summed, its first places kept.

    Raises:
        LedgerError: An inventory has a name that cannot be a file's, or nothing that is used.
    """
    held: dict[str, dict[str, tuple[str, float, list[str], int]]] = {}
    for name, (model, weight, place) in rows:
        models = held.setdefault(name, {})
        key = repo_id(model).lower()
        first, total, places, more = models.get(key, (model, 0.0, [], 0))
        if place and place not in places:
            places, more = (
                (places, more + 1) if len(places) == _PLACES else ([*places, place], more)
            )
        models[key] = first, total + weight, places, more
    for name, models in held.items():
        if not _NAME.fullmatch(name):
            raise LedgerError(
                f"{printable(name)!r} cannot name an inventory: up to 60 letters, digits, spaces, "
                "dots, dashes and underscores, the first a letter or digit"
            )
        if not any(weight for _, weight, _, _ in models.values()):
            raise LedgerError(f"inventory {name}: its weights sum to 0: nothing is in use")
    if not held:
        raise LedgerError("an inventory without a model: nothing is in use")
    return [
        Inventory(
            name,
            [
                Entry(model, weight, "; ".join([*places, *([f"{more} more"] if more else [])]))
                for model, weight, places, more in models.values()
            ],
        )
        for name, models in sorted(held.items())
    ]


_PLACES = 5


def write_inventory(folder: Path, inventory: Inventory) -> Path:
    """Keep an inventory as a CSV file of a folder, in place of what has its name."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{inventory.name}.csv"
    building = folder / f".{inventory.name}.building"
    with building.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow((_NAMES[0], _IDS[0], _WEIGHTS[0], _PLACE))
        for entry in inventory.entries:
            writer.writerow((inventory.name, entry.model, repr(entry.weight), entry.place))
    building.replace(path)
    return path


_ON_THE_HUB = re.compile(
    r"(?:hf://|(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/)(?:models/)?", re.IGNORECASE
)


def repo_id(model: str) -> str:
    """The repository id in what people write: an address, with a revision or a quantization.

    Empty where an address or a revision is all there is.
    """
    named = model.strip()
    if found := _ON_THE_HUB.match(named):
        path = re.split(r"[?#]", named[found.end() :])[0].split("/")
        # Old models have no owner: what follows their name tells of it.
        length = 1 if len(path) > 1 and path[1] in _PAGES else 2
        named = "/".join(path[:length])
    return re.sub(r"(?:[@:][^/]*|/)$", "", named)


_PAGES = ("", "blob", "commit", "commits", "discussions", "resolve", "tree")


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_FILE:
            raise LedgerError(f"{path.name}: larger than {_MAX_FILE // 2**20} MB")
        content = path.read_bytes()
    except OSError as error:
        raise LedgerError(f"{path}: {error.strerror}") from None
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise LedgerError(
            f"{path.name}, line {line}: not {encoding.removesuffix('-sig').upper()}; save the file "
            "in UTF-8"
        ) from None


def _csv_rows(path: Path, text: str) -> Iterator[tuple[str | None, Entry]]:
    if "\0" in text:
        raise LedgerError(f"{path.name}: holds zero bytes; save the file as text, in UTF-8")
    reader = csv.reader(io.StringIO(text, newline=""), dialect=_dialect(text), strict=True)
    columns: dict[str, int] | None = None
    try:
        for cells in reader:
            where = f"{path.name}, line {reader.line_num}"
            if not any(cell.strip() for cell in cells) or cells[0].startswith("#"):
                continue
            if columns is None:
                columns = _columns(where, cells)
                if columns:
                    continue
                columns = {_IDS[0]: 0} | ({_WEIGHTS[0]: 1} if len(cells) > 1 else {})
                if len(cells) > 1 and _weight(cells[1]) is None:
                    raise LedgerError(f"{where}: no column {' or '.join(_IDS)}, and no weight")
            row = {name: cells[at] if at < len(cells) else "" for name, at in columns.items()}
            yield _row(where, row)
    except csv.Error as error:
        raise LedgerError(f"{path.name}, line {reader.line_num}: {error}") from None


class _Comma(csv.excel):
    skipinitialspace = True


class _Semicolon(_Comma):
    delimiter = ";"


class _Tab(_Comma):
    delimiter = "\t"


def _dialect(text: str) -> type[csv.Dialect]:
    """The delimiter of the first line; ids and headers hold none of them."""
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    first = next(lines, "")
    return max((_Comma, _Semicolon, _Tab), key=lambda dialect: first.count(dialect.delimiter))


def _columns(where: str, cells: list[str]) -> dict[str, int]:
    """Where the columns are, by the first of their names; empty where this is no header."""
    named = [re.sub(r"[\s-]+", "_", cell.strip().lower()) for cell in cells]
    columns = {}
    for names in (_IDS, _WEIGHTS, _NAMES, (_PLACE,)):
        found = [at for at, name in enumerate(named) if name in names]
        if len(found) > 1:
            held = ", ".join(named[at] for at in found)
            raise LedgerError(f"{where}: columns {held} mean the same; leave one of them")
        if found:
            columns[names[0]] = found[0]
    if columns and _IDS[0] not in columns:
        raise LedgerError(f"{where}: no column {' or '.join(_IDS)}")
    return columns


def _row(where: str, row: Mapping[str, object]) -> tuple[str | None, Entry]:
    model = str(row[_IDS[0]]).strip()
    if not model:
        raise LedgerError(f"{where}: no model")
    if len(model) > _MAX_ID:
        raise LedgerError(f"{where}: a model of {len(model):,} characters; {_MAX_ID} at most")
    if any(unicodedata.category(letter) == "Cc" for letter in model):
        raise LedgerError(f"{where}: {printable(model, 80)!r} holds a control character")
    if not repo_id(model):
        raise LedgerError(f"{where}: {printable(model, 80)!r} names no model")
    weight = _weight(row.get(_WEIGHTS[0]))
    if weight is None:
        raise LedgerError(
            f"{where}: weight {printable(str(row[_WEIGHTS[0]]), 40)!r} of {printable(model, 80)} "
            f"should be 0, or a number from {_LEAST:g} to {_MOST:g}"
        )
    name, place = str(row.get(_NAMES[0]) or "").strip(), str(row.get(_PLACE) or "").strip()
    return name or None, Entry(model, weight, place[:_MAX_PLACE])


def _weight(said: object) -> float | None:
    """The number in a cell; 1 for a use that nobody weighed, None where it is none."""
    text = "" if said is None else str(said).strip()
    if text in ("", "~", "null"):
        return 1.0
    try:
        weight = float(text)
    except ValueError:
        return None
    return weight if "_" not in text and (not weight or _LEAST <= weight <= _MOST) else None


def _yaml_rows(path: Path, text: str) -> Iterator[tuple[str | None, Entry]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        depth = 0
        for event in yaml.parse(text, Loader=loader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            # What composes a document goes down as deep as it does, and ends the process.
            if depth > _DEEPEST:
                raise LedgerError(f"{_where(path.name, event)}: lists and mappings {depth} deep")
        document = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise LedgerError(f"{path.name}{line}: no YAML: {printable(str(problem), 200)}") from None
    if document is None:
        return
    yield from _node_rows(path.name, None, document, set())


def _node_rows(
    path: str, name: str | None, node: yaml.Node, seen: set[int]
) -> Iterator[tuple[str | None, Entry]]:
    where = _where(path, node)
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _once(path, item, seen)
            if isinstance(item, yaml.ScalarNode):
                row: dict[str, object] = {_IDS[0]: item.value}
            elif isinstance(item, yaml.MappingNode):
                row = _mapping_row(path, item, seen)
            else:
                raise LedgerError(f"{_where(path, item)}: a list in a list")
            of, entry = _row(_where(path, item), row)
            yield of or name, entry
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _once(path, value, seen)
            if not isinstance(key, yaml.ScalarNode):
                raise LedgerError(f"{_where(path, key)}: a key should be a model or an inventory")
            if isinstance(value, yaml.ScalarNode):
                row = {_IDS[0]: key.value, _WEIGHTS[0]: value.value}
                of, entry = _row(_where(path, key), row)
                yield of or name, entry
            elif name is None:
                yield from _node_rows(path, key.value, value, seen)
            else:
                raise LedgerError(f"{_where(path, key)}: an inventory within an inventory")
    else:
        raise LedgerError(f"{where}: an inventory is a list or a mapping")


def _mapping_row(path: str, node: yaml.MappingNode, seen: set[int]) -> dict[str, object]:
    cells: list[str] = []
    values: list[str] = []
    for key, value in node.value:
        _once(path, value, seen)
        if not (isinstance(key, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode)):
            raise LedgerError(f"{_where(path, key)}: a model's row holds single values")
        cells.append(key.value)
        values.append(value.value)
    where = _where(path, node)
    columns = _columns(where, cells)
    if _IDS[0] not in columns:
        raise LedgerError(f"{where}: no {' or '.join(_IDS)}")
    return {name: values[at] for name, at in columns.items()}


def _once(path: str, node: yaml.Node, seen: set[int]) -> None:
    """Refuse aliases: some lines of them can stand for more rows than there is memory."""
    if id(node) in seen:
        raise LedgerError(f"{_where(path, node)}: an alias; write the rows themselves")
    seen.add(id(node))


_DEEPEST = 6


def _where(path: str, node: yaml.Node | yaml.Event) -> str:
    return f"{path}, line {node.start_mark.line + 1}"
