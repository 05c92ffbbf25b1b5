"""A landed date into DuckDB with dlt.

Belongs here: dlt's pipeline. Does not belong here: facts (see the dbt project `facts` beside this).

Arrow tables are dlt's own advice for large loads; lists of rows took three times as long.
"""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measure import Figures, tell, timed

_CHUNK_BYTES = 64 << 20


def load(items: str, folder: str) -> Figures:
    """Load into `<folder>/peers.duckdb`, table `hub.models`; nested values become JSON."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    import dlt
    import polars  # noqa: F401  imported before the clock runs
    import pyarrow  # noqa: F401

    models = dlt.resource(_tables(items), name="models", write_disposition="replace")
    Path(folder).mkdir(parents=True, exist_ok=True)
    pipeline = dlt.pipeline(
        "hub",
        pipelines_dir=folder,
        destination=dlt.destinations.duckdb(str(Path(folder) / "peers.duckdb")),
        dataset_name="hub",
    )
    with timed() as figures:
        pipeline.run(models, loader_file_format="parquet")
    return {**figures, "rows": pipeline.last_trace.last_normalize_info.row_counts["models"]}


def _tables(items: str) -> Iterator[object]:
    import polars as pl
    import pyarrow as pa

    parent = pl.Struct({"_id": pl.String, "id": pl.String})
    schema: dict[str, Any] = {
        "_id": pl.String,
        "id": pl.String,
        "baseModels": pl.Struct({"relation": pl.String, "models": pl.List(parent)}),
        "createdAt": pl.String,
        "disabled": pl.Boolean,
        "downloads": pl.Int64,
        "downloadsAllTime": pl.Int64,
        "gated": pl.String,
        "lastModified": pl.String,
        "library_name": pl.String,
        "likes": pl.Int64,
        "pipeline_tag": pl.String,
        "safetensors": pl.Struct({"total": pl.Int64}),
        "tags": pl.List(pl.String),
        "trendingScore": pl.Float64,
    }
    with pa.input_stream(items, compression="zstd") as stream:
        reader = io.BufferedReader(stream, 1 << 20)
        while chunk := reader.read(_CHUNK_BYTES):
            lines = chunk + reader.readline()
            yield pl.read_ndjson(io.BytesIO(lines), schema=schema).to_arrow()


if __name__ == "__main__":
    tell({"load": load})
