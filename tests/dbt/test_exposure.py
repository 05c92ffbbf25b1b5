"""Exposure of the user's own inventories: METHOD D21, vector T15, what happens to each model."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from assets.errors import LedgerError
from assets.exposure.inventory import Entry, Inventory
from assets.exposure.sources import keep, load
from assets.ledger.warehouse import connect, ensure_schema
from tests import helpers
from tests.helpers import Item, build_facts, item, query, record

THEN, NOW = dt.date(2026, 3, 1), dt.date(2026, 4, 1)

CHAT = ["conversational"]


def lab(repo_id: str, downloads: int, license_tag: str = "apache-2.0", **more: Any) -> Item:
    """A chat model of a lab, of 8 billion parameters."""
    return item(
        repo_id,
        downloads,
        pipeline_tag="text-generation",
        safetensors={"total": more.pop("size", 8_000_000_000)},
        tags=[*CHAT, f"license:{license_tag}"],
        gated=more.pop("gated", False),
        **more,
    )


BEFORE = [
    lab("Qwen/Qwen2-7B", 5000),
    lab("Qwen/Qwen3-8B", 9000),
    lab("meta-llama/Llama-3.1-8B", 4000, "llama3.1", gated="manual"),
    item("old/name", 10),
    item("soon/gone", 10),
    item("lost/base", 10),
    # Kinds for the search of alternatives: of Google.
    lab("google/gemma-3-8b-it", 1000, "gemma"),
    lab("google/gemma-4-8b-it", 2000),
    lab("google/gemma-4-8b-falling", 9000),
    lab("google/gemma-4-70b-it", 100, size=70_000_000_000),
    lab("google/gemma-4-8b-int4", 100),
    lab("google/gemma-4-8b-level", 2999),
    lab("nvidia/Nemotron-8B", 100, "other"),
    lab("google/gemma-4-8b-GGUF", 100, parents=["google/gemma-4-8b-it"], relation="quantized"),
    lab("someone/gemma-4-8b-tuned", 100, parents=["google/gemma-4-8b-it"]),
]
AFTER = [
    lab("Qwen/Qwen2-7B", 2500),
    lab("Qwen/Qwen3-8B", 9500),
    lab("meta-llama/Llama-3.1-8B", 4100, "llama3.1", gated="manual"),
    lab("unsloth/Qwen3-8B-GGUF", 700, parents=["Qwen/Qwen3-8B"], relation="quantized"),
    lab("unsloth/Llama-3.1-8B-GGUF", 10, parents=["meta-llama/Llama-3.1-8B"], relation="quantized"),
    lab("other/Llama-3.1-8B-AWQ", 10, parents=["meta-llama/Llama-3.1-8B"], relation="quantized"),
    item("new/name", 10, _id=item("old/name")["_id"]),
    item("merges/both", 10, parents=["Qwen/Qwen3-8B", "meta-llama/Llama-3.1-8B"], relation="merge"),
    item("a/one", 1, parents=["a/two"]),
    item("a/two", 1, parents=["a/one"]),
    item("x/child", 1, parents=["unmapped/root"]),
    item("unmapped/root", 1),
    lab("google/gemma-3-8b-it", 2000, "gemma"),
    lab("google/gemma-4-8b-it", 3000),
    lab("google/gemma-4-8b-falling", 8000),
    lab("google/gemma-4-70b-it", 9000, size=70_000_000_000),
    lab("google/gemma-4-8b-int4", 9000),
    lab("google/gemma-4-8b-level", 3000),
    lab("nvidia/Nemotron-8B", 9000, "other"),
    # Newer than the seed, and names of others that tell no generation.
    item("Qwen/Qwen3.9-8B", 1),
    item("community/Qwen35-8B-tuned", 1, parents=["Qwen/Qwen2-7B"]),
    item("community/child", 1, parents=["lost/base"]),
    item(
        "packed/Qwen3-8B-4bit",
        1,
        parents=["Qwen/Qwen3-8B"],
        relation="quantized",
        safetensors={"total": 1_300_000_000},
    ),
    lab("google/gemma-4-8b-GGUF", 9000, parents=["google/gemma-4-8b-it"], relation="quantized"),
    lab("someone/gemma-4-8b-tuned", 9000, parents=["google/gemma-4-8b-it"]),
]

INVENTORIES = {
    # T15: two apps on quantizations of Qwen by one account, one on Llama.
    "t15": [("unsloth/Qwen3-8B-GGUF", 2.0), ("meta-llama/Llama-3.1-8B", 1.0)],
    "mixed": [
        ("QWEN/qwen3-8b", 3.0),
        ("https://huggingface.co/old/name", 1.0),
        ("soon/gone", 1.0),
        ("merges/both", 4.0),
        ("a/one", 1.0),
        ("x/child", 2.0),
        ("unmapped/root", 1.0),
        ("Qwen/Qwen2-7B", 1.0),
        ("Qwen/Qwen3-8b-Chat", 5.0),
        ("'; drop table marts.dim_model; --", 1.0),
        ("community/Qwen35-8B-tuned", 0.0),
        ("community/child", 0.0),
        ("packed/Qwen3-8B-4bit", 0.0),
        ("google/gemma-4-8b-it", 0.0),
    ],
}

EXPOSURES = ("fct_exposure", "fct_exposure_losses", "fct_exposure_alternatives")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exposure")
    # So many that neither capture is taken for a part of the Hub.
    others = [item(f"others/{number}", 1) for number in range(200)]
    captures = {THEN: [*BEFORE, *others], NOW: [*AFTER, *others]}
    record(folder, captures)
    helpers.load(folder, captures)
    keep(
        folder,
        [
            Inventory(name, [Entry(model, weight, "app.py:1") for model, weight in entries])
            for name, entries in INVENTORIES.items()
        ],
    )
    with connect(folder) as connection:
        loaded = load(connection, folder)
    assert loaded.models == {"mixed": 14, "t15": 2}
    assert loaded.faults == []
    build_facts(folder, *EXPOSURES)
    return folder


def exposures(home: Path, inventory: str, dimension: str) -> dict[str, float]:
    return dict(
        query(
            home,
            "select unit, round(exposure, 9) from marts.fct_exposure "
            "where inventory = ? and dimension = ? and exposure > 0",
            inventory,
            dimension,
        )
    )


def concentration(home: Path, inventory: str, dimension: str) -> tuple[Any, ...]:
    (row,) = query(
        home,
        "select distinct round(hhi), round(hhi_high), single_source, round(single_source_share, 3) "
        "from marts.fct_exposure where inventory = ? and dimension = ?",
        inventory,
        dimension,
    )
    return row


def told(home: Path, columns: str, model: str) -> tuple[Any, ...]:
    (row,) = query(
        home,
        f"select {columns} from marts.fct_exposure_models where inventory = 'mixed' and model = ?",
        model,
    )
    return row


def test_t15(home: Path) -> None:
    assert exposures(home, "t15", "family_root") == {"Qwen": 0.666666667, "Llama": 0.333333333}
    assert concentration(home, "t15", "family_root") == (5556, 5556, "Qwen", 0.667)
    assert concentration(home, "t15", "quantizer")[2:] == ("unsloth", 0.667)
    assert exposures(home, "t15", "quantizer") == {
        "unsloth": 0.666666667,
        "no third party": 0.333333333,
    }
    assert exposures(home, "t15", "region") == {"china": 0.666666667, "us": 0.333333333}
    assert exposures(home, "t15", "company") == {"Alibaba": 0.666666667, "Meta": 0.333333333}
    assert exposures(home, "t15", "license") == {
        "permissive": 0.666666667, "conditions of use": 0.333333333,
    }  # fmt: skip
    assert exposures(home, "t15", "gating") == {"open": 0.666666667, "manual": 0.333333333}
    assert exposures(home, "t15", "size_class") == {"3B to 10B": 1.0}
    assert exposures(home, "t15", "account") == {"unsloth": 0.666666667, "meta-llama": 0.333333333}


def test_a_merge_counts_for_each_family_once(home: Path) -> None:
    found = exposures(home, "mixed", "family_root")
    # Of 20: 3 and 1 of Qwen, half of the 4 merged each.
    assert found == {
        "Qwen": 0.3, "Llama": 0.1, "other": 0.3, "not on record": 0.3,
    }  # fmt: skip
    # Named: 30 and 10. The rest, 60, might all be of the largest one.
    assert concentration(home, "mixed", "family_root") == (1000, 8200, "Qwen", 0.3)


def test_what_no_family_has_is_its_makers(home: Path) -> None:
    found = exposures(home, "mixed", "company")
    assert found == {
        "Alibaba": 0.3, "Meta": 0.1, "new": 0.05, "soon": 0.05, "unmapped": 0.15, "not known": 0.05,
        "not on record": 0.3,
    }  # fmt: skip


def test_every_dimension_sums_to_one(home: Path) -> None:
    sums = query(
        home,
        "select inventory, dimension, sum(exposure), sum(weight) from marts.fct_exposure "
        "group by all",
    )
    assert len(sums) == 2 * 10
    for inventory, _, exposure, weight in sums:
        assert exposure == pytest.approx(1)
        assert weight == pytest.approx(sum(part for _, part in INVENTORIES[inventory]))


def test_names_are_resolved_and_none_is_dropped(home: Path) -> None:
    assert told(home, "repo_id, is_renamed, gone_on", "QWEN/qwen3-8b") == (
        "Qwen/Qwen3-8B", False, None,
    )  # fmt: skip
    assert told(home, "repo_id, is_renamed", "https://huggingface.co/old/name") == (
        "new/name",
        True,
    )
    assert told(home, "repo_id, gone_on", "soon/gone") == ("soon/gone", NOW)
    assert told(home, "repo_id, hub_id, nearest", "Qwen/Qwen3-8b-Chat") == (
        None, None, "Qwen/Qwen3-8B, Qwen/Qwen3.9-8B, Qwen/Qwen2-7B",
    )  # fmt: skip
    assert told(home, "hub_id, share", "'; drop table marts.dim_model; --") == (None, 0.05)


def test_use_and_generations(home: Path) -> None:
    columns = (
        "downloads_30d_before, downloads_30d, is_falling, generation, newest_generation, "
        "generations_behind"
    )
    assert told(home, columns, "Qwen/Qwen2-7B") == (5000, 2500, True, "2", "3.9", 4)
    assert told(home, columns, "QWEN/qwen3-8b") == (9000, 9500, False, "3", "3.9", 2)
    assert told(home, "generation, generations_behind", "community/Qwen35-8B-tuned") == ("2", 4)
    # By the nearest ancestor that tells, within the family of its largest part.
    assert told(home, "family_root, generation", "merges/both") == ("Llama", "3.1")
    assert told(home, "generation, generations_behind", "x/child") == (None, None)


def test_what_is_packed_has_the_size_of_its_base(home: Path) -> None:
    assert told(home, "parameters, size_class", "packed/Qwen3-8B-4bit") == (8 * 10**9, "3B to 10B")


def test_a_base_that_is_gone_is_told_and_not_lost_again(home: Path) -> None:
    assert told(home, "gone_parent, gone_on", "community/child") == ("lost/base", None)
    assert losses(home, "mixed", "lost") == set()


def losses(home: Path, inventory: str, publisher: str) -> set[tuple[Any, ...]]:
    return set(
        query(
            home,
            "select model, loss, lost_repo_id from marts.fct_exposure_losses "
            "where inventory = ? and publisher = ?",
            inventory,
            publisher,
        )
    )


def test_what_is_lost_with_an_account(home: Path) -> None:
    assert losses(home, "t15", "unsloth") == {
        ("unsloth/Qwen3-8B-GGUF", "own repository", "unsloth/Qwen3-8B-GGUF")
    }
    assert losses(home, "t15", "Qwen") == {("unsloth/Qwen3-8B-GGUF", "parent", "Qwen/Qwen3-8B")}
    # Two accounts quantize each of these: neither has the only one.
    assert losses(home, "t15", "meta-llama") == {
        ("meta-llama/Llama-3.1-8B", "own repository", "meta-llama/Llama-3.1-8B")
    }
    assert losses(home, "mixed", "unsloth") == set()
    assert losses(home, "mixed", "google") == {
        ("google/gemma-4-8b-it", "own repository", "google/gemma-4-8b-it"),
        ("google/gemma-4-8b-it", "only quantization", "google/gemma-4-8b-GGUF"),
    }
    assert losses(home, "mixed", "a") == {
        ("a/one", "own repository", "a/one"), ("a/one", "parent", "a/two"),
    }  # fmt: skip
    assert losses(home, "mixed", "soon") == set()


def test_alternatives_are_alike_of_others_and_rising(home: Path) -> None:
    found = query(
        home,
        "select model, place, repo_id, company, license_class from marts.fct_exposure_alternatives "
        "where inventory = 't15' order by model, place",
    )
    # Not one that falls or stays, of another size, of a stricter or no known licence, quantized by
    # declaration or name, or of someone else.
    assert found == [
        ("meta-llama/Llama-3.1-8B", 1, "Qwen/Qwen3-8B", "Alibaba", "permissive"),
        ("meta-llama/Llama-3.1-8B", 2, "google/gemma-4-8b-it", "Google", "permissive"),
        ("meta-llama/Llama-3.1-8B", 3, "google/gemma-3-8b-it", "Google", "conditions of use"),
        ("unsloth/Qwen3-8B-GGUF", 1, "google/gemma-4-8b-it", "Google", "permissive"),
    ]
    ((reason,),) = query(
        home,
        "select reason from marts.fct_exposure_alternatives "
        "where inventory = 't15' and model = 'unsloth/Qwen3-8B-GGUF'",
    )
    assert reason == (
        "same task (text-generation) and size (3B to 10B); licence apache-2.0 (permissive), now "
        "apache-2.0; 3,000 downloads of 30 days, 2,000 on 2026-03-01"
    )


def test_an_inventory_that_is_gone_leaves_nothing(home: Path) -> None:
    (home / "inventories" / "mixed.csv").rename(home / "mixed.csv")
    (home / "inventories" / "broken.csv").write_text("model,calls\nA/x,-1\n")
    try:
        with connect(home) as connection:
            loaded = load(connection, home)
        assert loaded.models == {"t15": 2}
        assert loaded.faults == [
            "broken.csv, line 2: weight '-1' of A/x should be 0, or a number from 1e-09 to 1e+15"
        ]
        build_facts(home, *EXPOSURES)
        assert query(home, "select distinct inventory from marts.fct_exposure") == [("t15",)]
    finally:
        (home / "inventories" / "broken.csv").unlink()
        (home / "mixed.csv").rename(home / "inventories" / "mixed.csv")


def test_a_new_inventory_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "inventories"
    folder.mkdir()
    (folder / "Chat.yaml").write_text("- old/model\n")
    keep(tmp_path, [Inventory("chat", [Entry("new/model", 1.0)])])
    assert [path.name for path in folder.iterdir()] == ["chat.csv"]
    (folder / "teams.yaml").write_text("search: [a/b]\nother: [a/c]\n")
    with pytest.raises(LedgerError, match=r"teams\.yaml holds the inventory search among others"):
        keep(tmp_path, [Inventory("Search", [Entry("new/model", 1.0)])])
    (folder / "more.yaml").write_text("alpha: [a/b]\nCHAT: [a/c]\nzeta: [a/d]\n")
    (folder / "empty.csv").write_text("")
    with connect(tmp_path) as connection:
        ensure_schema(connection)
        loaded = load(connection, tmp_path)
    # A file is taken as a whole or not at all.
    assert loaded.models == {"chat": 1, "other": 1, "search": 1}
    assert loaded.faults == [
        "empty.csv: an inventory without a model: nothing is in use",
        "more.yaml: another file holds chat too",
    ]
