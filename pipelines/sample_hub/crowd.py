"""The made-up crowd around the well-known models: derivatives, and models of every other kind.

Belongs here: how the crowd grows, and on what it builds. Does not belong here: the well-known (see
`pipelines.sample_hub.releases`).

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
import itertools
import math
import random
from collections.abc import Sequence

from pipelines.sample_hub.calibration import day_number
from pipelines.sample_hub.model import FLOOR, Model
from pipelines.sample_hub.releases import SCOPE, TEXT

REPACKAGERS = ("unsloth", "bartowski", "lmstudio-community")
"""Publishers with published months of their own that only package what others make."""

_QUANTIZERS = (*REPACKAGERS, "mradermacher", "mradermacher", "mlx-community")
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


def grown_crowd(first: Sequence[Model], count: int, seed: int, until: int) -> list[Model]:
    """The crowd around the well-known models; a later day gives the same one and more.

    Args:
        first: The well-known, which most derivatives derive from.
        count: Nominal size of the crowd, on 2026-11-22.
        seed: Another seed gives another crowd.
        until: Day before which its models are created.
    """
    sizes = [(day_number(dt.date.fromisoformat(date)), size) for date, size in _HUB_SIZE]
    rng, crowd = random.Random(f"{seed}/kinds"), _Crowd(first, count, seed)
    step = (_NOMINAL_SIZE - _HUB_SIZE[0][1]) / count
    models: list[Model] = []
    for number in itertools.count(1):
        moment = _when(sizes, _HUB_SIZE[0][1] + number * step)
        created = FLOOR + dt.timedelta(seconds=int(moment * 86400) + number % 60)
        day = day_number(created.date())
        if day >= until:
            break
        derived = rng.random() * 100 < _at(_DERIVED, day)
        models.append((crowd.derivative if derived else crowd.unrelated)(number, created))
        crowd.may_vanish(models[-1])
    return models


class _Crowd:
    """Draws new models; the same seed draws the same ones."""

    def __init__(self, first: Sequence[Model], count: int, seed: int) -> None:
        self._rng = random.Random(f"{seed}/crowd")
        self._count = count
        self._pools = _Pools(first)
        self._lost = Model("lost-lab/gone-7B", FLOOR, TEXT)

    def unrelated(self, number: int, created: dt.datetime) -> Model:
        """A model without a declared base."""
        rng = self._rng
        name = f"{_account(rng)}/{rng.choice(_TOPICS)}-{number}"
        return Model(name, created, rng.choice(_OTHER_TASKS), weight=self._weight(), half_life=60)

    def derivative(self, number: int, created: dt.datetime) -> Model:
        """A model made from older ones."""
        rng = self._rng
        relation = rng.choices(list(_RELATIONS), list(_RELATIONS.values()))[0]
        day = day_number(created.date())
        count = rng.choice((2, 2, 3)) if relation == "merge" else 1
        group, parents = self._pools.choose(rng, day, count)
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
        made.weight = self._weight() * min(4.0, 0.4 * (1 + parent.weight) ** 0.4)
        made.tags_only = rng.random() < 0.03
        self._pools.add(group, made)
        return made

    def _weight(self) -> float:
        """Most are downloaded by nobody or a few; a crowd of any size weighs the same in all."""
        rng = self._rng
        drawn, faint = rng.random(), 10 ** -rng.uniform(4, 6)
        weight = min(rng.paretovariate(0.9), 8.0) * 1800 / self._count
        return 0.0 if drawn < 0.44 else weight * (faint if drawn < 0.78 else 1)

    def may_vanish(self, model: Model) -> None:
        """One in twenty goes; some of those come back."""
        drawn, after = self._rng.random(), int(self._rng.expovariate(1 / 200))
        if drawn < 0.05 and model.owner.startswith("user-"):
            gone = model.listed_from + 5 + after
            model.absent = (gone, gone + 10 + after % 50 if drawn < 0.012 else 10**6)


class _Pools:
    """Models that can become a parent, by group."""

    def __init__(self, models: Sequence[Model]) -> None:
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


def _when(sizes: Sequence[tuple[int, float]], size: float) -> float:
    """The day on which the Hub reaches a size; it goes on growing as it did last."""
    for (start, low), (stop, high) in itertools.pairwise(sizes):
        day = start + (stop - start) * (size - low) / (high - low)
        if size <= high:
            break
    return day


def _account(rng: random.Random) -> str:
    return f"user-{int(rng.paretovariate(0.8) * 9) % 1500:04d}"
