"""The models of a sample Hub on any date: a reconstruction, the same for the same seed and date.

Belongs here: what the list and the public archive show on a date. Does not belong here: which
models there are (see `pipelines.sample_hub.population`), how much they are downloaded
(`pipelines.sample_hub.calibration`), what went wrong when (`pipelines.sample_hub.defects`), HTTP.

Monthly downloads of text and vision-language models by publisher follow published figures; how a
month spreads over days and models, and everything anonymous, is invented. No number here is an
observation of the Hub.
"""

import datetime as dt
import itertools
import json
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.sample_hub.calibration import (
    ALL_PUBLISHERS,
    WINDOW,
    Month,
    Pull,
    daily_rate,
    day_number,
    linear,
    published_months,
    share_out,
    with_weekdays,
)
from pipelines.sample_hub.defects import (
    ARCHIVE_PARTIAL,
    CORRECTION,
    DELAYS,
    FROZEN,
    RENAMED_MODEL,
    RENAMED_OWNER,
    SPIKES,
    Delay,
    in_archive,
)
from pipelines.sample_hub.population import Model, Population
from pipelines.sample_hub.releases import KNOWN, KNOWN_DATES, SCOPE

SAMPLE = (
    "generated catalogue: a reconstruction calibrated to published monthly totals, not observations"
)
"""What captures of this data are labelled as."""

_HORIZON = dt.date(2027, 6, 30)
# The old name's downloads before the move, so that its last four days of July are as published.
_BEFORE_RENAME_A_DAY = 21_013 / 4
# Other tasks than text: what the crowd and the named without a curve share, in millions in 30 days.
_OTHER_TASKS_MILLIONS = (("2024-08-01", 300.0), ("2026-08-01", 420.0))

Counter = Callable[[int], float]


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
        models = Population(self._count, self._seed, end).models
        counters = _counters(models, end, self._defects)
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


def _counters(models: Sequence[Model], end: int, defects: bool) -> dict[int, Counter]:
    """Downloads until a day, by identity of the model."""
    published = published_months()
    totals = published.pop(ALL_PUBLISHERS)
    counters = _own_curves(models, end, defects)
    own_text = [
        _own_curves(models, end, False)[id(model)]
        for model in models
        if id(model) in counters and model.task in SCOPE
    ]
    streams: dict[str, list[Pull]] = defaultdict(list)
    for model in models:
        if id(model) not in counters:
            streams[_stream(model, published)] += model.pulls
            counters[id(model)] = _sum_of(model.pulls)
    rates = {
        publisher: _published_rate(publisher, months, streams[publisher], end)
        for publisher, months in published.items()
    }
    rates[_OTHERS] = _remainder(totals, rates, own_text, end)
    rates[_OTHER_TASKS] = with_weekdays(
        linear(
            [
                (day_number(dt.date.fromisoformat(date)), millions * 1e6 / WINDOW)
                for date, millions in _OTHER_TASKS_MILLIONS
            ],
            end,
        )
    )
    for name, pulls in streams.items():
        share_out(rates[name], pulls)
    return counters


_OTHERS, _OTHER_TASKS = "other publishers", "other tasks"


def _stream(model: Model, published: dict[str, list[Month]]) -> str:
    if model.task not in SCOPE:
        return _OTHER_TASKS
    owner = RENAMED_OWNER.new if model.owner == RENAMED_OWNER.old else model.owner
    return owner if owner in published else _OTHERS


def _sum_of(pulls: list[Pull]) -> Counter:
    if len(pulls) == 1:
        return pulls[0].downloads_until
    return lambda day: sum(pull.downloads_until(day) for pull in pulls)


def _published_rate(
    publisher: str, months: list[Month], pulls: list[Pull], end: int
) -> list[float]:
    first = min(pull.start for pull in pulls)
    if publisher != RENAMED_OWNER.new:
        return daily_rate(months, first, end)
    moved = day_number(RENAMED_OWNER.date)
    rate = daily_rate(months, moved, end)
    early = daily_rate([Month(moved - 30, moved, _BEFORE_RENAME_A_DAY * 30)], first, moved)
    return early + rate[moved:]


def _remainder(
    totals: list[Month], rates: dict[str, list[float]], own_text: list[Counter], end: int
) -> list[float]:
    """What the published totals leave to publishers without figures of their own."""
    months = [
        Month(
            month.first,
            month.end,
            month.downloads
            - sum(sum(rate[month.first : month.end]) for rate in rates.values())
            - sum(counter(month.end) - counter(month.first) for counter in own_text),
        )
        for month in totals
    ]
    return daily_rate(months, 0, end)


def _own_curves(models: Sequence[Model], end: int, defects: bool) -> dict[int, Counter]:
    """Counters of the models that share no stream."""
    by_name = {model.repo_id: model for model in models}
    points = [day_number(date) for date in KNOWN_DATES]
    curves: dict[int, Counter] = {}
    for known in KNOWN:
        model = by_name[known.repo_id]
        born = day_number(model.created.date())
        a_day = [millions * 1e6 / WINDOW for millions in known.millions]
        later = [(day, rate) for day, rate in zip(points, a_day, strict=True) if day > born]
        rate = with_weekdays(linear([(born, 0.0), *later], end))
        rate[:born] = [0.0] * born
        for spike in SPIKES:
            if defects and spike.repo_id == known.repo_id:
                rate[day_number(spike.date)] += spike.downloads
        curves[id(model)] = _integral(rate)
    corrected = by_name[CORRECTION.repo_id]
    born, last = day_number(corrected.created.date()), day_number(CORRECTION.date) - 1
    rate = [0.0] * born + with_weekdays([1.0] * end)[born:]
    factor = (CORRECTION.before + 0.5) / sum(rate[:last])
    curves[id(corrected)] = _integral([one * factor for one in rate])
    return curves


def _integral(rate: list[float]) -> Counter:
    sums = list(itertools.accumulate(rate, initial=0.0))
    return lambda day: sums[day] if day > 0 else 0.0


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
