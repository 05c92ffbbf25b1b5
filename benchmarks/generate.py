"""Write importable captures of a made-up Hub of full size: one file a date.

Belongs here: the form of a listed item, the command. Does not belong here: which models there are
and how they move (see `benchmarks.population`).
"""

import argparse
import datetime as dt
import io
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import zstandard
from numpy.typing import NDArray

from benchmarks.population import (
    MAX_PARENTS,
    NOMINAL_MODELS,
    RELATIONS,
    SIZES,
    Ints,
    Population,
)

_CHUNK_ROWS = 100_000
_STAMP = "%Y-%m-%dT%H:%M:%S.000Z"
_TASKS = (
    "text-generation", "text-classification", "image-text-to-text", "text-to-image",
    "reinforcement-learning", "automatic-speech-recognition", "feature-extraction",
    "token-classification", "image-classification", "fill-mask", "sentence-similarity",
    "text-to-speech", "object-detection", "question-answering", "translation", "summarization",
)  # fmt: skip
_LIBRARIES = (
    "transformers", "peft", "diffusers", "gguf", "sentence-transformers", "stable-baselines3",
    "mlx", "timm", "adapter-transformers", "lerobot", "vllm", "setfit", "fastai", "keras", "flair",
)  # fmt: skip
_LICENSES = (
    "apache-2.0", "mit", "other", "llama3.1", "cc-by-nc-4.0", "openrail", "gemma", "cc-by-4.0",
    "creativeml-openrail-m", "afl-3.0", "llama2",
)  # fmt: skip
_LANGUAGES = ("en", "zh", "fr", "de", "es", "ja", "ko", "ru", "ar", "hi", "pt", "it", "vi", "th")
_TOPICS = ("sentiment", "ocr", "detector", "tts", "segmenter", "ranker", "policy", "lora", "agent")


@dataclass(frozen=True)
class Pools:
    """The texts that a model's codes stand for; the last one of each is none at all."""

    bases: pl.Series
    base_owners: pl.Series
    owners: pl.Series
    stems: pl.Series
    tag_sets: pl.Series
    licenses: pl.Series
    tasks: pl.Series
    libraries: pl.Series
    relations: pl.Series
    regions: pl.Series
    scores: pl.Series


def make_pools(bases: list[str], seed: int) -> Pools:
    """The texts of one Hub."""
    rng = random.Random(seed)
    stems = [name.split("/")[1] for name in bases]
    while len(stems) < SIZES.stems:
        stems.append(f"{rng.choice(_TOPICS)}-{rng.choice(_LANGUAGES)}-{len(stems)}")
    return Pools(
        bases=_pool(bases),
        base_owners=_pool([name.split("/")[0] for name in bases]),
        owners=_pool([f"user-{number:06d}" for number in range(SIZES.owners)]),
        stems=_pool(stems[: SIZES.stems]),
        tag_sets=_pool([_tag_set(rng) for _ in range(SIZES.tag_sets)]),
        licenses=_pool(_LICENSES, SIZES.licenses),
        tasks=_pool(_TASKS, SIZES.tasks),
        libraries=_pool(_LIBRARIES, SIZES.libraries),
        relations=_pool(RELATIONS),
        regions=_pool(["us", "eu"]),
        scores=_pool([f"{tenths / 10:g}" for tenths in range(256)]),
    )


def _pool(texts: list[str] | tuple[str, ...], size: int = 0) -> pl.Series:
    """Codes beyond the texts stand for none, and so does -1."""
    return pl.Series([*texts, *[None] * max(1, size - len(texts))], dtype=pl.String)


def _tag_set(rng: random.Random) -> str:
    tags = ["safetensors"] * (rng.random() < 0.6)
    tags += rng.sample(_LANGUAGES, rng.choice((0, 1, 1, 1, 2, 6)))
    paper = f"arxiv:{rng.randrange(19, 26)}{rng.randrange(1, 13):02d}.{rng.randrange(20000):05d}"
    tags += [paper] * (rng.random() < 0.3)
    tags += [f"dataset:user-{rng.randrange(9000):06d}/set-{rng.randrange(99)}"] * (
        rng.random() < 0.2
    )
    tags += ["text-generation-inference"] * (rng.random() < 0.3)
    tags += ["autotrain_compatible", "endpoints_compatible"][: rng.randrange(3)]
    tags += ["generated_from_trainer"] * (rng.random() < 0.2)
    return "".join(f'"{tag}",' for tag in tags)


def lines(population: Population, pools: Pools, places: Ints) -> bytes:
    """Models as the Hub lists them, one JSON object a line, in the order of `places`."""
    p = population
    name, author = _names(p, pools, places)
    relation = pools.relations.gather(p.relation[places])
    objects, tags = [], []
    for nth in range(MAX_PARENTS):
        parents = p.parents[places, nth]
        if (parents < 0).all():
            continue
        parent_name, _ = _names(p, pools, parents)
        objects.append('{"_id":"' + _hub_ids(p, parents) + '","id":"' + parent_name + '"}')
        plain = '"base_model:' + parent_name + '",'
        tags.append(plain + '"base_model:' + relation + ":" + parent_name + '",')
    resolved = (p.parents[places, 0] >= 0) & ~p.tags_only[places]
    frame = pl.DataFrame(
        {
            "resolved": resolved,
            "relation": relation,
            "hub_id": _hub_ids(p, places),
            "name": name,
            "author": author,
            "created": _seconds(p.seconds[places]),
            "modified": _seconds(p.modified[places]),
            "downloads": p.downloads[places],
            "all_time": p.downloads_all_time[places],
            "likes": p.likes[places],
            "parameters": p.parameters[places],
            "gated": p.noise[places] % 97 == 0,
            "score": pools.scores.gather(p.trending[places]),
            "task": pools.tasks.gather(p.task[places]),
            "library": pools.libraries.gather(p.library[places]),
            "license": pools.licenses.gather(p.license[places]),
            "region": pools.regions.gather(p.region[places]),
            "tag_set": pools.tag_sets.gather(p.tag_set[places]),
            **{f"object{nth}": one for nth, one in enumerate(objects)},
            **{f"tags{nth}": one for nth, one in enumerate(tags)},
        }
    )
    out = io.BytesIO()
    frame.select(_line(len(objects))).write_csv(out, include_header=False, quote_style="never")
    return out.getvalue()


def _line(parents: int) -> pl.Expr:
    """Keys in the order the Hub sends them; a property without a value is left out."""
    objects = [pl.col(f"object{nth}") for nth in range(parents)]
    base_models = (
        pl.when("resolved").then(
            pl.format(
                ',"baseModels":{"relation":"{}","models":[{}]}'.replace("{}", "\0")
                .replace("{", "{{")
                .replace("}", "}}")
                .replace("\0", "{}"),
                "relation",
                pl.concat_str(objects, separator=",", ignore_nulls=True),
            )
        )
        if objects
        else pl.lit(None, pl.String)
    )
    return pl.concat_str(
        pl.lit('{"_id":"'), "hub_id", pl.lit('","id":"'), "name",
        pl.lit('","author":"'), "author", pl.lit('"'), base_models,
        pl.lit(',"createdAt":"'), "created", pl.lit('","disabled":false,"downloads":'), "downloads",
        pl.lit(',"downloadsAllTime":'), "all_time",
        pl.when("gated").then(pl.lit(',"gated":"auto"')).otherwise(pl.lit(',"gated":false')),
        pl.lit(',"lastModified":"'), "modified", pl.lit('"'),
        ',"library_name":"' + pl.col("library") + '"', pl.lit(',"likes":'), "likes",
        ',"pipeline_tag":"' + pl.col("task") + '"', pl.lit(',"private":false'),
        pl.when(pl.col("parameters") > 0).then(_safetensors()), pl.lit(',"tags":['), "tag_set",
        '"' + pl.col("library") + '",', '"' + pl.col("task") + '",',
        '"license:' + pl.col("license") + '",', *[f"tags{nth}" for nth in range(parents)],
        pl.lit('"region:'), "region", pl.lit('"],"trendingScore":'), "score", pl.lit("}"),
        ignore_nulls=True,
    )  # fmt: skip


def _safetensors() -> pl.Expr:
    total = pl.col("parameters").cast(pl.String)
    return ',"safetensors":{"parameters":{"BF16":' + total + '},"total":' + total + "}"


def _names(
    population: Population, pools: Pools, places: NDArray[np.signedinteger]
) -> tuple[pl.Series, pl.Series]:
    """`owner/name` and owner of each model; none where the place is -1."""
    base = population.base_code[places]
    renamed = population.renamed[places]
    frame = pl.DataFrame(
        {
            "place": places,
            "base": pools.bases.gather(base),
            "base_owner": pools.base_owners.gather(base),
            "owner": pools.owners.gather(population.owner[places]),
            "stem": pools.stems.gather(population.stem[places]),
            "renamed": renamed,
        }
    )
    made = pl.concat_str(
        "owner", pl.lit("/"), "stem", pl.lit("-"), "place",
        pl.when(pl.col("renamed") > 0).then("-v" + pl.col("renamed").cast(pl.String)),
        ignore_nulls=True,
    )  # fmt: skip
    known = pl.col("place") >= 0
    both = frame.select(
        pl.when(known).then(pl.coalesce("base", made)).alias("name"),
        pl.when(known).then(pl.coalesce("base_owner", "owner")).alias("author"),
    )
    return both["name"], both["author"]


def _hub_ids(population: Population, places: NDArray[np.signedinteger]) -> pl.Series:
    """24 hex digits: creation in seconds, then noise; none where the place is -1."""
    parts = np.empty((len(places), 3), ">u4")
    noise = population.noise[places]
    parts[:, 0] = population.seconds[places]
    parts[:, 1] = noise >> np.uint64(32)
    parts[:, 2] = noise & np.uint64(0xFFFFFFFF)
    array = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(12), len(places), [None, pa.py_buffer(parts.tobytes())]
    )
    ids = pl.Series(pl.from_arrow(array.cast(pa.large_binary()))).bin.encode("hex")
    return ids.zip_with(pl.Series(places >= 0), pl.Series([None], dtype=pl.String))


def _seconds(values: NDArray[np.uint32]) -> pl.Series:
    return pl.from_epoch(pl.Series(values.astype(np.int64)), "s").dt.strftime(_STAMP)


def chunks(population: Population, pools: Pools) -> Iterator[bytes]:
    """The whole list of one date, newest first, in pieces of bounded size."""
    places = population.listed_newest_first()
    for start in range(0, len(places), _CHUNK_ROWS):
        yield lines(population, pools, places[start : start + _CHUNK_ROWS])


def write_day(population: Population, pools: Pools, folder: Path) -> Path:
    """Write one date's capture; a file that is there is whole."""
    path = folder / f"{population.date}.jsonl.zst"
    beside = folder / f".{path.name}.tmp"
    with (
        beside.open("wb") as file,
        zstandard.ZstdCompressor(3, threads=2).stream_writer(file) as out,
    ):
        for chunk in chunks(population, pools):
            out.write(chunk)
    beside.rename(path)
    return path


def generate(
    folder: Path, models: int, days: int, start: dt.date, seed: int = 1, stress: bool = False
) -> Iterator[tuple[Path, int]]:
    """Write consecutive dates; yields each file and its rows when it is written."""
    folder.mkdir(parents=True, exist_ok=True)
    population = Population(models, start, seed, days, stress)
    pools = make_pools(population.bases, seed)
    for day in range(days):
        if day:
            population.advance()
        yield write_day(population, pools, folder), len(population.listed_newest_first())


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generate", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for YYYY-MM-DD.jsonl.zst")
    parser.add_argument("--models", type=int, default=NOMINAL_MODELS)
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--start", type=dt.date.fromisoformat, default=dt.date(2026, 1, 1))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stress", action="store_true", help="large base models inside cycles too")
    given = parser.parse_args()
    if given.models < 2000 or given.days < 1:
        parser.error("at least 2000 models and one day")
    began = time.monotonic()
    for path, rows in generate(
        given.out, given.models, given.days, given.start, given.seed, given.stress
    ):
        size = path.stat().st_size / 1e6
        print(f"{path.name}  {rows:,} rows  {size:.1f} MB  {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
