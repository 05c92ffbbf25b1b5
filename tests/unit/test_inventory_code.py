"""Models found in a cache and in code: which names count, with file and line, and which do not."""

from pathlib import Path

import duckdb
import pytest

from assets.errors import LedgerError
from assets.exposure.cache import cached_models
from assets.exposure.code import Mention, known, mentions
from assets.exposure.sources import gather

FILES = {
    "app/serve.py": '''"""Serves Qwen/Qwen3-8B and other models."""

from transformers import AutoModel, pipeline

# Once it was Qwen/Qwen2-7B.
NAME = "Qwen/Qwen3-8B"
FALLBACK = {"model": 'meta-llama/Llama-3.1-8B-Instruct'}


def load(path: str = "openai/gpt-oss-20b") -> object:
    """Like Qwen/Qwen3-4B, but larger."""
    AutoModel.from_pretrained("bert-base-uncased")
    print("We compared Qwen/Qwen3-4B, google/gemma-3-1b-it, and others with it at length.")
    AutoModel.from_pretrained(
        "distilbert-base-uncased",
    )
    if path == "old":
        raise ValueError("the model gpt2 is too old for this, use model that others have")
    name = f"hf.co/Qwen/Qwen3-8B:{path}"
    return pipeline(model="gpt2", revision="main")
''',
    "deploy/Dockerfile": """FROM python:3.12
# RUN hf download Qwen/Qwen3-4B
RUN huggingface-cli download --quiet BAAI/bge-m3
RUN git clone --depth=1 https://huggingface.co/openai/whisper-large-v3
ENV MODEL_ID=Qwen/Qwen3-8B
ENV SECOND Qwen/Qwen3-0.6B
CMD ["vllm", "serve", "Qwen/Qwen3-8B", "--port", "80"]
""",
    "deploy/compose.yaml": """services:
  chat:
    command: >
      vllm serve Qwen/Qwen3-32B --max-model-len 8192
    environment:
      - MODEL=Qwen/Qwen3-14B
    labels: {about: "It answers like Qwen/Qwen3-4B does, only better"}
    description: We compared our model gpt2 with others
    notes: >
      For the tables below we took
      Qwen/Qwen3-4B, google/gemma-3-1b-it
      were compared by us.
  embed:
    args:
      - --model-id
      - BAAI/bge-m3
""",
    "deploy/Modelfile": "FROM hf.co/unsloth/Qwen3-8B-GGUF:Q4_K_M\nPARAMETER temperature 1\n",
    "config.json": (
        '{"base_model": "Qwen/Qwen3-8B", "note": "as google/gemma-3-1b-it has its tokens"}\n'
    ),
    "settings.toml": 'model = "Qwen/Qwen3-8B@main"  # not Qwen/Qwen3-4B\npath = "src/app"\n',
    "run.sh": "export MODEL=Qwen/Qwen3-8B\npython -m app --model openai/gpt-oss-20b --fast\n",
    "notebook.ipynb": (
        '{"cells": [{"cell_type": "markdown", "source": ["Qwen/Qwen3-4B"]},'
        ' {"cell_type": "code", "source": ["!hf download BAAI/bge-m3\\n",'
        ' "name = \\"Qwen/Qwen3-8B\\""]}]}'
    ),
    "README.md": "# Models\n\nmodel: Qwen/Qwen3-4B\n\n    vllm serve google/gemma-3-1b-it\n",
    "docs/models.html": '<p data-model="Qwen/Qwen3-4B">Qwen/Qwen3-4B</p>',
    "notes.txt": "Qwen/Qwen3-4B\n",
    "node_modules/x/index.js": 'const model = "Qwen/Qwen3-4B"\n',
    ".venv/lib/x.py": 'MODEL = "Qwen/Qwen3-4B"\n',
    "web/index.ts": (
        '// "Qwen/Qwen3-4B"\nconst model = "Qwen/Qwen3-8B" // or Qwen/Qwen3-4B\n'
        '/* "Qwen/Qwen3-4B"\n * "Qwen/Qwen3-4B"\n */\n'
    ),
    "chart/values.yaml.j2": "image: vllm\nmodel: Qwen/Qwen3-8B  # {{ tag }}\n",
    "web/bundle.js": "a=1;" * 5000 + 'b={model:"Qwen/Qwen3-8B"};' + "a=1;" * 5000,
    "broken.py": 'x = "Qwen/Qwen3-8B"\ny = (\n',
    "latin.py": 'x = "caf\xe9"\n',
    "zero.cfg": "model=Qwen/Qwen3-4B\0\n",
}

EXPECTED = {
    ("Qwen/Qwen3-8B", "app/serve.py:6"),
    ("meta-llama/Llama-3.1-8B-Instruct", "app/serve.py:7"),
    ("openai/gpt-oss-20b", "app/serve.py:10"),
    ("bert-base-uncased", "app/serve.py:12"),
    ("distilbert-base-uncased", "app/serve.py:15"),
    ("Qwen/Qwen3-8B", "app/serve.py:19"),
    ("gpt2", "app/serve.py:20"),
    ("openai/whisper-large-v3", "deploy/Dockerfile:4"),
    ("BAAI/bge-m3", "notebook.ipynb:cell 2:1"),
    ("Qwen/Qwen3-8B", "chart/values.yaml.j2:2"),
    ("Qwen/Qwen3-8B", "web/bundle.js:1"),
    ("BAAI/bge-m3", "deploy/Dockerfile:3"),
    ("Qwen/Qwen3-8B", "deploy/Dockerfile:5"),
    ("Qwen/Qwen3-0.6B", "deploy/Dockerfile:6"),
    ("Qwen/Qwen3-8B", "deploy/Dockerfile:7"),
    ("Qwen/Qwen3-32B", "deploy/compose.yaml:4"),
    ("Qwen/Qwen3-14B", "deploy/compose.yaml:6"),
    ("BAAI/bge-m3", "deploy/compose.yaml:16"),
    ("unsloth/Qwen3-8B-GGUF", "deploy/Modelfile:1"),
    ("Qwen/Qwen3-8B", "config.json:1"),
    ("Qwen/Qwen3-8B", "settings.toml:1"),
    ("Qwen/Qwen3-8B", "run.sh:1"),
    ("openai/gpt-oss-20b", "run.sh:2"),
    ("Qwen/Qwen3-8B", "notebook.ipynb:cell 2:2"),
    ("Qwen/Qwen3-8B", "web/index.ts:2"),
    ("Qwen/Qwen3-8B", "broken.py:1"),
}

RECORD = {name for name, _ in EXPECTED} | {
    "Qwen/Qwen3-4B", "Qwen/Qwen2-7B", "google/gemma-3-1b-it", "src/other",
}  # fmt: skip


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("latin-1"))
    return folder


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("published") / "hub_ledger.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.dim_model_history (repo_id varchar)")
        connection.executemany(
            "insert into marts.dim_model_history values (?)", [(name,) for name in sorted(RECORD)]
        )
    return path


def test_names_are_found_with_file_and_line(repository: Path, published: Path) -> None:
    with duckdb.connect(published, read_only=True) as connection:
        found = known(connection, mentions(repository))
    assert {(entry.model, entry.place) for entry in found} == EXPECTED


def test_a_file_counts_a_model_once(published: Path) -> None:
    places = [("a.py", "1"), ("a.py", "9"), ("b.ipynb", "cell 1:1"), ("b.ipynb", "cell 2:1")]
    seen = [Mention("Qwen/Qwen3-8B", file, line) for file, line in places]
    with duckdb.connect(published, read_only=True) as connection:
        found = known(connection, [*seen, Mention("acme/none", "a.py", "2")])
    assert [(entry.weight, entry.place) for entry in found] == [
        (1.0, "a.py:1"), (0.0, "a.py:9"), (1.0, "b.ipynb:cell 1:1"), (0.0, "b.ipynb:cell 2:1"),
    ]  # fmt: skip


def test_a_page_of_prose_has_no_model_in_use(tmp_path: Path, published: Path) -> None:
    prose = (
        "In March we compared Qwen/Qwen3-8B with meta-llama/Llama-3.1-8B-Instruct.\n"
        "The better one, Qwen/Qwen3-8B, is what most teams now run.\n"
        "Qwen/Qwen3-32B is too large for us; openai/gpt-oss-20b, BAAI/bge-m3, and gpt2 are not.\n"
    )
    for name in ("page.md", "page.rst", "page.txt", "page.html"):
        (tmp_path / name).write_text(prose)
    (tmp_path / "long.py").write_text(f'"""{prose}"""\n\nTEXT = """\n{prose}"""\n')
    comments = "".join(f"# {line}\n" for line in prose.splitlines())
    (tmp_path / "settings.yaml").write_text(
        comments + "about: |\n" + "".join(f"  {line}\n" for line in prose.splitlines())
    )
    with duckdb.connect(published, read_only=True) as connection:
        assert known(connection, mentions(tmp_path)) == []
    with pytest.raises(LedgerError, match="load no model that is on record"):
        gather(tmp_path, published)


def test_a_cache_is_an_inventory(tmp_path: Path, published: Path) -> None:
    hub = tmp_path / "hub"
    for name in ("models--Qwen--Qwen3-8B", "models--gpt2", "datasets--x--y"):
        snapshot = hub / name / "snapshots" / ("0" * 40)
        snapshot.mkdir(parents=True)
        (hub / name / "blobs").mkdir()
        (hub / name / "refs").mkdir()
        (hub / name / "refs" / "main").write_text("0" * 40)
        blob = hub / name / "blobs" / "abc"
        blob.write_text("{}")
        (snapshot / "config.json").symlink_to(blob)
    # Begun, and never finished.
    (hub / "models--openai--gpt-oss-20b" / "blobs").mkdir(parents=True)
    expected = [
        ("Qwen/Qwen3-8B", 1.0, "models--Qwen--Qwen3-8B"),
        ("gpt2", 1.0, "models--gpt2"),
        ("openai/gpt-oss-20b", 1.0, "models--openai--gpt-oss-20b"),
    ]
    assert [tuple(entry) for entry in cached_models(hub)] == expected
    (inventory,) = gather(tmp_path, published, "laptop")
    assert inventory.name == "laptop"
    assert [tuple(entry) for entry in inventory.entries] == expected


def test_a_long_command_takes_no_longer_than_its_length(tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_text(f"vllm serve {'--flag ' * 5000}foo x/y-model\n")
    assert list(mentions(tmp_path)) == []
