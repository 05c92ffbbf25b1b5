"""What BI tools and notebooks bring opens the published file and says what the mart says."""

import datetime as dt
import inspect
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.ledger.warehouse import connect
from assets.publication.warehouse import publish
from tests.clients.environments import (
    node_environment,
    only_if_wanted,
    python_environment,
    run,
)
from tests.helpers import build_facts, item, load, record
from tests.publication.test_bi_page import FOLDER, snippets

pytestmark = only_if_wanted

DATES = [dt.date(2026, 1, 31), dt.date(2026, 2, 1), dt.date(2026, 3, 1)]
# A chart of the kind most often drawn: one family's share, month by month.
SHARES = """
    select month, share from marts.fct_family_share_monthly
    where scope = 'all' and attribution = 'root' and basis = 'window' and variant = 'raw'
        and family = 'Qwen'
    order by month
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("clients")
    record(
        home,
        {
            date: [item("Qwen/Q", 10 + 7 * day), item("google/gemma-2b", 50)]
            for day, date in enumerate(DATES)
        },
    )
    load(home, DATES)
    build_facts(home)
    return home


@pytest.fixture(scope="module")
def published(home: Path) -> Path:
    return publish(home).path.parent


def described(connection: Any) -> list[Any]:
    """What a client sees, as JSON has it; the same lines run in clients of every version."""
    listed = connection.execute(
        "select table_name, comment from duckdb_tables() where schema_name = 'marts' order by 1"
    ).fetchall()
    columns = connection.execute(
        "select table_name, column_name, data_type, comment from duckdb_columns() "
        "where schema_name = 'marts' order by 1, column_index"
    ).fetchall()
    counts = [
        connection.execute(f"select count(*) from marts.{name}").fetchall()[0][0]
        for name, _ in listed
    ]
    shares = connection.execute(
        "select family, attribution, round(sum(share), 9) from marts.fct_family_share_daily "
        "group by all order by all"
    ).fetchall()
    return json.loads(json.dumps([listed, columns, counts, shares]))


@pytest.fixture(scope="module")
def expected(published: Path) -> list[Any]:
    with duckdb.connect(published / "hub_ledger.duckdb", read_only=True) as connection:
        return described(connection)


def source_of(function: Callable[..., Any]) -> str:
    return "import json\nfrom typing import Any, Callable\n" + inspect.getsource(function)


@pytest.mark.parametrize("version", ["1.4.0", "1.4.4", "1.5.6", "2.0.0"])
def test_duckdb(published: Path, expected: list[Any], version: str) -> None:
    code = source_of(described) + (
        "import duckdb, sys\n"
        "connection = duckdb.connect(sys.argv[1] + '/hub_ledger.duckdb', read_only=True)\n"
        "twin = sys.argv[1] + '/parquet/fct_family_share_daily/**/*.parquet'\n"
        "rows = connection.execute('select count(*) from read_parquet(?)', [twin]).fetchall()\n"
        "print(json.dumps([duckdb.__version__, described(connection), rows[0][0]]))\n"
    )
    with python_environment(f"duckdb-{version}") as programs:
        told = json.loads(run([str(programs / "python"), "-c", code, str(published)]))
    names = [name for name, _ in expected[0]]
    assert told == [version, expected, expected[2][names.index("fct_family_share_daily")]]


SQLALCHEMY = """
import json, sys
from sqlalchemy import create_engine, inspect, text
engine = create_engine(sys.argv[1], connect_args={"read_only": True})
inspector, schema = inspect(engine), "hub_ledger.marts"
tables = {
    name: [
        inspector.get_table_comment(name, schema)["text"],
        [[column["name"], column["comment"]] for column in inspector.get_columns(name, schema)],
    ]
    for name in inspector.get_table_names(schema)
}
with engine.connect() as connection:
    rows = [[str(month), share] for month, share in connection.execute(text(sys.argv[2]))]
print(json.dumps([tables, rows]))
"""


@pytest.fixture(scope="module")
def notebook() -> Iterator[Path]:
    with python_environment("sqlalchemy") as programs:
        yield programs


def shares_in(published: Path) -> list[tuple[dt.date, float]]:
    with duckdb.connect(published / "hub_ledger.duckdb", read_only=True) as connection:
        return connection.execute(SHARES).fetchall()


def test_sqlalchemy(published: Path, expected: list[Any], notebook: Path) -> None:
    address = f"duckdb:///{published}/hub_ledger.duckdb"
    printed = run([str(notebook / "python"), "-c", SQLALCHEMY, address, SHARES])
    tables, rows = json.loads(printed)
    assert {name: comment for name, (comment, _) in tables.items()} == dict(expected[0])
    assert sorted(
        [name, *column] for name, (_, columns) in tables.items() for column in columns
    ) == sorted([name, column, comment] for name, column, _, comment in expected[1])
    assert rows == [[str(month), share] for month, share in shares_in(published)]
    assert len(rows) > 1


@pytest.mark.parametrize("snippet", snippets("sqlalchemy"))
def test_the_page_for_notebooks(published: Path, notebook: Path, snippet: str) -> None:
    code = snippet.replace(FOLDER, str(published))
    assert run([str(notebook / "python"), "-W", "error", "-c", code])


def test_the_page_for_node(published: Path) -> None:
    if not shutil.which("npm"):
        pytest.skip("there is no npm")
    with node_environment() as folder:
        for number, snippet in enumerate(snippets("node")):
            script = folder / f"{number}.mjs"
            script.write_text(snippet.replace(FOLDER, str(published)))
            printed = run(["node", str(script)], cwd=folder)
            assert "generative_llm" in printed


def test_the_page_for_the_command_line(published: Path) -> None:
    with python_environment("cli") as programs:
        path = f"{programs}:/usr/bin:/bin"
        for snippet in snippets("cli"):
            command = snippet.replace(FOLDER, str(published))
            assert "│" in run(["sh", "-ec", command], environment={"PATH": path})


HARLEQUIN = """
import asyncio, sys
from harlequin import Harlequin
from harlequin_duckdb import DuckDbAdapter

async def ask(path, query):
    app = Harlequin(DuckDbAdapter([path], read_only=True, no_init=True))
    async with app.run_test(size=(120, 36)) as pilot:
        while app.editor is None or app.connection is None:
            await pilot.pause(0.05)
        app.editor.text = query
        await pilot.press("ctrl+j")
        while (table := app.results_viewer.get_visible_table()) is None or not table.row_count:
            await pilot.pause(0.05)
        return [table.get_row_at(row) for row in range(table.row_count)]

print(asyncio.run(ask(*sys.argv[1:])))
"""


def test_harlequin(published: Path, expected: list[Any], tmp_path: Path) -> None:
    query = "select count(*) from marts.dim_model"
    count = expected[2][[name for name, _ in expected[0]].index("dim_model")]
    with python_environment("harlequin") as programs:
        printed = run(
            [str(programs / "python"), "-c", HARLEQUIN, f"{published}/hub_ledger.duckdb", query],
            environment={"HOME": str(tmp_path)},
        )
    assert printed.splitlines()[-1] == f"[[{count}]]"


SUPERSET_CONFIG = """
SECRET_KEY = "only of this test, and longer than thirty-two characters"
SQLALCHEMY_DATABASE_URI = "sqlite:///{folder}/superset.db"
WTF_CSRF_ENABLED = TALISMAN_ENABLED = RATELIMIT_ENABLED = False
"""
ADMIN = {"username": "admin", "password": "of this test"}


class Superset:
    """A running Superset's REST interface, as its administrator."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.token: str | None = None
        answer = self.call("POST", "security/login", {**ADMIN, "provider": "db"})
        self.token = answer["access_token"]

    def call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(
            f"{self.address}/api/v1/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers=headers,
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.code} {error.read()[:2000]!r}") from None


@pytest.fixture(scope="module")
def superset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Superset]:
    folder = tmp_path_factory.mktemp("superset")
    (folder / "config.py").write_text(SUPERSET_CONFIG.format(folder=folder))
    environment = {
        "SUPERSET_HOME": str(folder),
        "SUPERSET_CONFIG_PATH": str(folder / "config.py"),
        "FLASK_APP": "superset",
    }
    with python_environment("superset") as programs:
        admin = [f"--{name}={value}" for name, value in ADMIN.items()]
        names = ["--firstname=A", "--lastname=B", "--email=a@example.org"]
        for command in (
            ["db", "upgrade"],
            ["fab", "create-admin", *admin, *names],
            ["init"],
        ):
            run([str(programs / "superset"), *command], environment=environment)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with (folder / "log").open("w") as log:
            server = subprocess.Popen(
                [
                    str(programs / "gunicorn"), "--workers=1", "--threads=4",
                    "--worker-class=gthread", f"--bind=127.0.0.1:{port}",
                    "superset.app:create_app()",
                ],
                env={"PATH": "/usr/bin:/bin", **environment},
                stdout=log,
                stderr=log,
            )  # fmt: skip
        try:
            until = time.monotonic() + 90
            while True:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                        break
                except OSError:
                    alive = server.poll() is None and time.monotonic() < until
                    assert alive, (folder / "log").read_text()[-4000:]
                    time.sleep(0.3)
            yield Superset(f"http://127.0.0.1:{port}")
        finally:
            server.terminate()
            server.wait(timeout=30)


def test_superset_draws_what_the_mart_says(home: Path, published: Path, superset: Superset) -> None:
    """With the page's address and parameters; the next night is there without a restart."""
    (address,), (extra,) = snippets("superset uri"), snippets("superset extra")
    database = superset.call(
        "POST",
        "database/",
        {
            "database_name": "Hub Ledger",
            "sqlalchemy_uri": address.strip().replace(FOLDER, str(published)),
            "extra": extra,
            "expose_in_sqllab": True,
        },
    )["id"]
    schemas = superset.call("GET", f"database/{database}/schemas/")["result"]
    assert "hub_ledger.marts" in schemas
    dataset = superset.call(
        "POST",
        "dataset/",
        {
            "database": database,
            "schema": "hub_ledger.marts",
            "table_name": "fct_family_share_monthly",
        },
    )["id"]
    columns = superset.call("GET", f"dataset/{dataset}")["result"]["columns"]
    comments = {column["column_name"]: column["description"] for column in columns}
    assert comments["month"] == "First date of the month."
    assert all(comments.values())
    query = {
        "columns": ["month"],
        "metrics": [
            {
                "expressionType": "SIMPLE",
                "column": {"column_name": "share"},
                "aggregate": "SUM",
                "label": "share",
            }
        ],
        "filters": [
            {"col": name, "op": "==", "val": value}
            for name, value in (
                ("scope", "all"), ("attribution", "root"), ("basis", "window"),
                ("variant", "raw"), ("family", "Qwen"),
            )
        ],
        "orderby": [["month", True]],
        "row_limit": 1000,
    }  # fmt: skip
    context = {
        "datasource": {"id": dataset, "type": "table"},
        "queries": [query],
        "result_format": "json",
        "result_type": "full",
    }
    chart = superset.call(
        "POST",
        "chart/",
        {
            "slice_name": "Share of downloads",
            "viz_type": "echarts_timeseries_line",
            "datasource_id": dataset,
            "datasource_type": "table",
            "params": "{}",
            "query_context": json.dumps({**context, "force": True, "form_data": {}}),
        },
    )["id"]

    def drawn() -> list[tuple[dt.date, float]]:
        rows = superset.call("GET", f"chart/{chart}/data/?force=true")["result"][0]["data"]
        return [
            (dt.datetime.fromtimestamp(row["month"] / 1000, dt.UTC).date(), row["share"])
            for row in rows
        ]

    before = shares_in(published)
    assert len(before) > 1
    assert drawn() == before
    with connect(home) as connection:
        connection.execute("update marts.fct_family_share_monthly set share = share / 2")
    publish(home)
    assert drawn() == shares_in(published) != before
