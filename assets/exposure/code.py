"""Models that the files of a repository load, each with file and line.

Belongs here: which files are read, and where in them a name is a model in use. Does not belong
here: which names are models (the record knows, see `known`).

A model that is named in prose is not in use. Files of prose are not read; elsewhere a name counts
where it stands for itself (a value, a string) or where a command takes it (`vllm serve NAME`,
`--model NAME`), and not within a sentence.
"""

import io
import json
import os
import re
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb

from assets.exposure.inventory import Entry, repo_id

_SUFFIXES = (
    ".bash", ".cfg", ".conf", ".env", ".go", ".hcl", ".ini", ".ipynb", ".java", ".js", ".json",
    ".jsx", ".kt", ".mjs", ".properties", ".ps1", ".py", ".rb", ".rs", ".sh", ".tf", ".tfvars",
    ".toml", ".ts", ".tsx", ".yaml", ".yml",
)  # fmt: skip
_TEMPLATES = (".j2", ".jinja", ".template", ".tmpl", ".tpl")
_SLASH_COMMENTS = (".go", ".java", ".js", ".json", ".jsx", ".kt", ".mjs", ".rs", ".ts", ".tsx")
_NAMES = re.compile(
    r"(?:.*\.)?(?:Dockerfile|Containerfile|Modelfile|Makefile|Procfile|Justfile|env)(?:[.-].*)?",
    re.IGNORECASE,
)
_NOT_READ = (
    ".git", ".hg", ".mypy_cache", ".ruff_cache", ".svn", ".tox", ".venv", "__pycache__", "build",
    "dist", "node_modules", "venv",
)  # fmt: skip
_MAX_BYTES = 2_000_000

_ID = r"[A-Za-z0-9][\w.-]{0,95}"
# A name with its owner, wherever it came from, with what may follow it.
_WITH_OWNER = re.compile(
    rf"(?<![\w./@:%-])((?:https?://)?(?:(?:www\.)?huggingface\.co/|hf\.co/)?{_ID}/{_ID}"
    r"(?:/(?:tree|blob|resolve)/[\w./-]+)?(?:[@:][\w.-]+)?)(?![\w/])"
)
# Old models have no owner: a word is one only where a model is asked for.
_WITHOUT_OWNER = re.compile(
    r"(?:from_pretrained\(\s*|(?:^|[\s{(,;\"'])(?:-{1,2}model(?:[_-]id|[_-]name)?[\"',]*[\s=]|[\"']?"
    r"(?:model|model_id|model_name|model_name_or_path|base_model|repo_id|"
    r"pretrained_model_name_or_path)[\"']?\s*[=:])\s*)"
    rf"[\"']?({_ID})(?=[\"']|\s*(?:$|[,)}}\]#;&|]|-{{1,2}}\w))",
    re.IGNORECASE,
)
_SETS = re.compile(r"\s*(?:FROM|(?:ENV|ARG|export)\s+\w+)\s*$")
_BEFORE = re.compile(
    rf"(?:^|[=:,(\[{{\"'`]|(?:^|[\s\"'])-{{1,2}}[\w-]*|^{_SETS.pattern.rstrip('$')})\s*$"
)
_COMMAND = re.compile(
    r"(?:^|[\s\"'!])(?:(?:hf|huggingface-cli|llama-cli|llama-server|lms|ollama|sglang|vllm)\s"
    r"(?:[^\"']*\s)?(?:chat|download|get|launch|load|pull|run|serve)|git\s+clone)\s+(?:-\S+\s+)*$"
)
_AFTER = re.compile(r"\s*(?:$|[,;)\]}\"'`#|&<\\]|:\{|-{1,2}\w)")
# A line that is nothing but a name, but for what a shell may put after it.
_ALONE_AFTER = re.compile(r"\s*(?:\\|&&.*|#.*)?$")
_WORD = re.compile(r"(?<![^\s(])[A-Za-z][a-z']+[.,;:!?)]?(?!\S)")
_QUOTE = re.compile(r"[\"'`](?=[\s,)\]}:;=]|$)|(?<=[\s,(\[{:=])[\"'`]")
_SENTENCE_WORDS = 4
_AROUND = 400


class Mention(NamedTuple):
    """A name where a model may stand: the repository id, the file, and the line in it."""

    repo_id: str
    file: str
    line: str


def mentions(folder: Path) -> Iterator[Mention]:
    """Names in a repository's files that may be models in use, in the order of files and lines."""
    for path in _files(folder):
        try:
            text = path.read_bytes().decode()
        except (OSError, UnicodeDecodeError):
            continue
        if "\0" in text:
            continue
        file = path.relative_to(folder).as_posix()
        for where, line in _lines(path, text):
            for name in _named(line):
                yield Mention(name, file, where)


def known(connection: duckdb.DuckDBPyConnection, found: Iterable[Mention]) -> list[Entry]:
    """The mentions whose name the record knows, of weight 1 for each file that has it.

    Args:
        connection: To a published file.
        found: Names that may be models.
    """
    seen = list(found)
    names = sorted({mention.repo_id.lower() for mention in seen})
    rows = connection.execute(
        "select distinct lower(repo_id) from marts.dim_model_history "
        "where lower(repo_id) in (select unnest($names))",
        {"names": names},
    ).fetchall()
    on_record = {name for (name,) in rows}
    counted: set[tuple[str, str]] = set()
    entries = []
    for mention in seen:
        if mention.repo_id.lower() in on_record:
            once = (mention.repo_id.lower(), mention.file)
            place = f"{mention.file}:{mention.line}"
            entries.append(Entry(mention.repo_id, 0.0 if once in counted else 1.0, place))
            counted.add(once)
    return entries


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _NOT_READ)
        for name in sorted(names):
            path = Path(parent, name)
            is_read = _suffix(path) in _SUFFIXES or _NAMES.fullmatch(name)
            if is_read and path.is_file() and path.stat().st_size <= _MAX_BYTES:
                yield path


def _suffix(path: Path) -> str:
    """How a file's name ends; a template is read as what it makes."""
    ends = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in _TEMPLATES]
    return ends[-1] if ends else ""


def _lines(path: Path, text: str) -> Iterator[tuple[str, str]]:
    """Lines in which names count, with what they are called: comments and prose are left out."""
    suffix = _suffix(path)
    if suffix == ".py":
        yield from _strings(text)
    elif suffix == ".ipynb":
        yield from _cells(text)
    else:
        comment = r"(?:^|\s)//.*$|^\s*/?\*.*$" if suffix in _SLASH_COMMENTS else r"(?:^|\s)#.*$"
        for number, line in enumerate(text.splitlines(), 1):
            yield str(number), re.sub(comment, "", line)


def _cells(text: str) -> Iterator[tuple[str, str]]:
    """The code of a notebook, and the commands in it; its text is prose."""
    try:
        cells = [
            (number, "".join(cell["source"]).splitlines())
            for number, cell in enumerate(json.loads(text)["cells"], 1)
            if cell["cell_type"] == "code"
        ]
    except (ValueError, TypeError, KeyError, RecursionError):
        return
    for number, source in cells:
        commands = [line.lstrip().startswith(("!", "%")) for line in source]
        code = [
            "" if is_command else line for line, is_command in zip(source, commands, strict=True)
        ]
        found = [
            (str(at), line)
            for at, (line, is_command) in enumerate(zip(source, commands, strict=True), 1)
            if is_command
        ]
        for where, line in [*_strings("\n".join(code)), *found]:
            yield f"cell {number}:{where}", line


def _strings(text: str) -> Iterator[tuple[str, str]]:
    """The strings of Python code, a line each, but for those that document it."""
    before: list[str] = []
    begins = True
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            kind = tokenize.tok_name[token.type]
            if kind in ("COMMENT", "NL"):
                continue
            if kind in ("STRING", "FSTRING_MIDDLE") and not begins:
                string = token.string if kind == "STRING" else f'"{token.string}"'
                for offset, line in enumerate(string.splitlines()):
                    head = "" if offset else _head(before)
                    yield str(token.start[0] + offset), head + line
            begins = kind in ("NEWLINE", "INDENT", "DEDENT", "ENCODING")
            if kind != "FSTRING_START":
                before = [*before[-1:], token.string]
    except (tokenize.TokenError, SyntaxError):
        return


def _head(before: list[str]) -> str:
    """What asks for a string: the call or the name that it is given to."""
    if before[-2:] == ["from_pretrained", "("]:
        return "from_pretrained("
    return f" {before[0]}=" if len(before) == 2 and before[1] in ("=", ":") else ""


def _named(line: str) -> Iterator[str]:
    for found in _WITH_OWNER.finditer(line):
        before, after = _sides(line, found.start(), found.end())
        if not _AFTER.match(after):
            continue
        # A list without a bracket, a quote or a key is a sentence that was wrapped.
        if not re.search(r"[^\w\s./,-]|(?:^|\s)-", before) and not _SETS.match(before):
            is_value = not before.strip() and bool(_ALONE_AFTER.match(after))
        else:
            is_value = bool(_BEFORE.search(before)) and not _is_prose(before, after)
        if is_value or _COMMAND.search(before):
            yield repo_id(found[1])
    for found in _WITHOUT_OWNER.finditer(line):
        if not _is_prose(*_sides(line, found.start(1), found.end(1))):
            yield found[1]


def _sides(line: str, start: int, end: int) -> tuple[str, str]:
    """What stands around a name, as far as it matters; a line of a file may be the whole file."""
    first = max(0, start - _AROUND)
    return ("…" if first else "") + line[first:start], line[end : end + _AROUND]


def _is_prose(before: str, after: str) -> bool:
    """Whether the quoted text, or the line, around a name is a sentence."""
    said = f"{_QUOTE.split(before)[-1]} {_QUOTE.split(after)[0]}"
    return len(_WORD.findall(said)) >= _SENTENCE_WORDS
