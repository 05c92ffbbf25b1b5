"""All models of the sample Hub: the well-known by name, what is made of them, the crowd.

Belongs here: who exists when, under which name, derived from what. Does not belong here: the
tables of releases (see `pipelines.sample_hub.releases`), how often a model is downloaded (see
`pipelines.sample_hub.counters`).
"""

import datetime as dt
import itertools
import random
import re

from pipelines.sample_hub.calibration import ORIGIN, Pull, day_number
from pipelines.sample_hub.crowd import REPACKAGERS, grown_crowd
from pipelines.sample_hub.defects import (
    CORRECTION,
    OLD_NAME_TAKEN_ON,
    RENAMED_MODEL,
    RENAMED_OWNER,
)
from pipelines.sample_hub.model import FLOOR, Model
from pipelines.sample_hub.releases import ADAPTATIONS, EPISODES, KNOWN, SCOPE, SERIES, TEXT, Series


def all_models(count: int, seed: int, until: int) -> list[Model]:
    """Every model that comes into being until a day; a later day gives the same ones and more.

    Args:
        count: Nominal size of the crowd, on 2026-11-22.
        seed: Another seed gives another crowd.
        until: Day before which models are created.
    """
    known = _known()
    named = _named(random.Random(f"{seed}/named"), known)
    crowd = grown_crowd([*known, *named], count, seed, until)
    models = [*known, *named, *_packaged(named, count), *crowd, *_curiosities(named)]
    for model in models:
        if model.weight and not model.pulls:
            model.pulls.append(Pull(model.listed_from - 1, model.weight, model.half_life))
    return [model for model in models if model.listed_from <= until]


def _midnight(date: str) -> dt.datetime:
    return max(FLOOR, dt.datetime.fromisoformat(date).replace(tzinfo=dt.UTC))


def _known() -> list[Model]:
    models = [
        Model(known.repo_id, _midnight(known.created), known.task, known.parameters)
        for known in KNOWN
    ]
    for known, model in zip(KNOWN, models, strict=True):
        # For the choice of parents only: they share no stream.
        model.weight, model.half_life = known.millions[-1], 2000
    return models


def _named(rng: random.Random, known: list[Model]) -> list[Model]:
    models = [model for series in SERIES for model in _released(rng, series)]
    by_name = {model.repo_id: model for model in [*known, *models]}
    for entry, model in zip(KNOWN, known, strict=True):
        if entry.parent:
            model.relation, model.parents = "finetune", [by_name[entry.parent]]
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
    whole = [model for model in named if model.task in SCOPE and model.relation != "quantized"]
    wanted = sorted(whole, key=lambda model: -model.weight)[: max(10, count // 50)]
    if not any(model.repo_id == _FIRST_PACKAGED for model in wanted):
        wanted += [model for model in named if model.repo_id == _FIRST_PACKAGED]
    packaged = []
    for parent, account in itertools.product(wanted, REPACKAGERS):
        day = parent.listed_from
        created = dt.datetime.combine(ORIGIN, dt.time(9), tzinfo=dt.UTC) + dt.timedelta(days=day)
        bits = "bnb-4bit" if account == "unsloth" and day < _BITS_UNTIL else "GGUF"
        packaged.append(
            Model(
                f"{account}/{parent.repo_id.split('/')[1]}-{bits}",
                created,
                parent.task,
                parent.parameters,
                "quantized",
                [parent],
                weight=parent.weight**0.6,
                half_life=parent.half_life,
            )
        )
    return packaged


# So that the repackagers' published months, which begin in 2024, have a model to count.
_FIRST_PACKAGED = "meta-llama/Meta-Llama-3-8B-Instruct"
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
