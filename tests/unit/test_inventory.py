"""Inventories as people write them: the forms that are read, and how others are refused."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.errors import LedgerError
from assets.exposure.inventory import (
    Entry,
    Inventory,
    collect,
    read_inventories,
    repo_id,
    write_inventory,
)


def read(folder: Path, name: str, text: str | bytes) -> list[Inventory]:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_inventories(path)


def models(found: list[Inventory]) -> dict[str, float]:
    (inventory,) = found
    return {entry.model: entry.weight for entry in inventory.entries}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("own.csv", "model,calls\nA/x,3\nB/y,1\n"),
        ("own.csv", "\ufeffModel ID;GPU-hours\r\nA/x;3\r\nB/y;\r\n"),
        ("own.csv", "# of March\nA/x\t3\nB/y\t1\n"),
        ("own.csv", 'weight,place,repo_id\n3," a ""quoted"" place",A/x\n1,,B/y\n'),
        ("own.csv", "model,calls\nA/x,3\nB/y,1\n".encode("utf-16")),
        ("own.csv", "model,calls\nA/x,1\nB/y,1\nA/x,2\n"),
        # One model, however it is written.
        ("own.csv", "model,calls\nA/x,1\nB/y,~\nhttps://huggingface.co/a/X,1\na/x@main,1\n"),
        ("own.yaml", "A/x: 3\nB/y: ~\n"),
        ("own.yaml", "A/x: 3\nB/y: 1\n"),
        ("own.yml", "- {model: A/x, weight: 3}\n- B/y\n"),
        ("own.yaml", "own:\n  - id: A/x\n    apps: 3\n  - B/y\n"),
    ],
)
def test_one_inventory_in_many_forms(tmp_path: Path, name: str, text: str | bytes) -> None:
    found = read(tmp_path, name, text)
    assert [inventory.name for inventory in found] == ["own"]
    assert models(found) == {"A/x": 3.0, "B/y": 1.0}


def test_rows_may_name_their_inventory(tmp_path: Path) -> None:
    found = read(tmp_path, "all.csv", "team,model\nsearch,A/x\nchat,A/x\n,B/y\nsearch,B/y\n")
    assert {one.name: [entry.model for entry in one.entries] for one in found} == {
        "all": ["B/y"], "chat": ["A/x"], "search": ["A/x", "B/y"],
    }  # fmt: skip


def test_ids_stay_as_they_are_written(tmp_path: Path) -> None:
    hostile = ["'; drop table raw.models; --", '<script>alert("x")</script>', "=1+1", "Ä/\u202e"]
    rows = "".join('"' + text.replace('"', '""') + '",2\n' for text in hostile)
    found = read(tmp_path, "own.csv", f"model,weight\n{rows}")
    assert models(found) == dict.fromkeys(hostile, 2.0)
    path = write_inventory(tmp_path / "kept", found[0])
    assert read_inventories(path) == found


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Qwen/Qwen3-8B", "Qwen/Qwen3-8B"),
        ("https://huggingface.co/Qwen/Qwen3-8B/tree/main?x=1", "Qwen/Qwen3-8B"),
        ("hf.co/unsloth/Qwen3-8B-GGUF:Q4_K_M", "unsloth/Qwen3-8B-GGUF"),
        (" Qwen/Qwen3-8B@refs-pr-1 ", "Qwen/Qwen3-8B"),
        ("https://huggingface.co/gpt2/", "gpt2"),
        ("https://huggingface.co/gpt2/tree/main", "gpt2"),
        ("https://huggingface.co/Qwen/Qwen3-8B#usage", "Qwen/Qwen3-8B"),
        ("huggingface.co/models/Qwen/Qwen3-8B/discussions/1", "Qwen/Qwen3-8B"),
        ("hf://Qwen/Qwen3-8B/config.json", "Qwen/Qwen3-8B"),
        ("@main", ""),
        ("gpt2", "gpt2"),
    ],
)
def test_the_id_in_what_is_written(written: str, expected: str) -> None:
    assert repo_id(written) == expected


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "own.csv",
            "model,calls\nA/x,-1\n",
            "own.csv, line 2: weight '-1' of A/x should be 0, or a number",
        ),
        ("own.csv", "model,calls\nA/x,nan\n", "line 2: weight 'nan'"),
        ("own.csv", "model,calls\nA/x,1e999\n", "line 2: weight '1e999'"),
        ("own.csv", "model,calls\nA/x,1_000\n", "line 2: weight '1_000'"),
        ("own.csv", "model,calls\nA/x,lots\n", "line 2: weight 'lots'"),
        ("own.csv", "model,calls\n,3\n", "line 2: no model"),
        ("own.csv", f"model\n{'x' * 600}\n", "line 2: a model of 600 characters; 512 at most"),
        ("own.csv", "model,calls\nA/x,5e-324\n", "line 2: weight '5e-324'"),
        ("own.csv", "calls,team\n3,x\n", "line 1: no column model or model_id"),
        ("own.csv", "name,owner\nA/x,me\n", "line 1: no column model or model_id"),
        ("own.csv", "model\nhttps://hf.co/\n", "line 2: 'https://hf.co/' names no model"),
        ("own.csv", "model\nA/\x07x\n", "line 2: 'A/?x' holds a control character"),
        ("own.yaml", '["A/\\0x"]\n', "line 1: 'A/?x' holds a control character"),
        ("own.yaml", "[" * 200_000 + "]" * 200_000, "line 1: lists and mappings 7 deep"),
        ("own.csv", "model,calls,apps\nA/x,1,2\n", "columns calls, apps mean the same"),
        ("own.csv", "model\n", "nothing is in use"),
        ("own.csv", "", "nothing is in use"),
        ("own.csv", "model,calls\nA/x,0\n", "inventory own: its weights sum to 0"),
        ("own.csv", 'model\n"A/x\n', "own.csv, line 2: "),
        ("own.csv", b"model\nA/x\ncaf\xe9/y\n", "own.csv, line 3: not UTF-8"),
        ("own.csv", b"model\nA/\0x\n", "own.csv: holds zero bytes"),
        ("own.csv", "inventory,model\n../../etc,A/x\n", "'../../etc' cannot name an inventory"),
        ("own.txt", "A/x\n", "own.txt: an inventory ends in .csv, .yaml, .yml"),
        ("own.yaml", "a: [b\n", "no YAML"),
        ("own.yaml", "just words\n", "an inventory is a list or a mapping"),
        ("own.yaml", "- [A/x]\n", "own.yaml, line 1: a list in a list"),
        ("own.yaml", "x: {y: {z: [A/x]}}\n", "an inventory within an inventory"),
        ("own.yaml", "- {calls: 3}\n", "no column model"),
        ("own.yaml", "- &a A/x\n- *a\n", "line 1: an alias"),
        ("own.yaml", "A/x: many\n", "weight 'many' of A/x"),
    ],
)
def test_what_cannot_be_used_is_said(
    tmp_path: Path, name: str, text: str | bytes, said: str
) -> None:
    with pytest.raises(LedgerError) as error:
        read(tmp_path, name, text)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_tag_of_yaml_is_only_a_word(tmp_path: Path) -> None:
    found = read(tmp_path, "own.yaml", "!!python/object/apply:os.system ['true']\n")
    assert models(found) == {"true": 1.0}


@pytest.mark.long
def test_a_million_lines(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("model", "calls"))
        writer.writerows((f"owner/model-{number % 250_000}", number % 7) for number in range(10**6))
    (inventory,) = read_inventories(path)
    assert len(inventory.entries) == 250_000
    assert sum(entry.weight for entry in inventory.entries) == sum(n % 7 for n in range(10**6))


def test_places_of_a_model_are_kept_up_to_five() -> None:
    rows = [("own", Entry("A/x", 1.0, f"file{number}:1")) for number in range(8)]
    (inventory,) = collect(rows)
    assert inventory.entries == [
        Entry("A/x", 8.0, "file0:1; file1:1; file2:1; file3:1; file4:1; 3 more")
    ]


_words = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30)


@given(
    st.dictionaries(
        _words.map(str.strip)
        .filter(lambda text: bool(repo_id(text)))
        .map(lambda text: f"A/{text}"),
        st.floats(0.001, 1e12),
        min_size=1,
        max_size=20,
    )
)
def test_what_is_kept_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, weights: dict[str, float]
) -> None:
    folder = tmp_path_factory.mktemp("kept")
    (inventory,) = collect(("own", Entry(model, weight)) for model, weight in weights.items())
    assert read_inventories(write_inventory(folder, inventory)) == [inventory]
