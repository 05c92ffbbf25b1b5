"""Daily downloads whose months add up to published figures, shared out over models.

Belongs here: the published months, a smooth positive daily rate that keeps them, the sharing of a
rate among the models of a stream. Does not belong here: which models there are (see
`pipelines.sample_hub.releases`), what was wrong with the counters (`pipelines.sample_hub.defects`).

`published_downloads.csv` holds monthly downloads of text and vision-language models by publisher,
and of all publishers together (the largest publisher's downloads by its share). Source: Model
Pulse (tardellirs, Apache-2.0), figures. Months from 2025-03 are differences of all-time counters;
the earlier ones are 30-day counts on the first of the next month, times days of the month / 30.
"""

import csv
import datetime as dt
import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ORIGIN = dt.date(2022, 3, 2)
"""Day 0; the Hub dates everything older to this day."""

WINDOW = 30
"""Days that the rolling count covers."""

ALL_PUBLISHERS = "all"
FIRST_COUNTER_MONTH = dt.date(2025, 3, 1)

# People work on weekdays, and so do their build servers: a cycle of about 12 % either way.
_WEEKDAYS = (1.04, 1.06, 1.06, 1.06, 1.03, 0.88, 0.87)
# Nothing is published before, and nobody sees it but as the counters' height when they first show.
_FADES_BEFORE = dt.date(2024, 7, 1)
_RAMP_DAYS = 20


# In this gap of the archive the figures' authors interpolated, across the end of a month: their
# months come out only if the rate is even in it.
_UNSEEN = (dt.date(2025, 6, 2), dt.date(2025, 7, 9))


def day_number(date: dt.date) -> int:
    """Days since `ORIGIN`."""
    return (date - ORIGIN).days


@dataclass(frozen=True)
class Month:
    """One published month: its total over a span of days."""

    first: int
    end: int
    downloads: float


def published_months() -> dict[str, list[Month]]:
    """Publisher to its published months, `ALL_PUBLISHERS` among them."""
    months: dict[str, list[Month]] = {}
    with (Path(__file__).parent / "published_downloads.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            first = dt.date.fromisoformat(f"{row.pop('month')}-01")
            end = (first + dt.timedelta(days=31)).replace(day=1)
            for publisher, figure in row.items():
                if figure:
                    months.setdefault(publisher, []).append(_month(first, end, int(figure)))
    return months


def _month(first: dt.date, end: dt.date, downloads: int) -> Month:
    if first >= FIRST_COUNTER_MONTH:
        return Month(day_number(first), day_number(end), downloads)
    return Month(day_number(end) - WINDOW, day_number(end), downloads * WINDOW / (end - first).days)


def daily_rate(months: Sequence[Month], first: int, end: int, fade_days: float = 45) -> list[float]:
    """Downloads a day from day 0 to `end`, none before `first`; each month keeps its total.

    Between the months' middles the rate is linear; outside the published months it is flat, and
    fades into the past before the archive begins, by a factor e in `fade_days`.
    """
    months = [
        Month(max(month.first, first), month.end, month.downloads)
        for month in months
        if month.end > first
    ]
    knots = [month.downloads / (month.end - month.first) for month in months]
    floors = [knot / 5 for knot in knots]
    for _ in range(12):
        rate = _between_middles(months, knots, end)
        for place, month in enumerate(months):
            ratio = month.downloads / sum(rate[month.first : month.end])
            knots[place] = max(floors[place], knots[place] * min(1.5, max(0.6, ratio)))
    rate = _between_middles(months, knots, end)
    _keep_totals(rate, months)
    fades = day_number(_FADES_BEFORE)
    for day in range(min(fades, end)):
        rate[day] *= math.exp((day - fades) / fade_days)
    return [0.0] * first + rate[first:]


def _between_middles(months: Sequence[Month], knots: Sequence[float], end: int) -> list[float]:
    middles = [(month.first + month.end) // 2 for month in months]
    return with_weekdays(linear(list(zip(middles, knots, strict=True)), end))


def linear(points: Sequence[tuple[int, float]], end: int) -> list[float]:
    """A value a day from day 0 to `end`: linear between the points, flat outside."""
    values = [points[0][1]] * min(points[0][0], end)
    for (start, low), (stop, high) in itertools.pairwise(points):
        step = (high - low) / (stop - start)
        values += [low + step * day for day in range(stop - start)]
    return (values + [points[-1][1]] * max(0, end - len(values)))[:end]


def with_weekdays(rate: Iterable[float]) -> list[float]:
    """The rate with the week's rhythm; a week's total stays."""
    weekday = ORIGIN.weekday()
    return [value * _WEEKDAYS[(weekday + day) % 7] for day, value in enumerate(rate)]


def _keep_totals(rate: list[float], months: Sequence[Month]) -> None:
    """Scale each month to its total, leaving days that an earlier month has settled."""
    unseen, seen = map(day_number, _UNSEEN)
    settled = 0
    for month in months:
        if month.first <= unseen < month.end:
            even = month.downloads / (month.end - month.first)
            rate[unseen:seen] = with_weekdays([even] * len(rate))[unseen:seen]
        start = max(month.first, settled)
        left = month.downloads - sum(rate[month.first : start])
        factor = left / sum(rate[start : month.end])
        settled = max(month.end, seen) if month.first <= unseen < month.end else month.end
        rate[start:settled] = [value * factor for value in rate[start:settled]]


@dataclass
class Pull:
    """What draws downloads to a model: grows over its first weeks, then halves every so often.

    Attributes:
        start: First day with downloads.
        weight: Beside the other pulls of the stream, once established.
        half_life: Days; one of a few values, for a stream keeps one sum a value.
        end: Day from which it draws nothing.
    """

    start: int
    weight: float
    half_life: int
    end: int | None = None
    _early: list[float] = field(default_factory=list)
    _late: list[float] = field(default_factory=list)
    _anchor: float = 0.0

    def downloads_until(self, day: int) -> float:
        """Downloads before a day; never falls as the day moves on."""
        if self.end is not None and day > self.end:
            day = self.end
        age = day - self.start
        if age <= 0:
            return 0.0
        if age <= _RAMP_DAYS:
            return self._early[age]
        late = self._late
        return self._early[-1] + self._anchor * (late[day] - late[self.start + _RAMP_DAYS])


def share_out(rate: Sequence[float], pulls: Sequence[Pull]) -> None:
    """Share a daily rate among pulls by weight, so that each can tell its downloads until a day.

    After its first weeks a pull is a constant times an exponential, so one running sum for each
    half-life serves all of them.
    """
    decays = {pull.half_life: math.log(2) / pull.half_life for pull in pulls}
    weights = _weight_a_day(len(rate), pulls, decays)
    per_weight = [
        part / weight if weight else 0.0 for part, weight in zip(rate, weights, strict=True)
    ]
    sums = {
        half_life: list(
            itertools.accumulate(
                (part * math.exp(-decay * day) for day, part in enumerate(per_weight)), initial=0.0
            )
        )
        for half_life, decay in decays.items()
    }
    for pull in pulls:
        growing = itertools.accumulate(
            (
                pull.weight * (age + 1) / _RAMP_DAYS * per_weight[pull.start + age]
                for age in range(min(_RAMP_DAYS, len(rate) - pull.start))
            ),
            initial=0.0,
        )
        pull._early = list(growing)
        pull._late = sums[pull.half_life]
        pull._anchor = pull.weight * math.exp(decays[pull.half_life] * (pull.start + _RAMP_DAYS))


def _weight_a_day(days: int, pulls: Sequence[Pull], decays: dict[int, float]) -> list[float]:
    weights = [0.0] * days
    change = {half_life: [0.0] * (days + 1) for half_life in decays}
    for pull in pulls:
        grown = pull.start + _RAMP_DAYS
        for day in range(pull.start, min(grown, days)):
            weights[day] += pull.weight * (day - pull.start + 1) / _RAMP_DAYS
        if grown < days:
            anchored = pull.weight * math.exp(decays[pull.half_life] * grown)
            change[pull.half_life][grown] += anchored
            if pull.end is not None and pull.end < days:
                change[pull.half_life][pull.end] -= anchored
    for half_life, decay in decays.items():
        for day, standing in enumerate(itertools.accumulate(change[half_life][:days])):
            weights[day] += standing * math.exp(-decay * day)
    return weights
