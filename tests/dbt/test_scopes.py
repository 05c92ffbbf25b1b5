"""Scopes: METHOD D8 rule by rule with near misses, by lineage and date, and counted independently.

The random record holds models that change task, tags, name and parents, vanish and come back.
"""

import csv
import datetime as dt
import gzip
import json
import random
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from assets.captures.admission import PLAIN
from assets.captures.sources import import_files
from assets.captures.store import CaptureStore
from assets.ledger.due import mark_facts_due
from assets.ledger.load import load_capture
from assets.ledger.warehouse import connect
from tests.helpers import REPOSITORY, Item, build_facts, hub_id, item, load, marts, query, record

SEEDS = REPOSITORY / "dbt_project" / "seeds"
TEXT, VLM = "text-generation", "image-text-to-text"
FIRST = dt.date(2026, 1, 1)
NO_ROW = "no row"


def text(repo_id: str, downloads: int = 1, *, tags: Sequence[str] = (), **more: Any) -> Item:
    return item(repo_id, downloads, **{"pipeline_tag": TEXT, "tags": [*tags], **more})


def gguf(repo_id: str, *parents: str, **more: Any) -> Item:
    """A model without a task that carries the tag gguf."""
    return item(repo_id, 1, parents, "quantized", **{"tags": ["gguf"], **more})


SCOPED = (
    "bridge_model_scope", "fct_scope_rules_daily", "fct_family_share_daily",
    "fct_family_share_monthly", "dim_model",
)  # fmt: skip


def computed(home: Path, captures: Mapping[dt.date, Sequence[Item]]) -> Path:
    record(home, captures)
    load(home, sorted(captures))
    build_facts(home, *SCOPED)
    return home


def verdicts(home: Path, scope: str, date: dt.date) -> dict[str, str | None]:
    """By `_id`, the rule that removed a model, None for a member; only models with a row."""
    rows = query(
        home,
        "select hub_id, rule, is_member from marts.bridge_model_scope where scope = ? "
        "and valid_from <= ? and (valid_to is null or valid_to > ?)",
        scope, date, date,
    )  # fmt: skip
    assert all(is_member == (rule is None) for _, rule, is_member in rows)
    found = {identity: rule for identity, rule, _ in rows}
    assert len(found) == len(rows)
    return found


RULES = {
    "reranker": [
        text("Qwen/Qwen3-Reranker-8B"),
        text("BAAI/bge-reranker-v2-gemma"),
        text("a/orders", tags=["cross-encoder", "sentence-transformers"]),
    ],
    "embedding": [
        text("Qwen/Qwen3-Embedding-8B"),
        text("a/nomic-embed-text-v1.5-Q8_0"),
        text("a/E5-mistral-7b-instruct"),
        text("a/vectors", tags=["sentence-transformers"]),
    ],
    "reward": [
        text("nvidia/Llama-3.1-Nemotron-70B-Reward-HF"),
        text("Skywork/Skywork-Reward-V2-Qwen3-8B"),
        text("allenai/OLMo-2-1124-7B-RM"),
        text("Qwen/Qwen2.5-Math-PRM-7B"),
        text("nvidia/Qwen3-Nemotron-32B-GenRM"),
        text("openbmb/UltraRM-13b"),
        text("a/scores", tags=["trl", "reward-trainer"]),
    ],
    "guard": [
        text("meta-llama/Llama-Guard-3-8B"),
        text("Qwen/Qwen3Guard-Gen-8B"),
        text("google/shieldgemma-2b"),
        text("openai/gpt-oss-safeguard-20b"),
        text("ibm-granite/granite-guardian-3.3-8b"),
        text("a/text-moderation-llama"),
    ],
    "classifier": [
        text("HuggingFaceTB/stack-edu-classifier-python"),
        text("a/Llama-3.2-3B-classification-merged"),
    ],
    "encoder": [
        text("a/writes-like-bert", tags=["bert"]),
        text("a/writes-like-roberta", tags=["transformers", "xlm-roberta"]),
        text("a/distilled", pipeline_tag=VLM, tags=["distilbert"]),
    ],
    "internal-testing": [
        text("trl-internal-testing/tiny-Qwen2ForCausalLM-2.5"),
        text("optimum-internal-testing/some-llama"),
        text("nm-testing/Meta-Llama-3-8B-Instruct-FP8"),
    ],
    "random-init": [
        text("ai21labs/Jamba-tiny-random"),
        text("a/tiny-random-LlamaForCausalLM"),
        text("sshleifer/tiny-gpt2"),
    ],
    None: [
        text("google/gemma"),
        text("Qwen/Qwen3-8B"),
        text("Qwen/Qwen2.5-VL-7B-Instruct", pipeline_tag=VLM),
        text("deepseek-ai/DeepSeek-OCR", pipeline_tag=VLM, tags=["feature-extraction"]),
        text("a/embedded-systems-coder"),
        text("a/Qwen3.8-27B-INT8-Head-Embeddings"),
        text("a/qwen3vl-2b-s2-noembed"),
        text("a/qwen-lr2e5-e5-merged"),
        text("a/dpo-midrank-merged"),
        text("a/rewardless-llama"),
        text("a/OLMo-3-7B-school-of-reward-hacks-sft"),
        text("a/qwen2.5-coder-7b-grpo-detector-reward-v3"),
        text("a/llama-3-norm-storm-arm"),
        text("OrionLLM/GRM-3.2-Sky"),
        text("a/Vanguard-13B"),
        text("a/unguarded-llama"),
        text("a/llama-no-guardrails"),
        text("a/NATO-Guardian-XS"),
        text("a/declassified-files-llama"),
        text("a/triage", tags=["text-classification"]),
        text("philbert/Qwen3.8-27B"),
        text("a/BERT-in-capitals", tags=["BERT"]),
        text("TinyLlama/TinyLlama-1.1B"),
        text("a/tiny-llama-1.1b-chat"),
        text("CohereLabs/tiny-aya-global"),
        text("microsoft/Phi-tiny-MoE-instruct"),
        text("inclusionAI/Ling-3.0-tiny"),
        text("a/random-merge-7b"),
        text("a/internal-testing"),
    ],
    NO_ROW: [
        text("a/picture", pipeline_tag="text-to-image"),
        text("google-bert/bert", pipeline_tag="fill-mask", tags=["bert"]),
        item("a/nothing-known"),
    ],
}

LINEAGE = {
    None: [
        gguf("a/Qwen3-8B-GGUF", "Qwen/Qwen3-8B"),
        gguf("a/Qwen3-8B-i1-GGUF", "a/Qwen3-8B-GGUF"),
        gguf("a/merged-GGUF", "a/picture", "google/gemma"),
        gguf("a/of-the-gone-GGUF", "a/gone"),
        gguf("a/through-a-picture-GGUF", "a/picture-of-gemma"),
        gguf("a/in-a-cycle-GGUF", "a/in-a-cycle"),
        text("a/in-a-cycle", parents=["a/in-a-cycle-GGUF"]),
    ],
    "embedding": [gguf("a/Qwen3-8B-Embedding-GGUF", "Qwen/Qwen3-8B")],
    "encoder": [gguf("a/distilled-GGUF", "Qwen/Qwen3-8B", tags=["gguf", "bert"])],
    NO_ROW: [
        text("a/picture-of-gemma", pipeline_tag="text-to-image", parents=["google/gemma"]),
        gguf("a/rootless-GGUF"),
        gguf("a/of-a-picture-GGUF", "a/picture"),
        gguf("a/of-the-removed-GGUF", "a/writes-like-bert"),
        gguf("a/of-the-missing-GGUF", "nowhere/nothing"),
        gguf("a/of-itself-GGUF", "a/of-itself-GGUF"),
        gguf("a/not-a-gguf", "Qwen/Qwen3-8B", tags=["safetensors"]),
        gguf("a/has-a-task-GGUF", "Qwen/Qwen3-8B", pipeline_tag="text-to-image"),
    ],
}  # fmt: skip

CASES = [(rule, one) for rules in (RULES, LINEAGE) for rule, some in rules.items() for one in some]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All cases, after a date that also had a model that is gone since."""
    cases = [one for _, one in CASES]
    return computed(
        tmp_path_factory.mktemp("plain"),
        {FIRST: [*cases, text("a/gone")], FIRST + dt.timedelta(days=1): cases},
    )


@pytest.mark.parametrize(
    ("rule", "one"), CASES, ids=[f"{one['id']}: {rule or 'kept'}" for rule, one in CASES]
)
def test_rules_and_near_misses(plain: Path, rule: str | None, one: Item) -> None:
    found = verdicts(plain, "generative_llm", FIRST + dt.timedelta(days=1))
    assert found.get(one["_id"], NO_ROW) == rule


def test_other_scopes_know_no_rules(plain: Path) -> None:
    expected = {one["_id"] for _, one in CASES if one.get("pipeline_tag") in (TEXT, VLM)}
    assert set(verdicts(plain, "text_vlm", FIRST + dt.timedelta(days=1))) - {hub_id("a/gone")} == (
        expected
    )
    assert query(plain, "select count(*) from marts.bridge_model_scope where scope = 'all'") == [
        (0,)
    ]


def test_what_each_rule_removes_is_counted(plain: Path) -> None:
    date = FIRST + dt.timedelta(days=1)
    found = {
        rule: counts
        for rule, *counts in query(
            plain,
            "select rule, models, downloads from marts.fct_scope_rules_daily "
            "where date = ? and scope = 'generative_llm'",
            date,
        )
    }
    expected = {
        rule or "kept": [number := sum(1 for case, _ in CASES if case == rule), number]
        for rule in {rule for rule, _ in CASES} - {NO_ROW}
    }
    assert found == expected


def test_shares_of_each_scope_are_of_its_members(plain: Path) -> None:
    """Shares sum to 1, and the denominator is what the rules kept."""
    rows = query(
        plain,
        "select shares.scope, shares.date, attribution, sum(share), sum(shares.downloads), "
        "any_value(scope_downloads), any_value(rules.downloads) "
        "from marts.fct_family_share_daily as shares "
        "join marts.fct_scope_rules_daily as rules using (date, scope) where rule = 'kept' "
        "group by all",
    )
    assert {scope for scope, *_ in rows} == {"all", "text_vlm", "generative_llm", "curated"}
    for *_, share, downloads, denominator, kept in rows:
        assert share == pytest.approx(1, abs=1e-9)
        assert downloads == pytest.approx(denominator) == kept


def test_membership_is_as_of_the_date(tmp_path: Path) -> None:
    dates = [FIRST + dt.timedelta(days=n) for n in range(4)]
    tasks = ["fill-mask", TEXT, TEXT, "fill-mask"]
    names = ["a/model", "a/model", "a/model-reward", "a/model"]
    listed_as = ["b/new", "QWEN/qwen3-8B", "qwen/Qwen3-8B", "b/old"]
    captures = {
        date: [
            text("task", _id=hub_id("task"), id="a/task", pipeline_tag=task),
            text("name", _id=hub_id("name"), id=name),
            text("list", _id=hub_id("list"), id=of_list, pipeline_tag="other"),
        ]
        for date, task, name, of_list in zip(dates, tasks, names, listed_as, strict=True)
    }
    home = computed(tmp_path, captures)
    rows = query(
        home,
        "select hub_id, scope, is_member, rule, valid_from, valid_to "
        "from marts.bridge_model_scope where scope <> 'text_vlm' order by valid_from",
    )
    by_model = {
        name: [rest for identity, *rest in rows if identity == hub_id(name)]
        for name in ("task", "name", "list")
    }
    assert by_model == {
        "task": [["generative_llm", True, None, dates[1], dates[3]]],
        "name": [
            ["generative_llm", True, None, dates[0], dates[2]],
            ["generative_llm", False, "reward", dates[2], dates[3]],
            ["generative_llm", True, None, dates[3], None],
        ],
        "list": [["curated", True, None, dates[1], dates[3]]],
    }


def test_a_month_counts_whoever_is_in_the_scope_on_its_dates(tmp_path: Path) -> None:
    """The second model is tagged as text until February, the third is renamed to a reward model."""
    first, second, third = FIRST, dt.date(2026, 2, 1), dt.date(2026, 3, 1)

    def night(count: int, task: str, name: str) -> list[Item]:
        return [
            text("Qwen/Qwen3-8B", downloadsAllTime=count),
            text("a/two", downloadsAllTime=10 * count, pipeline_tag=task),
            text("three", _id=hub_id("three"), id=name, downloadsAllTime=100 * count),
        ]

    home = computed(
        tmp_path,
        {
            first: night(0, TEXT, "a/three"),
            second: night(100, "fill-mask", "a/three-reward"),
            third: night(300, "fill-mask", "a/three-reward"),
        },
    )
    found = query(
        home,
        "select month, scope, any_value(scope_downloads), sum(share) "
        "from marts.fct_family_share_monthly "
        "where basis = 'counter' and variant = 'raw' and attribution = 'root' "
        "group by all order by all",
    )
    assert [(month, scope, downloads) for month, scope, downloads, _ in found] == [
        (first, "all", 11100),
        (first, "curated", 100),
        (first, "generative_llm", 11100),
        (first, "text_vlm", 11100),
        (second, "all", 22200),
        (second, "curated", 200),
        (second, "generative_llm", 200),
        (second, "text_vlm", 20200),
    ]
    assert all(share == pytest.approx(1, abs=1e-9) for *_, share in found)


def test_whoever_left_the_list_on_all_dates_leaves_no_row(plain: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(plain, home)
    with connect(home) as connection:
        before = connection.execute("from marts.bridge_model_scope order by all").fetchall()
        connection.execute(
            "insert into intermediate.int_scope_spans (model_key, scope, valid_from) "
            "select model_key, 'was-listed', first_seen_on from intermediate.int_models"
        )
        mark_facts_due(connection, [row[0] for row in connection.execute(
            "select date from raw.captures").fetchall()])  # fmt: skip
    build_facts(home, *SCOPED)
    assert query(home, "from marts.bridge_model_scope order by all") == before


def test_what_was_in_a_scope_at_captures_that_count_no_more_leaves_no_row(tmp_path: Path) -> None:
    """A late night before it shows that the one with the task was not whole."""
    late, short, whole = (FIRST + dt.timedelta(days=n) for n in range(3))

    def night(models: int, **of_one: Any) -> list[Item]:
        return [item("u/m", 1, **of_one), *(item(f"x/{n}", 1) for n in range(models - 1))]

    captures = {
        late: night(21), short: night(18, pipeline_tag=TEXT), whole: night(19)
    }  # fmt: skip
    record(tmp_path, captures)
    found = []
    for dates in ([short, whole], [late]):
        with connect(tmp_path) as connection:
            for date in dates:
                load_capture(connection, CaptureStore(tmp_path / "captures"), date, PLAIN)
        build_facts(tmp_path, "bridge_model_scope")
        found.append(query(tmp_path, "select count(*) from marts.bridge_model_scope"))
    assert (found[0] > [(0,)], found[1]) == (True, [(0,)])


def test_a_name_is_judged_once_a_version_of_the_rules(plain: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(plain, home)
    names = ("Qwen/Qwen3-Embedding-8B", "Qwen/Qwen3-8B")
    with connect(home) as connection:
        connection.execute(
            "update intermediate.int_repo_names set scope_steps = map(['generative_llm'], [90])"
        )
        connection.execute(
            "update intermediate.int_repo_names set rules_version = 'old' where repo_id = ?",
            [names[0]],
        )
    night = FIRST + dt.timedelta(days=2)
    record(home, {night: [*(one for _, one in CASES), text("a/one-more")]})
    load(home, [night])
    build_facts(home, *SCOPED)
    found = verdicts(home, "generative_llm", night)
    assert [found[hub_id(name)] for name in names] == ["embedding", "random-init"]


# An independent implementation of D8, over a record that changes.

SEED_RULES = sorted(
    csv.DictReader((SEEDS / "scope_rules.csv").read_text().splitlines()),
    key=lambda row: int(row["step"]),
)


def matched(one: Item) -> str | None:
    owner, _, name = one["id"].lower().rpartition("/")
    for row in SEED_RULES:
        if row["field"] == "tag":
            hit = bool(set(row["pattern"].split(";")) & set(one["tags"]))
        else:
            tried = owner if row["field"] == "owner" else name
            hit = bool(re.search(row["pattern"], tried)) and not (
                row["unless"] and re.search(row["unless"], tried)
            )
        if hit:
            return row["rule"]
    return None


def parents_of(one: Item) -> set[str]:
    resolved = [parent["id"] for parent in one.get("baseModels", {}).get("models", [])]
    tagged = [tag.split(":")[-1] for tag in one["tags"] if tag.startswith("base_model:")]
    return {name.lower() for name in resolved or tagged}


def generative_llm(
    captures: Mapping[dt.date, Iterable[Item]], date: dt.date
) -> dict[str, str | None]:
    """As `verdicts`, by names: parents are found by them, listed models before gone ones."""
    known: dict[str, Item] = {}
    named: dict[str, str] = {}
    for day in sorted(day for day in captures if day <= date):
        for one in captures[day]:
            known[one["_id"]] = one
            named[one["id"].lower()] = one["_id"]
    graph = nx.DiGraph()
    graph.add_nodes_from(known)
    graph.add_edges_from(
        (identity, named[name])
        for identity, one in known.items()
        for name in parents_of(one)
        if name in named
    )
    rules = {
        identity: matched(one)
        for identity, one in known.items()
        if one.get("pipeline_tag") in (TEXT, VLM)
    }
    members = {identity for identity, rule in rules.items() if rule is None}
    for identity, one in known.items():
        is_untagged = one.get("pipeline_tag") is None and "gguf" in one["tags"]
        if is_untagged and members & nx.descendants(graph, identity):
            rules[identity] = matched(one)
    return rules


def history(seed: int) -> dict[dt.date, list[Item]]:
    rng = random.Random(seed)
    stems = ("Qwen3", "thing", "thing", "Llama-Guard", "x-reward", "x-embedding", "tiny-random-x")
    tags = ("gguf", "gguf", "gguf", "bert", "reward-trainer", "en")

    def draw(number: int, owner: str) -> Item:
        parents = [ids[rng.randrange(len(ids))] for _ in range(rng.choice((0, 1, 1, 1, 2)))]
        made = item(f"{owner}/{rng.choice(stems)}-{number}", rng.randrange(1000), parents)
        return {
            **made,
            "_id": hub_id(str(number)),
            "downloadsAllTime": 0,
            "pipeline_tag": rng.choice((TEXT, VLM, "fill-mask", None, None, None)),
            "tags": rng.sample(tags, rng.choice((1, 1, 2))),
        }

    ids = [f"a/name-{number}" for number in range(120)]
    states = [draw(number, rng.choice(("a", "hf-internal-testing"))) for number in range(120)]
    captures = {}
    for day in range(4):
        for number in rng.sample(range(120), 30):
            states[number] = draw(number, "b")
        # Parents are named as they are called on the date.
        now = {f"a/name-{number}": one for number, one in enumerate(states)}
        captures[FIRST + dt.timedelta(days=31 * day)] = [
            {
                **one,
                "downloads": rng.randrange(1000),
                "downloadsAllTime": 1000 * day + rng.randrange(900),
                "baseModels": {
                    "relation": "finetune",
                    "models": [
                        {"_id": now[parent["id"]]["_id"], "id": now[parent["id"]]["id"]}
                        for parent in one.get("baseModels", {}).get("models", [])
                    ],
                },
            }
            for number, one in enumerate(states)
            if rng.random() < 0.9
        ]
    return captures


@pytest.fixture(scope="module")
def random_record() -> dict[dt.date, list[Item]]:
    return history(5)


@pytest.fixture(scope="module")
def at_once(
    random_record: dict[dt.date, list[Item]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return computed(tmp_path_factory.mktemp("at_once"), random_record)


def test_verdicts_equal_an_independent_count(
    at_once: Path, random_record: dict[dt.date, list[Item]]
) -> None:
    seen: set[Any] = set()
    for date in random_record:
        expected = generative_llm(random_record, date)
        assert verdicts(at_once, "generative_llm", date) == expected
        seen |= set(expected.values())
    assert seen >= {None, "guard", "reward", "embedding", "encoder", "internal-testing"}


def test_late_captures_give_the_same_scopes(
    at_once: Path, random_record: dict[dt.date, list[Item]], tmp_path: Path
) -> None:
    first, second, third, last = sorted(random_record)
    record(tmp_path, random_record)
    for dates in ([second], [last], [first, third]):
        load(tmp_path, dates)
        build_facts(tmp_path, *SCOPED)
    found, expected = marts(tmp_path), marts(at_once)
    for table in ("bridge_model_scope", "fct_scope_rules_daily", "fct_family_share_monthly"):
        assert expected[table]
        assert found[table] == expected[table], table


@pytest.mark.shared_data
def test_real_captures_equal_an_independent_count(real_captures: Path, tmp_path: Path) -> None:
    captures = {}
    for path in sorted(real_captures.glob("*.jsonl.gz")):
        with gzip.open(path, "rt") as file:
            captures[dt.date.fromisoformat(path.name[:10])] = [json.loads(line) for line in file]
    import_files(CaptureStore(tmp_path / "captures"), real_captures, 1.0, 0.0)
    load(tmp_path, sorted(captures))
    build_facts(tmp_path, *SCOPED)
    for date in captures:
        expected = generative_llm(captures, date)
        assert verdicts(tmp_path, "generative_llm", date) == expected
        assert len(set(expected.values())) > 5
        listed = {one["_id"]: one["downloads"] for one in captures[date]}
        kept = sum(listed.get(identity, 0) for identity, rule in expected.items() if rule is None)
        assert query(
            tmp_path,
            "select distinct scope_downloads from marts.fct_family_share_daily "
            "where date = ? and scope = 'generative_llm'",
            date,
        ) == [(kept,)]
