"""How often each model of the sample Hub was downloaded until a day.

Belongs here: which models share which total, and the curves of those that share none. Does not
belong here: the published totals and how a rate is shared (see `pipelines.sample_hub.calibration`),
counters as a defective Hub shows them (`pipelines.sample_hub.catalogue`).
"""

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Callable, Sequence

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
from pipelines.sample_hub.defects import CORRECTION, RENAMED_OWNER, SPIKES
from pipelines.sample_hub.model import Model
from pipelines.sample_hub.releases import KNOWN, KNOWN_DATES, SCOPE

Counter = Callable[[int], float]
"""Downloads before a day; never falls as the day moves on."""

_OTHERS, _OTHER_TASKS = "other publishers", "other tasks"

# How high a counter stands when it first shows is unknown. These put the month in which Qwen's
# all-time downloads pass Llama's where ATOM and the Stanford AI Index have it, in September 2025.
_FADE_DAYS = {"Qwen": 10, "meta-llama": 400}
# The old name's downloads before the move, so that its last four days of July are as published.
_BEFORE_RENAME_A_DAY = 21_013 / 4
# Other tasks than text: what the crowd and the named without a curve share, in millions in 30 days.
_OTHER_TASKS_MILLIONS = (("2024-08-01", 300.0), ("2026-08-01", 420.0))


def counters_of(models: Sequence[Model], end: int, defects: bool) -> dict[int, Counter]:
    """Counters until day `end` by identity of the model; `defects` adds the spikes."""
    published = published_months()
    totals = published.pop(ALL_PUBLISHERS)
    counters, undisturbed = (_own_curves(models, end, spoilt) for spoilt in (defects, False))
    own_text = [
        undisturbed[id(model)] for model in models if id(model) in counters and model.task in SCOPE
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
        return daily_rate(months, first, end, _FADE_DAYS.get(publisher, 45))
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
