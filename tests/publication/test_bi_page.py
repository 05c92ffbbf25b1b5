"""The page on BI tools: what it shows runs, or says that nobody tried it."""

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.staticfiles import StaticFiles

from assets.publication.warehouse import publish
from pipelines.documents import DOCS
from tests.publication.test_warehouse import built as built

PAGE = DOCS / "bi.md"
FOLDER = "/data/published"
ADDRESS = "https://example.org/published"


def snippets(environment: str) -> list[str]:
    """The page's blocks that run in an environment."""
    marked = rf"<!-- run: {environment} -->\n```\w+\n(.*?)```"
    return re.findall(marked, PAGE.read_text(), re.S)


@pytest.fixture(scope="module")
def published(built: Path) -> Path:
    return publish(built).path.parent


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A file server as others have one: follows links and gives ranges."""
    app = StaticFiles(directory=folder, follow_symlink=True)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=10)


@pytest.mark.parametrize("snippet", [*snippets("main"), *snippets("http")])
def test_python_runs_as_it_stands(published: Path, snippet: str) -> None:
    with served(published) as address:
        code = snippet.replace(FOLDER, str(published)).replace(ADDRESS, address)
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            env={**os.environ, "NO_PROXY": "127.0.0.1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_what_no_test_runs_says_so() -> None:
    sections = re.split(r"^##+ ", PAGE.read_text(), flags=re.M)
    silent = [
        section.splitlines()[0]
        for section in sections
        if "```" in section
        and "<!-- run:" not in section
        and not re.search(r"not tried by us|Tried without its screen", section)
    ]
    assert silent == []
    for environment in ("main", "http", "sqlalchemy", "cli", "node", "superset uri"):
        assert snippets(environment), environment
