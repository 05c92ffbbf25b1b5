"""All models of the sample Hub: the well-known by name, and a made-up crowd around them.

Belongs here: who exists when, under which name, derived from what. Does not belong here: counters
(see `pipelines.sample_hub.calibration`), how an item looks (see `pipelines.sample_hub.catalogue`).

The crowd grows as the Hub's published model count does. Which family its new derivatives belong to
follows published figures that disagree with each other, as their scopes differ; the compromise:
Qwen's part of the new derivatives of language models is ATOM's (1 % in January 2024, 43 % in August
2025, 69 % in February 2026), Llama's and Mistral's shrink with it, and language models lose ground
among all derivatives, so that the counts of August 2026 stand to each other about as Hugging Face
reports them (Qwen 151, Google 82, Meta 58, FLUX 39, DeepSeek 7 thousand). Qwen's count of July 2025
is then smaller than the 113 thousand of another report, and Llama's is Meta's, not the 27 thousand.
Derivatives are twice as frequent as on the Hub (28 %), for they are what the ledger is about.
"""

import bisect
import datetime as dt
import hashlib
import itertools
import math
import random
import re
from dataclasses import dataclass, field

from pipelines.sample_hub.calibration import ORIGIN, Pull, day_number
from pipelines.sample_hub.defects import (
    CORRECTION,
    OLD_NAME_TAKEN_ON,
    RENAMED_MODEL,
    RENAMED_OWNER,
)
from pipelines.sample_hub.releases import (
    ADAPTATIONS,
    EPISODES,
    KNOWN,
    SCOPE,
    SERIES,
    TEXT,
    Series,
)

FLOOR = dt.datetime(2022, 3, 2, 23, 29, 4, tzinfo=dt.UTC)
"""Creation time of everything older, on the Hub as here."""

_REPACKAGERS = ("unsloth", "bartowski", "lmstudio-community")
_QUANTIZERS = (*_REPACKAGERS, "mradermacher", "mradermacher", "mlx-community")
# With the named models, which add no adapters, the whole comes to what was counted on the Hub:
# adapter 42.6 %, finetune 35.9, quantized 19.2, merge 2.3.
_RELATIONS = {"adapter": 52.0, "finetune": 35.0, "quantized": 10.5, "merge": 2.5}
_TOPICS = ("sentiment", "ocr", "detector", "tts", "segmenter", "ranker", "policy", "lora", "agent")
_OTHER_TASKS = (
    "text-classification",
    "object-detection",
    "text-to-speech",
    "reinforcement-learning",
    None,
)

# Public models on the Hub in thousands (Hugging Face's own counters and reports).
_HUB_SIZE = (
    ("2022-03-02", 30),
    ("2022-12-30", 108),
    ("2023-12-31", 450),
    ("2024-09-25", 1000),
    ("2025-10-13", 2127),
    ("2025-12-31", 2265),
    ("2026-08-03", 2963),
    ("2026-11-22", 3340),
    ("2036-11-22", 3340 + 3653 * 3.4),
)
_NOMINAL_SIZE = 3340

# Percent of the new derivatives, and of new models with a declared base among all new models.
_SHARE_DATES = ("2023-01-01", "2024-01-15", "2024-10-15", "2025-03-01", "2025-08-15", "2026-02-15")
_GROUP_SHARES = {
    "Qwen": (0, 0.5, 9, 16, 23, 24),
    "Llama": (6, 13, 12, 8, 7, 2.4),
    "Gemma": (0, 0, 4, 5, 6, 4.5),
    "Mistral": (0, 22, 3, 2.5, 1.5, 0.6),
    "DeepSeek": (0, 0.4, 0.7, 2, 1.5, 0.5),
    "Phi": (1, 2, 2, 2, 1.5, 0.4),
    "gpt-oss": (0, 0, 0, 0, 3, 1),
    "other text": (5, 4, 6, 9, 8, 1.6),
    "Google": (22, 15, 11, 8, 6, 4.5),
    "FLUX": (0, 0, 10, 8, 6, 4),
    "OpenAI": (8, 6, 3, 2, 1.5, 1.5),
    "other": (58, 37.1, 39.3, 37.5, 35, 55),
}
_DERIVED = (18, 36, 72, 72, 72, 63)

_GROUP_OF_OWNER = {
    "Qwen": "Qwen",
    "meta-llama": "Llama",
    "mistralai": "Mistral",
    "deepseek-ai": "DeepSeek",
    "google-bert": "Google",
    "google-t5": "Google",
    "black-forest-labs": "FLUX",
}


@dataclass
class Model:
    """One repository.

    Attributes:
        repo_id: Its first name.
        created: As the Hub tells it.
        task: Pipeline tag.
        parameters: Number of them, where known.
        relation: To its parents.
        parents: Declared base models.
        tags_only: Its lineage is in the tags and nowhere else.
        listed_from: First day on which it is public.
        absent: Days from and before which it cannot be seen.
        renamed: Day and name since then.
        weight: Of its pull on downloads; 0 for the many that nobody wants.
        half_life: Of that weight, in days.
    """

    repo_id: str
    created: dt.datetime
    task: str | None
    parameters: int | None = None
    relation: str | None = None
    parents: list["Model"] = field(default_factory=list)
    tags_only: bool = False
    listed_from: int = 0
    absent: tuple[int, int] | None = None
    renamed: tuple[int, str] | None = None
    weight: float = 0.0
    half_life: int = 270
    pulls: list[Pull] = field(default_factory=list)

    def __post_init__(self) -> None:
        """The list that first shows a model is that of the night after its creation."""
        self.listed_from = max(self.listed_from, day_number(self.created.date()) + 1)

    @property
    def hub_id(self) -> str:
        """As the Hub makes it: creation time in seconds, then something unique."""
        seconds = int(self.created.timestamp())
        return f"{seconds:08x}{hashlib.sha256(self.repo_id.encode()).hexdigest()[:16]}"

    def name(self, day: int) -> str:
        """Repository id on a day."""
        return self.renamed[1] if self.renamed and day >= self.renamed[0] else self.repo_id

    def is_listed(self, day: int) -> bool:
        """Whether the list shows it on a day."""
        return day >= self.listed_from and not (
            self.absent and self.absent[0] <= day < self.absent[1]
        )

    @property
    def owner(self) -> str:
        """Publisher under its first name."""
        return self.repo_id.split("/")[0]


class Population:
    """Every model that comes into being until a day; a later day gives the same ones and more.

    Args:
        count: Nominal size of the crowd, on 2026-11-22.
        seed: Another seed gives another crowd.
        until: Day before which models are created.
    """

    def __init__(self, count: int, seed: int, until: int) -> None:
        self._count, self._until = count, until
        self.known = _known()
        self.named = _named(random.Random(f"{seed}/named"), self.known)
        self.packaged = _packaged(self.named, count)
        self._lost = Model("lost-lab/gone-7B", FLOOR, TEXT)
        self.crowd = self._crowd(random.Random(f"{seed}/crowd"))
        self.models = [
            model
            for model in [
                *self.known,
                *self.named,
                *self.packaged,
                *self.crowd,
                *_curiosities(self.named),
            ]
            if model.listed_from <= until
        ]
        for model in self.models:
            if not model.pulls and model.weight:
                model.pulls.append(Pull(model.listed_from - 1, model.weight, model.half_life))

    def _crowd(self, rng: random.Random) -> list[Model]:
        sizes = [(day_number(dt.date.fromisoformat(date)), size) for date, size in _HUB_SIZE]
        pools = _Pools([*self.known, *self.named])
        crowd: list[Model] = []
        for number in itertools.count(1):
            moment = _when(sizes, _HUB_SIZE[0][1] + number * (_NOMINAL_SIZE - 30) / self._count)
            created = FLOOR + dt.timedelta(seconds=int(moment * 86400) + number % 60)
            day = day_number(created.date())
            if day >= self._until:
                return crowd
            if rng.random() * 100 < _at(_DERIVED, day):
                crowd.append(self._derivative(rng, number, created, pools))
            else:
                crowd.append(self._unrelated(rng, number, created))
            _may_vanish(rng, crowd[-1])
        return crowd

    def _unrelated(self, rng: random.Random, number: int, created: dt.datetime) -> Model:
        name = f"{_account(rng)}/{rng.choice(_TOPICS)}-{number}"
        return Model(
            name, created, rng.choice(_OTHER_TASKS), weight=self._weight(rng), half_life=60
        )

    def _derivative(
        self, rng: random.Random, number: int, created: dt.datetime, pools: "_Pools"
    ) -> Model:
        relation = rng.choices(list(_RELATIONS), list(_RELATIONS.values()))[0]
        day = day_number(created.date())
        group, parents = pools.choose(rng, day, rng.choice((2, 2, 3)) if relation == "merge" else 1)
        if rng.random() < 0.02:
            parents[0] = self._lost
        parent = parents[0]
        stem, account = parent.name(day).split("/")[1][:60], _account(rng)
        if relation == "quantized":
            account = rng.choice(_QUANTIZERS) if rng.random() < 0.7 else account
            name = f"{account}/{stem}-{rng.choice(('GGUF', 'AWQ', 'GPTQ', '4bit'))}-{number}"
        elif relation == "merge":
            name = f"{account}/merged-{stem}-{number}"
        else:
            name = f"{account}/{stem}-{rng.choice(_TOPICS)}-{number}"
        made = Model(name, created, parent.task, parent.parameters, relation, parents, half_life=60)
        made.weight = self._weight(rng) * min(4.0, 0.4 * (1 + parent.weight) ** 0.4)
        made.tags_only = rng.random() < 0.03
        pools.add(group, made)
        return made

    def _weight(self, rng: random.Random) -> float:
        """Most are downloaded by nobody or a few; a crowd of any size weighs the same in all."""
        drawn, faint = rng.random(), 10 ** -rng.uniform(4, 6)
        weight = min(rng.paretovariate(0.9), 8.0) * 1800 / self._count
        return 0.0 if drawn < 0.44 else weight * (faint if drawn < 0.78 else 1)


class _Pools:
    """Models that can become a parent, by group."""

    def __init__(self, models: list[Model]) -> None:
        self._first: dict[str, list[Model]] = {group: [] for group in _GROUP_SHARES}
        self._derived: dict[str, list[Model]] = {group: [] for group in _GROUP_SHARES}
        for model in models:
            self._first[_group(model)].append(model)

    def add(self, group: str, model: Model) -> None:
        self._derived[group] = [*self._derived[group][-39:], model]

    def choose(self, rng: random.Random, day: int, count: int) -> tuple[str, list[Model]]:
        """A group by its share of the day, and some of its models: what is used, what is new."""
        shares = [_at(percent, day) for percent in _GROUP_SHARES.values()]
        group = rng.choices(list(_GROUP_SHARES), shares)[0]
        models = [model for model in self._first[group] if model.listed_from <= day]
        if not models:
            group, models = "other", [m for m in self._first["other"] if m.listed_from <= day]
        if rng.random() < 0.2:
            models = self._derived[group] or models
        weights = [
            (model.weight + 3) ** 0.5 * math.exp((model.listed_from - day) / model.half_life) + 1e-9
            for model in models
        ]
        drawn = rng.choices(models, weights, k=count)
        return group, list({id(model): model for model in drawn}.values())


def _group(model: Model) -> str:
    owner, stem = model.repo_id.split("/")
    if owner in _GROUP_OF_OWNER:
        return _GROUP_OF_OWNER[owner]
    if owner == "google":
        return "Gemma" if "gemma" in stem else "Google"
    if owner in ("openai", "openai-community"):
        return "gpt-oss" if stem.startswith("gpt-oss") else "OpenAI"
    if owner == "microsoft" and stem.lower().startswith("phi"):
        return "Phi"
    return "other text" if model.task in SCOPE else "other"


def _at(percent: tuple[float, ...], day: int) -> float:
    place = bisect.bisect_right(_SHARE_DAYS, day)
    if place == 0 or place == len(percent):
        return percent[max(0, place - 1)]
    start, stop = _SHARE_DAYS[place - 1], _SHARE_DAYS[place]
    return percent[place - 1] + (percent[place] - percent[place - 1]) * (day - start) / (
        stop - start
    )


_SHARE_DAYS = [day_number(dt.date.fromisoformat(date)) for date in _SHARE_DATES]


def _when(sizes: list[tuple[int, float]], size: float) -> float:
    """The day on which the Hub reached a size."""
    for (start, low), (stop, high) in itertools.pairwise(sizes):
        if size <= high:
            return start + (stop - start) * (size - low) / (high - low)
    return float(sizes[-1][0])


def _account(rng: random.Random) -> str:
    return f"user-{int(rng.paretovariate(0.8) * 9) % 1500:04d}"


def _may_vanish(rng: random.Random, model: Model) -> None:
    """One in twenty goes; some of those come back."""
    drawn, after = rng.random(), int(rng.expovariate(1 / 200))
    if drawn < 0.05 and model.owner.startswith("user-"):
        gone = model.listed_from + 5 + after
        model.absent = (gone, gone + 10 + after % 50 if drawn < 0.012 else 10**6)


def _midnight(date: str) -> dt.datetime:
    return max(FLOOR, dt.datetime.fromisoformat(date).replace(tzinfo=dt.UTC))


def _known() -> list[Model]:
    models = [
        Model(known.repo_id, _midnight(known.created), known.task, known.parameters)
        for known in KNOWN
    ]
    by_name = {model.repo_id: model for model in models}
    for known, model in zip(KNOWN, models, strict=True):
        # For the choice of parents only: they share no stream.
        model.weight, model.half_life = known.millions[-1], 2000
        if known.parent in by_name:
            model.relation, model.parents = "finetune", [by_name[known.parent]]
    return models


def _named(rng: random.Random, known: list[Model]) -> list[Model]:
    models = [model for series in SERIES for model in _released(rng, series)]
    by_name = {model.repo_id: model for model in [*known, *models]}
    for one in ADAPTATIONS:
        parent = by_name[one.parent]
        created = _midnight(one.created) + dt.timedelta(hours=9)
        made = Model(
            one.repo_id,
            created,
            parent.task,
            parent.parameters,
            one.relation,
            [parent],
            weight=one.weight,
            half_life=one.half_life,
        )
        by_name[one.repo_id] = made
        models.append(made)
    for episode in EPISODES:
        start, end = (
            day_number(dt.date.fromisoformat(day)) for day in (episode.start, episode.end)
        )
        model = by_name[episode.repo_id]
        model.pulls = [
            Pull(model.listed_from - 1, model.weight, model.half_life),
            Pull(max(start, model.listed_from - 1), episode.weight, 10**4, end),
        ]
    return models


def _released(rng: random.Random, series: Series) -> list[Model]:
    models: list[Model] = []
    launched = day_number(dt.date.fromisoformat(series.launched)) + 1 if series.launched else 0
    editions = [
        ending.strip(".") if ending == "." else ending for ending in series.editions.split()
    ]
    for place, stem in enumerate(series.names.split()):
        base: Model | None = None
        for edition, ending in enumerate(editions):
            created = _midnight(series.created) + dt.timedelta(minutes=7 * place + 60 * edition)
            weight = series.weight * rng.lognormvariate(0, 0.3) / (1 + 0.35 * place)
            fewer_bits = ending.endswith(("FP8", "NVFP4"))
            is_base = edition == 0 and len(editions) > 1 and not editions[1].endswith("FP8")
            made = Model(
                f"{series.owner}/{stem}{ending}",
                created,
                series.task,
                _parameters(stem),
                listed_from=launched,
                half_life=series.half_life,
                weight=weight * (0.3 if is_base else 0.5 if fewer_bits else 1),
            )
            if base is not None:
                made.relation, made.parents = "quantized" if fewer_bits else "finetune", [base]
            if series.owner == RENAMED_OWNER.old:
                made.renamed = (
                    day_number(RENAMED_OWNER.date),
                    f"{RENAMED_OWNER.new}/{stem}{ending}",
                )
            base = base or made
            models.append(made)
    return models


def _parameters(stem: str) -> int | None:
    found = re.search(r"(\d+(?:[._]\d+)?)([bBmMT])(?![a-z])", stem)
    if not found:
        return None
    size = {"b": 1e9, "m": 1e6, "t": 1e12}[found[2].lower()]
    return int(float(found[1].replace("_", ".")) * size)


def _packaged(named: list[Model], count: int) -> list[Model]:
    """What the three big repackagers make of the best-known releases, a day after them."""
    tuned = [model for model in named if model.task in SCOPE and model.owner not in _REPACKAGERS]
    wanted = sorted(tuned, key=lambda model: -model.weight)[: max(10, count // 50)]
    early = next(model for model in named if model.repo_id.endswith("Meta-Llama-3-8B-Instruct"))
    packaged = []
    for model in dict.fromkeys(id(one) for one in [early, *wanted]):
        parent = next(one for one in named if id(one) == model)
        for account in _REPACKAGERS:
            day = parent.listed_from
            created = dt.datetime.combine(ORIGIN, dt.time(9), tzinfo=dt.UTC) + dt.timedelta(
                days=day
            )
            bits = "bnb-4bit" if account == "unsloth" and day < _BITS_UNTIL else "GGUF"
            packaged.append(
                Model(
                    f"{account}/{parent.repo_id.split('/')[1]}-{bits}",
                    created,
                    parent.task,
                    parent.parameters,
                    "quantized",
                    [parent],
                    weight=parent.weight,
                    half_life=parent.half_life,
                )
            )
    return packaged


_BITS_UNTIL = day_number(dt.date(2025, 1, 1))


def _curiosities(named: list[Model]) -> list[Model]:
    """What real cards and names contain: cycles, self references, names given away and taken."""
    at, hour = dt.datetime(2025, 6, 1, tzinfo=dt.UTC), dt.timedelta(hours=1)
    base = named[0]
    one = Model("user-0001/ouroboros-a", at, TEXT, None, "finetune", weight=0.002)
    two = Model("user-0002/ouroboros-b", at + hour, TEXT, None, "finetune", weight=0.002)
    one.parents, two.parents = [two], [one, base]
    narcissus = Model("user-0003/narcissus", at + 2 * hour, TEXT, None, "finetune", weight=0.001)
    narcissus.parents = [narcissus]
    early = dt.datetime(2024, 5, 3, 10, tzinfo=dt.UTC)
    moved = Model(RENAMED_MODEL.old, early, TEXT, 7 * 10**9, weight=0.05, half_life=540)
    moved.renamed = (day_number(RENAMED_MODEL.date), RENAMED_MODEL.new)
    taken = dt.datetime.combine(OLD_NAME_TAKEN_ON, dt.time(8), tzinfo=dt.UTC)
    squatter = Model(RENAMED_MODEL.old, taken, TEXT, None, weight=0.02, half_life=540)
    corrected = Model(CORRECTION.repo_id, early, "token-classification", 110_000_000)
    return [one, two, narcissus, moved, squatter, corrected]
