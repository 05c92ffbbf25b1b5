"""The four real captures, where they are at hand: rows, sums, and an independent count."""

import collections
import datetime as dt
import fractions
import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.e2e.processes import run_command
from tests.helpers import query

pytestmark = pytest.mark.shared_data

LAST = dt.date(2026, 8, 22)


@pytest.fixture(scope="module")
def home(real_captures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("real")
    done = run_command(folder, "import", "--captures", str(real_captures))
    assert done.returncode == 0, done.stderr
    assert "SAMPLE" not in done.stdout
    return folder


def listed(real_captures: Path, date: dt.date) -> list[dict[str, Any]]:
    with gzip.open(real_captures / f"{date}.jsonl.gz", "rt") as file:
        return [json.loads(line) for line in file]


def test_rows_a_date(home: Path) -> None:
    assert query(
        home, "select date, count(*) from raw.model_counters group by date order by date"
    ) == [
        (dt.date(2026, 8, 19), 11566),
        (dt.date(2026, 8, 20), 12772),
        (dt.date(2026, 8, 21), 13192),
        (LAST, 15156),
    ]


def test_every_share_group_sums_to_one(home: Path) -> None:
    with duckdb.connect(home / "published" / "hub_ledger.duckdb", read_only=True) as connection:
        rows = connection.execute(
            "select date, scope, attribution, basis, variant, sum(share), sum(downloads), "
            "any_value(scope_downloads) from marts.fct_family_share_daily group by all"
        ).fetchall()
    # Four dates of 30-day counts; all-time ones were not captured.
    assert {row[3] for row in rows} == {"window"}
    assert len(rows) == 4 * 4 * 4
    for *_, share, downloads, total in rows:
        assert abs(share - 1) < 1e-9
        assert abs(downloads - total) < 1e-6


def test_totals_are_the_files(home: Path, real_captures: Path) -> None:
    items = listed(real_captures, LAST)
    found = dict(
        query(
            home,
            "select scope, any_value(scope_downloads) from marts.fct_family_share_daily "
            "where date = ? and basis = 'window' group by scope",
            LAST,
        )
    )
    text = ("text-generation", "image-text-to-text")
    assert {scope: found[scope] for scope in ("all", "text_vlm")} == {
        "all": sum(one["downloads"] for one in items),
        "text_vlm": sum(one["downloads"] for one in items if one.get("pipeline_tag") in text),
    }


def declared(one: dict[str, Any]) -> tuple[set[str], str]:
    """Parents but the model itself, in lower case, and its relation: the Hub's or else tags'."""
    bases = one.get("baseModels") or {}
    parents = {parent["id"] for parent in bases.get("models", [])}
    relations = {bases.get("relation")}
    if not parents:
        relations = set()
        for tag in one["tags"]:
            kind, _, name = tag.removeprefix("base_model:").partition(":")
            if tag.startswith("base_model:") and name:
                parents.add(name)
                relations.add(kind)
            elif tag.startswith("base_model:") and kind:
                parents.add(kind)
    others = {name.lower() for name in parents} - {one["id"].lower()}
    return others, min(filter(None, relations), default="unknown")


def test_derivatives_of_qwen_by_relation(home: Path, real_captures: Path) -> None:
    """Counted from the file alone: parents named by the Hub or else by tags, owner Qwen."""
    counts: collections.Counter[str] = collections.Counter()
    for one in listed(real_captures, LAST):
        parents, relation = declared(one)
        from_qwen = any(name.startswith("qwen/") for name in parents)
        if from_qwen and not one["id"].lower().startswith("qwen/"):
            counts[relation] += 1
    found = dict(
        query(
            home,
            "select relation, direct from marts.fct_derivative_counts where date = ? "
            "and family = 'Qwen' and direct > 0 and relation <> 'any'",
            LAST,
        )
    )
    assert found == dict(counts)
    assert sum(counts.values()) > 2000


def test_derivatives_of_the_models_that_have_most(home: Path, real_captures: Path) -> None:
    """Counted from the file alone, but for the names of parents that it lists under another one."""
    items = listed(real_captures, LAST)
    found = query(
        home,
        "select lower(repo_id), direct, internal, new, publishers, direct_fractional "
        "from marts.fct_model_derivatives where as_of = ? and relation = 'any' "
        "order by direct desc, repo_id limit 10",
        LAST,
    )
    assert len(found) == 10
    for parent, direct, internal, new, publishers, fractional in found:
        owner = parent.split("/")[0]
        children = [one for one in items if parent in declared(one)[0]]
        others = [one for one in children if one["id"].split("/")[0].lower() != owner]
        assert direct == len(others), parent
        assert internal == len(children) - len(others)
        assert new == len([one for one in others if one["createdAt"][:7] == "2026-08"])
        assert publishers == len({one["id"].split("/")[0] for one in others})
        parts = sum(fractions.Fraction(1, len(declared(one)[0])) for one in others)
        assert abs(fractional - parts) < 1e-6


# As a team might run them: calls in thousands a month, and where.
PLATFORM = """model,calls,place
Qwen/Qwen3-0.6B,120,router
Qwen/Qwen3-8B,950,chat
Qwen/Qwen3.5-9B,310,chat
Qwen/Qwen3.6-35B-A3B-FP8,640,agents
nvidia/Qwen3.6-35B-A3B-NVFP4,210,agents
unsloth/Qwen3-Coder-30B-A3B-Instruct-GGUF,530,code
Qwen/Qwen2.5-VL-7B-Instruct,88,documents
google/gemma-4-26B-A4B-it,145,chat
google/gemma-4-31B-it,60,evaluation
openai/gpt-oss-20b,170,agents
openai/gpt-oss-120b,45,agents
Qwen/Qwen2.5-0.5B-Instruct,52,router
meta-llama/Llama-3.1-8B-Instruct,260,legacy chat
meta-llama/Meta-Llama-3-8B-Instruct,41,legacy chat
deepseek-ai/DeepSeek-R1,73,research
deepseek-ai/DeepSeek-V4-Flash,98,agents
Qwen/Qwen3-VL-8B-Instruct,64,documents
Qwen/Qwen3-4B-Instruct-2507,33,edge
google/gemma-3-1b-it,12,edge
baidu/Unlimited-OCR,140,documents
zai-org/GLM-OCR,15,documents
datalab-to/chandra-ocr-2,9,documents
moonshotai/Kimi-K3,27,research
deepseek-ai/DeepSeek-OCR,18,documents
zai-org/GLM-4.7-Flash,35,agents
unsloth/Qwen3.5-9B-GGUF,150,desktop
unsloth/Qwen3.6-35B-A3B-GGUF,70,desktop
unsloth/gemma-4-26B-A4B-it-GGUF,42,desktop
lmstudio-community/Qwen3.8-27B-MLX-4bit,25,desktop
unsloth/gpt-oss-20b-GGUF,30,desktop
meta-llama/Llama-3.2-3B-Instruct,22,edge
HuggingFaceTB/SmolLM2-135M-Instruct,5,tests
BAAI/bge-m3,410,search
BAAI/bge-reranker-v2-m3,180,search
sentence-transformers/all-MiniLM-L6-v2,520,search
openai/whisper-large-v3,66,speech
Luisr-ecu/mBART-51,3,translation
antirez/deepseek-v4-gguf,8,desktop
Qwen/Qwen3-8b-Instruct,20,chat
acme/internal-ranker,15,search
"""


@pytest.fixture(scope="module")
def audited(home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The home after `make audit` of a file, and of a repository beside it; what it printed."""
    folder = tmp_path_factory.mktemp("inventories")
    (folder / "platform.csv").write_text(PLATFORM)
    code = folder / "search app"
    code.mkdir()
    (code / "serve.sh").write_text("vllm serve Qwen/Qwen3-8B\nvllm serve acme/internal-ranker\n")
    (code / "embed.py").write_text('"""Not gpt2."""\n\nMODEL = "BAAI/bge-m3"\n')
    given = f"{folder / 'platform.csv'} search='{code}'"
    done = run_command(home, "audit", "--inventory", given)
    assert done.returncode == 0, done.stderr
    return home, done.stdout


def test_an_audit_of_forty_models(audited: tuple[Path, str]) -> None:
    """By hand, from the file: Qwen's weights are in 13 of the 40 models, 3,242 of 5,711 calls."""
    home, printed = audited
    assert "platform: 40 models on 2026-08-22" in printed
    assert "  2 not on record, 1 gone, 0 renamed" in printed
    assert "  family          56.8%    3,497 to 3,880  Qwen\n" in printed
    with duckdb.connect(home / "published" / "hub_ledger.duckdb", read_only=True) as connection:
        found = connection.execute(
            "select dimension, unit, weight from marts.fct_exposure where inventory = 'platform'"
        ).fetchall()
        places = connection.execute(
            "select model, place, weight from marts.fct_exposure_models "
            "where inventory = 'search' order by model"
        ).fetchall()
    weights = {(dimension, unit): weight for dimension, unit, weight in found}
    calls = {line.split(",")[0]: float(line.split(",")[1]) for line in PLATFORM.splitlines()[1:]}
    assert sum(calls.values()) == 5711
    qwen = sum(weight for model, weight in calls.items() if "qwen" in model.lower())
    # The one with a name that nobody bore is in no family.
    assert weights["family_root", "Qwen"] == qwen - calls["Qwen/Qwen3-8b-Instruct"] == 3242
    for account in ("unsloth", "Qwen", "BAAI"):
        assert weights["account", account] == sum(
            weight
            for model, weight in calls.items()
            if model.startswith(f"{account}/") and model != "Qwen/Qwen3-8b-Instruct"
        )
    assert weights["quantizer", "unsloth"] == 822
    assert weights["family_root", "not on record"] == 35
    # As the file names them; what the record does not know is no model in use.
    assert places == [("BAAI/bge-m3", "embed.py:3", 1.0), ("Qwen/Qwen3-8B", "serve.sh:1", 1.0)]
    page = (home / "published" / "exposure" / "index.html").read_text()
    assert "descends from Qwen" in page
    assert 'class="sample"' not in page


def test_a_second_audit_marks_no_facts_due_and_takes_what_is_there(
    audited: tuple[Path, str],
) -> None:
    home, _ = audited
    (home / "inventories" / "platform.csv").unlink()
    done = run_command(home, "audit")
    assert done.returncode == 0, done.stderr
    assert "platform" not in done.stdout and "search: 2 models" in done.stdout
    assert query(home, "select count(*) from raw.facts_due") == [(0,)]
    assert sorted(path.name for path in (home / "inventories").iterdir()) == ["search.csv"]
