"""The Arena's dataset of the sample Hub: leaderboards of generated models of real companies.

Belongs here: which models are listed on which date, the files as the real dataset lays them out.
Does not belong here: the routes (see `pipelines.sample_hub.datasets`).

The best model of a company follows published top ratings on the dates they were published for;
every model, everything between these dates and all other numbers are invented.
"""

import datetime as dt
import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from assets.hub.arena import ARENA
from pipelines.sample_hub.datasets import Commit, SampleDataset, Writer

REANCHORED_ON = dt.date(2025, 6, 3)
"""From then on all ratings of `text` are higher by `REANCHORED_BY`."""
REANCHORED_BY = 10.0
RENAMED_ON = dt.date(2025, 7, 20)
"""From then on Zhipu AI is displayed as Z.ai."""
AWAY = (dt.date(2025, 4, 12), dt.date(2025, 7, 27))
"""Meta's experimental model is not listed between these dates."""
COMPANY_AWAY = (dt.date(2025, 9, 1), dt.date(2026, 1, 15))
"""Cohere has no model listed between these dates."""
REPEATED_SINCE = dt.date(2025, 7, 27)
"""From then on one name is listed twice."""
REPEATED, NAMELESS = "sample-01-ai-01", "sample-anonymous-01"
"""The name that is listed twice, and a model of which no organisation is named."""
EXPERIMENTAL = "sample-meta-experimental"

_BEGINS, _AGENT_BEGINS = dt.date(2024, 7, 31), dt.date(2026, 1, 14)
_DAY = dt.timedelta(days=1)
_POINTS = [dt.date(2024, 6, 19), dt.date(2025, 1, 29), dt.date(2025, 8, 6), dt.date(2026, 3, 1)]
# Top ratings as published for these dates (for 2026-03 by the Stanford AI Index, before it by the
# Arena); None where none was, and the line goes on.
_TOP: dict[str, tuple[str, list[int | None]]] = {
    "Google": ("Proprietary", [1267, 1382, 1470, 1494]),
    "OpenAI": ("Proprietary", [1287, 1365, 1429, 1481]),
    "Anthropic": ("Proprietary", [1249, 1284, 1373, 1503]),
    "xAI": ("Proprietary", [None, 1288, 1434, 1495]),
    "Alibaba": ("Apache 2.0", [1187, 1282, 1427, 1449]),
    "DeepSeek": ("MIT", [None, 1358, 1427, 1424]),
    "Zhipu AI": ("MIT", [1180, 1250, 1422, 1421]),
    "Moonshot": ("Modified MIT", [None, None, 1380, 1418]),
    "MiniMax": ("Apache 2.0", [None, None, 1354, 1390]),
    "Meta": ("Llama 4", [1207, 1260, 1292, 1295]),
    "Mistral": ("Apache-2.0", [1158, 1250, 1370, 1410]),
    "Nvidia": ("Nvidia Open", [1200, 1260, 1339, 1360]),
    "Cohere": ("CC-BY-NC-4.0", [1170, 1215, 1326, 1330]),
    "01 AI": ("Yi License", [1134, 1134, 1134, 1134]),
}
_RELEASE_DAYS = 75
_COLUMNS = [
    ("model_name", pa.string()), ("organization", pa.string()), ("license", pa.string()),
    ("rating", pa.float64()), ("rating_lower", pa.float64()), ("rating_upper", pa.float64()),
    ("variance", pa.float64()), ("vote_count", pa.int64()), ("rank", pa.int64()),
    ("category", pa.string()), ("leaderboard_publish_date", pa.string()),
]  # fmt: skip
_AGENT_COLUMNS = [
    ("model_name", pa.string()), ("organization", pa.string()), ("license", pa.string()),
    ("score", pa.float64()), ("score_ci_lower", pa.float64()), ("score_ci_upper", pa.float64()),
    ("observation_count", pa.int64()), ("session_count", pa.int64()), ("rank", pa.int64()),
    ("category", pa.string()), ("leaderboard_publish_date", pa.string()),
]  # fmt: skip


@dataclass(frozen=True)
class _Model:
    name: str
    organization: str
    license: str
    released: dt.date
    strength: float


def sample_arena(last: dt.date) -> SampleDataset:
    """The dataset as of a date: a commit a leaderboard and published date, two files each."""

    def commits() -> Iterator[Commit]:
        for date in arena_dates(last):
            at = dt.datetime.combine(date, dt.time(18), tzinfo=dt.UTC)
            for minutes, arena in enumerate(("text", "text_style_control", "image_edit", "agent")):
                if arena == "agent" and date < _AGENT_BEGINS:
                    continue
                for name in ("full", "latest"):
                    path = f"{arena}/{name}-00000-of-00001.parquet"
                    when = at + dt.timedelta(minutes=minutes)
                    yield Commit(when, path, _writer(arena, date, whole=name == "full"))

    return SampleDataset(ARENA, commits())


def arena_dates(last: dt.date) -> list[dt.date]:
    """Published dates up to a date, weekly to fortnightly."""
    rng = random.Random("arena dates")
    dates, date = [], _BEGINS
    while date <= last:
        dates.append(date)
        date += rng.randint(7, 14) * _DAY
    return dates


def _writer(arena: str, last: dt.date, whole: bool) -> Writer:
    def write(path: Path) -> None:
        dates = [date for date in arena_dates(last) if arena != "agent" or date >= _AGENT_BEGINS]
        shown = dates if whole else dates[-1:]
        rows = [
            row
            for date in shown
            for category in ("overall", "coding")
            for row in _table(arena, date, category)
        ]
        columns = _AGENT_COLUMNS if arena == "agent" else _COLUMNS
        pq.write_table(pa.Table.from_pylist(rows, pa.schema(columns)), path)

    return write


def _table(arena: str, date: dt.date, category: str) -> list[dict[str, Any]]:
    rows = [_row(model, arena, date, category) for model in _listed(date)]
    rows += [row for row in rows if row["model_name"] == REPEATED and date >= REPEATED_SINCE]
    rows.sort(key=lambda row: -row["rating"])
    ranked = [{**row, "rank": place} for place, row in enumerate(rows, 1)]
    return [_as_agent(row) for row in ranked] if arena == "agent" else ranked


def _row(model: _Model, arena: str, date: dt.date, category: str) -> dict[str, Any]:
    luck = random.Random(f"{arena}/{category}/{model.name}")
    rating = model.strength + random.Random(f"{arena}/{category}/{model.name}/{date}").gauss(0, 0.3)
    if (arena, category) == ("text", "overall"):
        rating += REANCHORED_BY if date >= REANCHORED_ON else 0
    else:
        rating += luck.uniform(-25, 25)
    votes = min(2_000 + 250 * (date - model.released).days, 60_000)
    half = 3 + 300 / math.sqrt(votes)
    is_zhipu = model.organization == "Zhipu AI" and date >= RENAMED_ON
    return {
        "model_name": model.name,
        "organization": "Z.ai" if is_zhipu else model.organization,
        "license": model.license,
        "rating": round(rating, 2),
        "rating_lower": round(rating - half, 2),
        "rating_upper": round(rating + half, 2),
        "variance": round((half / 1.96) ** 2, 3),
        "vote_count": votes,
        "category": category,
        "leaderboard_publish_date": str(date),
    }


def _as_agent(row: dict[str, Any]) -> dict[str, Any]:
    """An agents' leaderboard tells a score from 0 to 1."""

    def scaled(rating: float) -> float:
        return round(1 / (1 + math.exp((1400 - rating) / 100)), 4)

    return {
        **{name: row[name] for name, _ in _AGENT_COLUMNS if name in row},
        "score": scaled(row["rating"]),
        "score_ci_lower": scaled(row["rating_lower"]),
        "score_ci_upper": scaled(row["rating_upper"]),
        "observation_count": row["vote_count"] // 10,
        "session_count": row["vote_count"] // 40,
    }


def _listed(date: dt.date) -> list[_Model]:
    return [
        model
        for model in _models()
        if model.released <= date
        and not (model.name == EXPERIMENTAL and AWAY[0] <= date < AWAY[1])
        and not (model.organization == "Cohere" and COMPANY_AWAY[0] <= date < COMPANY_AWAY[1])
    ]


def _models() -> Iterator[_Model]:
    for company, (license_name, tops) in _TOP.items():
        known = [
            (point, top - (REANCHORED_BY if point >= REANCHORED_ON else 0))
            for point, top in zip(_POINTS, tops, strict=True)
            if top is not None
        ]
        for number, (released, strength) in enumerate(_releases(known), 1):
            slug = company.lower().replace(" ", "-")
            yield _Model(f"sample-{slug}-{number:02d}", company, license_name, released, strength)
    yield _Model(EXPERIMENTAL, "Meta", "", dt.date(2025, 4, 6), 1406)
    yield _Model(NAMELESS, "", "Proprietary", dt.date(2025, 2, 1), 1300)
    yield _Model("sample-google-open-01", "Google", "Gemma", dt.date(2025, 3, 12), 1340)
    yield _Model("sample-openai-open-01", "OpenAI", "Apache 2.0", dt.date(2025, 8, 5), 1350)


def _releases(known: list[tuple[dt.date, float]]) -> Iterator[tuple[dt.date, float]]:
    """A model on each date of which the top is known, and some on the line between two."""
    for (first, low), (end, high) in itertools.pairwise(known):
        steps = max((end - first).days // _RELEASE_DAYS, 1)
        for step in range(steps):
            yield first + (end - first) * step / steps, low + (high - low) * step / steps
    yield known[-1]
