"""The models of a made-up Hub of full size, as columns, and what one day does to them.

Belongs here: which models there are, their lineage, counters and attributes, and how these move.
Does not belong here: how they are listed (see `benchmarks.generate`).

Models stand in the order of their `_id`, oldest first, and are known by their place in it. A model
draws its daily downloads from a Poisson distribution of its own rate; the Hub's 30-day value is
the true sum of the last 30 draws. How many values change a day is therefore not set: it follows.
"""

import datetime as dt
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

WINDOW_DAYS = 30
NEW_A_DAY = 4000
GONE_A_DAY = 150
EDITED_A_DAY = 20_000
NOMINAL_MODELS = 2_800_000
"""The size that the numbers a day belong to; a smaller Hub moves in proportion."""

MAX_PARENTS = 4
RELATIONS = ("adapter", "finetune", "quantized", "merge")
MERGE = RELATIONS.index("merge")

# Names of their own, so that naming rules have something to do; fixed, so that a seed stays a Hub.
_BASES = Path(__file__).with_name("base_models.txt")

_FLOOR = dt.datetime(2022, 3, 2, 23, 29, 4, tzinfo=dt.UTC)
_RELATION_SHARES = (0.42, 0.35, 0.19, 0.04)
_DERIVATIVES = 0.30
_FROM_A_ROOT = 0.58
_MISSING = 0.025
_TAGS_ONLY = 0.03
_SELF_REFERENCES = 1500 / NOMINAL_MODELS
_CYCLES = 400 / NOMINAL_MODELS
_STRESS_CYCLES = 200
_ROOTS = 4000

# What the windows' shares follow from: 60 % of the models with nothing in 30 days, 8 % with a
# download on a day.
_NEVER = 0.50
_RATE_MU, _RATE_SIGMA = -2.4, 1.4
_TOP_RATE = 3e6
LIKED_A_DAY = 0.0007
TRENDING_A_DAY = 0.008


@dataclass(frozen=True)
class Sizes:
    """How large each pool of values is that models draw from."""

    owners: int = 300_000
    stems: int = 400
    tag_sets: int = 20_000
    licenses: int = 12
    regions: int = 2
    tasks: int = 30
    libraries: int = 20


SIZES = Sizes()


class Population:
    """All models that a Hub ever had, as of one date.

    Args:
        models: Listed models on the first date, about.
        first: The first date; the state is that of its night.
        seed: Another seed gives another Hub.
        days: Dates that will be asked for; room is made for their new models.
        stress: Whether large base models stand inside cycles too.

    Attributes:
        seconds: Creation, as `_id` begins with it.
        noise: The rest of `_id`.
        listed: Whether the Hub still has the model.
        parents: Places of the declared base models; -1 where there is none.
        bases: Real names that some base models bear.
        base_code: Which of `bases` a model bears; -1 for a made-up name.
    """

    def __init__(
        self, models: int, first: dt.date, seed: int, days: int = 1, stress: bool = False
    ) -> None:
        self.date = first
        self._seed = seed
        self._scale = models / NOMINAL_MODELS
        self._rng = np.random.default_rng([seed, 0])
        self.count = models
        room = models + self._daily(NEW_A_DAY) * days
        self.seconds = np.zeros(room, np.uint32)
        self.noise = np.zeros(room, np.uint64)
        self.modified = np.zeros(room, np.uint32)
        self.listed = np.zeros(room, bool)
        self.rates = np.zeros(room, np.float64)
        self.downloads = np.zeros(room, np.int64)
        self.downloads_all_time = np.zeros(room, np.int64)
        self.likes = np.zeros(room, np.int32)
        self.trending = np.zeros(room, np.uint8)
        self.parents = np.full((room, MAX_PARENTS), -1, np.int32)
        self.relation = np.zeros(room, np.int8)
        self.tags_only = np.zeros(room, bool)
        self.owner = np.zeros(room, np.int32)
        self.stem = np.zeros(room, np.int16)
        self.renamed = np.zeros(room, np.int16)
        self.tag_set = np.zeros(room, np.int32)
        self.license = np.zeros(room, np.int8)
        self.region = np.zeros(room, np.int8)
        self.task = np.zeros(room, np.int8)
        self.library = np.zeros(room, np.int8)
        self.parameters = np.zeros(room, np.int64)
        self.base_code = np.full(room, -1, np.int16)
        self.bases = _BASES.read_text().split()
        self._roots = self._choose_roots()
        self._derivatives = np.zeros(0, np.int32)
        self._window: deque[tuple[Ints, Ints]] = deque()
        self._create_first()
        self._tangle(stress)
        self._warm_up()

    def advance(self) -> None:
        """Let one day pass."""
        self.date += dt.timedelta(days=1)
        self._rng = np.random.default_rng([self._seed, self.date.toordinal()])
        night = _night(self.date)
        born = self._daily(NEW_A_DAY)
        new = np.arange(self.count, self.count + born)
        self.count += born
        self.seconds[new] = np.sort(self._rng.integers(night - 86400, night, born))
        self._create(new)
        self.listed[self._some(GONE_A_DAY)] = False
        self._edit()
        self._download()

    def listed_newest_first(self) -> Ints:
        """Places of the listed models in the order of the Hub's list."""
        return np.flatnonzero(self.listed[: self.count])[::-1]

    def _daily(self, nominal: int) -> int:
        return max(1, round(nominal * self._scale))

    def _some(self, nominal: int) -> Ints:
        places = self._rng.integers(0, self.count, self._daily(nominal))
        return np.unique(places[self.listed[places]])

    def _choose_roots(self) -> Ints:
        """Places of the base models, most used first; those with a real name come first."""
        count = min(_ROOTS, max(40, self.count // 50))
        places = self._rng.choice(self.count * 3 // 5, count, replace=False)
        self.base_code[places[: len(self.bases)]] = np.arange(min(count, len(self.bases)))
        return places.astype(np.int64)

    def _create_first(self) -> None:
        places = np.arange(self.count)
        floor, night = int(_FLOOR.timestamp()), _night(self.date)
        share = np.sqrt(np.sort(self._rng.random(self.count)))
        self.seconds[: self.count] = floor + (share * (night - floor)).astype(np.uint32)
        self._create(places)
        roots = self._roots
        self.rates[roots] = np.maximum(self.rates[roots], self._rng.lognormal(3, 2, len(roots)))
        named = np.count_nonzero(self.base_code >= 0)
        others = self._rng.permutation(roots[named:])
        top = np.concatenate([self._rng.permutation(roots[:named]), others])
        self.rates[top] += _TOP_RATE * self._scale / np.arange(1, len(top) + 1) ** 1.1
        age = (_night(self.date) - self.seconds[: self.count].astype(np.int64)) / 86400
        self.downloads_all_time[: self.count] = self._rng.poisson(self.rates[: self.count] * age)
        fame = self.downloads_all_time[: self.count] ** 0.4 * self._rng.random(self.count)
        self.likes[: self.count] = fame.astype(np.int32)

    def _create(self, new: Ints) -> None:
        rng, size = self._rng, len(new)
        self.noise[new] = rng.integers(0, 2**64, size, np.uint64)
        # Two of one second keep the order of their `_id`.
        order = np.lexsort((self.noise[new], self.seconds[new]))
        self.noise[new] = self.noise[new][order]
        self.listed[new] = True
        rates = rng.lognormal(_RATE_MU, _RATE_SIGMA, size)
        self.rates[new] = np.where(rng.random(size) < _NEVER, 0.0, np.minimum(rates, 1e5))
        modified = self.seconds[new] + rng.exponential(40_000, size)
        self.modified[new] = np.minimum(modified, _night(self.date))
        self.owner[new] = _zipf_like(rng, SIZES.owners, size)
        self.stem[new] = rng.integers(0, SIZES.stems, size)
        self.tag_set[new] = rng.integers(0, SIZES.tag_sets, size)
        self.license[new] = _zipf_like(rng, SIZES.licenses, size)
        self.region[new] = rng.random(size) < 0.01
        self.task[new] = _zipf_like(rng, SIZES.tasks, size)
        self.library[new] = _zipf_like(rng, SIZES.libraries, size)
        self.parameters[new] = np.where(rng.random(size) < 0.4, 0, rng.lognormal(21, 2, size))
        derived = np.setdiff1d(new[rng.random(size) < _DERIVATIVES], self._roots)
        self._derive(derived)

    def _derive(self, derived: Ints) -> None:
        """Give models base models: well-known ones, or earlier derivatives."""
        rng, size = self._rng, len(derived)
        relation = rng.choice(len(RELATIONS), size, p=_RELATION_SHARES)
        self.relation[derived] = relation
        self.tags_only[derived] = rng.random(size) < _TAGS_ONLY
        known = len(self._derivatives)
        self._derivatives = np.concatenate([self._derivatives, derived.astype(np.int32)])
        earlier = np.arange(known, known + size)
        for place in range(MAX_PARENTS):
            root = self._older_roots(derived)
            nth = (earlier * rng.random(size) ** 0.6).astype(np.int64)
            chained = self._derivatives[nth]
            use_root = (rng.random(size) < _FROM_A_ROOT) & (root < derived)
            parent = np.where(use_root | (chained >= derived), root, chained)
            wanted = (place == 0) | ((relation == MERGE) & (place < 2 + rng.integers(0, 3, size)))
            fresh = (self.parents[derived] != parent[:, None]).all(axis=1) & (parent != derived)
            self.parents[derived, place] = np.where(wanted & fresh, parent, -1)
        first = self.parents[derived, 0]
        inherits = (rng.random(size) < 0.8) & (first >= 0)
        for name in ("stem", "task", "parameters"):
            column = getattr(self, name)
            column[derived] = np.where(inherits, column[first], column[derived])

    def _older_roots(self, derived: Ints) -> Ints:
        """For each model a root that was there before it, where a few draws find one."""
        tries = _zipf_like(self._rng, len(self._roots), (len(derived), 5))
        roots = self._roots[tries]
        return roots[np.arange(len(derived)), (roots < derived[:, None]).argmax(axis=1)]

    def _tangle(self, stress: bool) -> None:
        """What real cards contain: cycles, models that name themselves, parents that are gone."""
        rng = self._rng
        # Only among derivatives that few others descend from.
        late = self._derivatives[len(self._derivatives) // 2 :].astype(np.int64)
        first = self.parents[late, 0]
        closing = late[np.isin(first, late) & (self.parents[first, 1] < 0)]
        closing = rng.choice(closing, max(2, round(_CYCLES * self.count)), replace=False)
        self.parents[self.parents[closing, 0], 1] = closing
        selves = rng.choice(late, max(1, round(_SELF_REFERENCES * self.count)), replace=False)
        self.parents[selves, 0] = selves
        named = np.unique(self.parents[self._derivatives, 0])
        named = np.setdiff1d(named[named >= 0], self._roots)
        self.listed[rng.choice(named, round(_MISSING * len(named)), replace=False)] = False
        if stress:
            roots = self._roots[:_STRESS_CYCLES]
            by_root = np.isin(self.parents[self._derivatives, 0], roots)
            users = self._derivatives[by_root]
            self.parents[roots, 0] = rng.choice(users, len(roots))
            self.relation[roots] = RELATIONS.index("finetune")

    def _warm_up(self) -> None:
        for _ in range(WINDOW_DAYS):
            self._download()
        some = self._rng.random(self.count) < 0.03
        self.trending[: self.count] = np.where(some, self._rng.integers(1, 200, self.count), 0)

    def _download(self) -> None:
        rates = self.rates[: self.count] * self.listed[: self.count]
        places = np.flatnonzero(rates)
        drawn = self._rng.poisson(rates[places])
        places, drawn = places[drawn > 0], drawn[drawn > 0]
        self.downloads[places] += drawn
        self.downloads_all_time[places] += drawn
        self._window.append((places, drawn))
        if len(self._window) > WINDOW_DAYS:
            old, gone = self._window.popleft()
            self.downloads[old] -= gone

    def _edit(self) -> None:
        """Likes and trending scores move; cards are edited, some tags with them, few names."""
        rng = self._rng
        self.likes[self._some(round(LIKED_A_DAY * NOMINAL_MODELS))] += 1
        trending = self._some(round(TRENDING_A_DAY * NOMINAL_MODELS))
        self.trending[trending] = rng.integers(0, 200, len(trending))
        edited = self._some(EDITED_A_DAY)
        self.modified[edited] = _night(self.date) - rng.integers(0, 86400, len(edited))
        retagged = edited[: len(edited) // 3]
        self.tag_set[retagged] = rng.integers(0, SIZES.tag_sets, len(retagged))
        relicensed = retagged[::20]
        self.license[relicensed] = rng.integers(0, SIZES.licenses, len(relicensed))
        self.task[relicensed] = rng.integers(0, SIZES.tasks, len(relicensed))
        self.renamed[np.setdiff1d(edited[::300], self._roots)] += 1


def _night(date: dt.date) -> int:
    """When a date's capture is taken, in seconds."""
    return int(dt.datetime.combine(date, dt.time(2), tzinfo=dt.UTC).timestamp())


def _zipf_like(rng: np.random.Generator, pool: int, size: int | tuple[int, int]) -> Ints:
    """Codes below `pool`, each as likely as one over its rank."""
    return ((pool + 1) ** rng.random(size)).astype(np.int64) - 1
