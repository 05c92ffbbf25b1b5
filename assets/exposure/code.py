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
    ".cfg", ".conf", ".env", ".go", ".hcl", ".ini", ".ipynb", ".java", ".js", ".json", ".jsx",
    ".kt", ".mjs", ".properties", ".ps1", ".py", ".rb", ".rs", ".sh", ".tf", ".tfvars", ".toml",
    ".ts", ".tsx", ".yaml", ".yml",
)  # fmt: skip
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
    r"(?:from_pretrained\(\s*|(?:^|[\s{(,;])[\"']?-{0,2}(?:model|model_id|model_name|model-name|"
    r"model_name_or_path|model_path|base_model|repo_id|pretrained_model_name_or_path)[\"']?"
    rf"(?:\s*[=:]\s*|\s+))[\"']?({_ID})[\"']?(?=\s*(?:$|[,)}}\]#\s]))",
    re.IGNORECASE | re.MULTILINE,
)
_BEFORE = re.compile(
    r"(?:^|[=:,(\[{\"'`]|(?:^|[\s\"'])-{1,2}[\w-]*|^\s*(?:FROM|(?:ENV|ARG|export)\s+\w+))\s*$"
)
_COMMAND = re.compile(
    r"(?:^|[\s\"'])(?:hf|huggingface-cli|llama-cli|llama-server|lms|ollama|sglang|vllm)\s(?:[^\"']*\s)?"
    r"(?:chat|download|get|launch|load|pull|run|serve)\s+(?:-{1,2}\S+\s+)*$"
)
_AFTER = re.compile(r"\s*(?:$|[,;)\]}\"'`#|&<\\]|-{1,2}\w)")


class Mention(NamedTuple):
    """A name where a model may stand: the repository id, the file and the line."""

    repo_id: str
    place: str


def mentions(folder: Path) -> Iterator[Mention]:
    """Names in a repository's files that may be models in use, in the order of files and lines."""
    for path in _files(folder):
        try:
            text = path.read_bytes().decode()
        except (OSError, UnicodeDecodeError):
            continue
        if "\0" in text:
            continue
        place = path.relative_to(folder).as_posix()
        for where, line in _lines(path, text):
            for name in _named(line):
                yield Mention(name, f"{place}:{where}")


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
    files: set[tuple[str, str]] = set()
    entries = []
    for mention in seen:
        if mention.repo_id.lower() in on_record:
            file = (mention.repo_id, mention.place.rpartition(":")[0])
            entries.append(Entry(mention.repo_id, 0.0 if file in files else 1.0, mention.place))
            files.add(file)
    return entries


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _NOT_READ)
        for name in sorted(names):
            path = Path(parent, name)
            is_read = path.suffix.lower() in _SUFFIXES or _NAMES.fullmatch(name)
            if is_read and path.is_file() and path.stat().st_size <= _MAX_BYTES:
                yield path


def _lines(path: Path, text: str) -> Iterator[tuple[str, str]]:
    """Lines in which names count, with what they are called: comments and prose are left out."""
    if path.suffix == ".py":
        yield from _strings(text, "")
    elif path.suffix == ".ipynb":
        yield from _cells(text)
    else:
        for number, line in enumerate(text.splitlines(), 1):
            yield str(number), _without_comment(path, line)


def _without_comment(path: Path, line: str) -> str:
    if path.suffix.lower() in _SLASH_COMMENTS:
        return re.sub(r"(?:^|\s)//.*$", "", line)
    return re.sub(r"(?:^|\s)#.*$", "", line)


def _cells(text: str) -> Iterator[tuple[str, str]]:
    """The code of a notebook; its text is prose."""
    try:
        cells = json.loads(text)["cells"]
        code = [
            (number, "".join(cell["source"]))
            for number, cell in enumerate(cells, 1)
            if cell["cell_type"] == "code"
        ]
    except (ValueError, TypeError, KeyError, RecursionError):
        return
    for number, source in code:
        yield from _strings(source, f"cell {number}:")


def _strings(text: str, prefix: str) -> Iterator[tuple[str, str]]:
    """The strings of Python code, a line each, but for those that document it."""
    before = tokenize.NEWLINE
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            is_document = token.type == tokenize.STRING and before in _BEGINS
            if token.type == tokenize.STRING and not is_document:
                context = token.line[: token.start[1]] if token.start[0] == token.end[0] else ""
                call = "from_pretrained(" if context.rstrip().endswith("from_pretrained(") else ""
                keyword = re.search(r"(?:^|[\s(,{])([\"']?\w+[\"']?\s*[=:]\s*)$", context)
                head = call or (f" {keyword[1]}" if keyword else "")
                for offset, line in enumerate(token.string.splitlines()):
                    yield (
                        f"{prefix}{token.start[0] + offset}",
                        (head + line if not offset else line),
                    )
            if token.type not in (tokenize.COMMENT, tokenize.NL):
                before = token.type
    except (tokenize.TokenError, SyntaxError):
        return


_MAX_LINE = 10_000
_BEGINS = frozenset({tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING})


_WORD = re.compile(r"(?<![^\s(])[A-Za-z][a-z']+[.,;:!?)]?(?!\S)")
_QUOTE = re.compile(r"[\"'`](?=[\s,)\]}:;=]|$)|(?<=[\s,(\[{:=])[\"'`]")
_SENTENCE_WORDS = 4


def _named(line: str) -> Iterator[str]:
    if len(line) > _MAX_LINE:
        return
    for found in _WITH_OWNER.finditer(line):
        before, after = line[: found.start()], line[found.end() :]
        if not _AFTER.match(after):
            continue
        if _COMMAND.search(before) or (_BEFORE.search(before) and not _is_prose(before, after)):
            yield repo_id(found[1])
    for found in _WITHOUT_OWNER.finditer(line):
        yield found[1]


def _is_prose(before: str, after: str) -> bool:
    """Whether the quoted text, or the line, around a name is a sentence."""
    said = f"{_QUOTE.split(before)[-1]} {_QUOTE.split(after)[0]}"
    return len(_WORD.findall(said)) >= _SENTENCE_WORDS
