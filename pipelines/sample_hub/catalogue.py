"""The models of a sample Hub on any date: a reconstruction, the same for the same seed and date.

Belongs here: what the list and the public archive show on a date. Does not belong here: which
models there are (see `pipelines.sample_hub.population`), how often they were downloaded
(`pipelines.sample_hub.counters`), what went wrong when (`pipelines.sample_hub.defects`), HTTP.

Monthly downloads of text and vision-language models by publisher follow published figures; how a
month spreads over days and models, and everything anonymous, is invented. No number here is an
observation of the Hub.
"""

import datetime as dt
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.sample_hub.calibration import WINDOW, day_number
from pipelines.sample_hub.counters import Counter, counters_of
from pipelines.sample_hub.defects import (
    ARCHIVE_PARTIAL,
    CORRECTION,
    DELAYS,
    FROZEN,
    RENAMED_MODEL,
    RENAMED_OWNER,
    Delay,
    in_archive,
)
from pipelines.sample_hub.model import Model
from pipelines.sample_hub.population import all_models

SAMPLE = (
    "generated catalogue: a reconstruction calibrated to published monthly totals, not observations"
)
"""What captures of this data are labelled as."""

_HORIZON = dt.date(2027, 6, 30)


@dataclass
class _Listed:
    """A model with its counter and what luck gave it."""

    model: Model
    downloads: Counter
    luck: float
    likes: float
    gate: float
    updated_after: float
    born: int


class Catalogue:
    """Models of a sample Hub; a later date shows the same ones, some more, and moved counters.

    Args:
        models: Nominal number of derivatives and unrelated models without a name of their own.
        seed: Another seed gives another crowd.
        defects: Whether counters misbehave where the Hub's did; names change in any case.
    """

    def __init__(self, models: int = 4000, seed: int = 7, defects: bool = True) -> None:
        self._count, self._seed, self._defects = models, seed, defects
        self._prepare(_HORIZON)

    def items(self, on: dt.date) -> list[dict[str, Any]]:
        """What the Hub lists on a date, every property included, oldest first."""
        if on >= self._horizon:
            self._prepare(on + dt.timedelta(days=365))
        day = day_number(on)
        delay = DELAYS.get(on) if self._defects else None
        templates = self._templates(day)
        return [
            self._item(listed, template, on, day, delay)
            for listed, template in zip(self._listed, templates, strict=True)
            if listed.model.is_listed(day)
        ]

    def archived(self, on: dt.date) -> list[dict[str, Any]] | None:
        """What the public archive holds of a date; None where it has no file."""
        if not in_archive(on):
            return None
        items = self.items(on)
        return items[: int(len(items) * ARCHIVE_PARTIAL.get(on, 1))]

    def write(self, on: dt.date, folder: Path) -> Path:
        """Write what the Hub would list on a date as an importable file, newest first."""
        path = folder / f"{on}.jsonl"
        items = sorted(self.items(on), key=lambda item: item["_id"], reverse=True)
        path.write_text("".join(json.dumps(item) + "\n" for item in items))
        return path

    def _prepare(self, horizon: dt.date) -> None:
        self._horizon = horizon
        end = day_number(horizon) + 1
        models = all_models(self._count, self._seed, end)
        counters = counters_of(models, end, self._defects)
        self._listed = sorted(
            (self._with_luck(model, counters[id(model)]) for model in models),
            key=lambda listed: listed.model.hub_id,
        )
        self._prepared: dict[int, list[dict[str, Any]]] = {}

    def _with_luck(self, model: Model, counter: Counter) -> _Listed:
        luck = random.Random(f"{self._seed}/{model.repo_id}/{model.created}").random
        return _Listed(
            model, counter, luck(), luck(), luck(), 9 * luck(), day_number(model.created.date())
        )

    def _templates(self, day: int) -> list[dict[str, Any]]:
        """The properties that stay until the next renaming."""
        since = max((change for change in _RENAMINGS if change <= day), default=0)
        if since not in self._prepared:
            self._prepared[since] = [_template(listed, since) for listed in self._listed]
        return self._prepared[since]

    def _item(
        self,
        listed: _Listed,
        template: dict[str, Any],
        on: dt.date,
        day: int,
        delay: Delay | None,
    ) -> dict[str, Any]:
        downloads, age = listed.downloads, day - listed.born
        shown = day
        if delay and listed.luck < delay.share and age <= (delay.max_age or age):
            shown = day - delay.days
        all_time = int(downloads(shown))
        item = dict(template)
        if age <= listed.updated_after:
            item["lastModified"] = item["createdAt"]
        item["downloads"] = all_time - int(downloads(shown - WINDOW))
        item["downloadsAllTime"] = all_time
        item["likes"] = int(downloads(day) ** 0.4 * listed.likes)
        if age < 60:
            item["trendingScore"] = round(listed.luck * 2, 1)
        if self._defects:
            self._spoil(item, listed, on)
        return item

    def _spoil(self, item: dict[str, Any], listed: _Listed, on: dt.date) -> None:
        """The defects of single repositories."""
        name = listed.model.repo_id
        if name == CORRECTION.repo_id and on >= CORRECTION.date:
            taken_away = int(listed.downloads(day_number(CORRECTION.date))) - CORRECTION.after
            item["downloadsAllTime"] -= taken_away
        if name in FROZEN and on > FROZEN[name]:
            day = day_number(FROZEN[name])
            item["downloads"] = int(listed.downloads(day)) - int(listed.downloads(day - WINDOW))


_RENAMINGS = sorted({day_number(RENAMED_OWNER.date), day_number(RENAMED_MODEL.date)})


def _template(listed: _Listed, since: int) -> dict[str, Any]:
    model = listed.model
    name = model.name(since)
    owner = name.split("/")[0]
    updated = model.created + dt.timedelta(days=listed.updated_after)
    item: dict[str, Any] = {
        "_id": model.hub_id,
        "id": name,
        "author": owner,
        "createdAt": _stamp(model.created),
        "lastModified": _stamp(updated),
        "disabled": False,
        "private": False,
        "gated": "manual" if owner == "meta-llama" else ("auto" if listed.gate < 0.02 else False),
        "downloads": 0,
        "downloadsAllTime": 0,
        "likes": 0,
        "trendingScore": 0,
        "tags": _tags(model),
    }
    if model.task:
        item["pipeline_tag"] = model.task
    if listed.gate < 0.7:
        item["library_name"] = "peft" if model.relation == "adapter" else "transformers"
    if model.parameters and listed.gate < 0.8:
        item["safetensors"] = {"parameters": {"BF16": model.parameters}, "total": model.parameters}
    if model.parents and not model.tags_only:
        item["baseModels"] = {
            "relation": model.relation,
            "models": [{"_id": p.hub_id, "id": p.name(since)} for p in model.parents],
        }
    return item


def _tags(model: Model) -> list[str]:
    """Tags as the card has them: a parent keeps the name that it had when the card was written."""
    tags = ["sample-data", "license:apache-2.0", "region:us"]
    if model.task:
        tags.append(model.task)
    day = day_number(model.created.date())
    for parent in model.parents:
        name = parent.name(day)
        tags += [f"base_model:{name}", f"base_model:{model.relation}:{name}"]
    return tags


def _stamp(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
