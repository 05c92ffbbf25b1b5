"""A made-up catalogue of models, the same for the same seed and date.

Belongs here: plausible models and how they change from night to night. Does not belong here: HTTP.
The families and publishers bear real names so that the naming rules have something to do; every
count, date and derivative is invented.
"""

import datetime as dt
import hashlib
import json
import math
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SAMPLE = "generated catalogue"
"""What captures of this data are labelled as."""

_START = dt.datetime(2022, 3, 2, 23, 29, 4, tzinfo=dt.UTC)
_FULL = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
"""The date on which the catalogue has its nominal size."""

_TEXT, _VLM = "text-generation", "image-text-to-text"

# owner, series, sizes in billions of parameters, first release, task, popularity
_SERIES: list[tuple[str, str, tuple[float, ...], str, str | None, float]] = [
    ("Qwen", "Qwen1.5", (0.5, 1.8, 7, 14, 72), "2024-02-04", _TEXT, 20),
    ("Qwen", "Qwen2.5", (0.5, 1.5, 3, 7, 14, 32, 72), "2024-09-18", _TEXT, 160),
    ("Qwen", "Qwen2.5-VL", (3, 7, 32, 72), "2025-01-26", _VLM, 90),
    ("Qwen", "Qwen3", (0.6, 1.7, 4, 8, 14, 32), "2025-04-28", _TEXT, 240),
    ("Qwen", "Qwen3-Embedding", (0.6, 4, 8), "2025-06-05", "feature-extraction", 70),
    ("Qwen", "Qwen3.5", (2, 4, 9, 27), "2026-02-16", _VLM, 120),
    ("meta-llama", "Llama-2", (7, 13, 70), "2023-07-18", _TEXT, 30),
    ("meta-llama", "Llama-3.1", (8, 70, 405), "2024-07-23", _TEXT, 110),
    ("meta-llama", "Llama-3.2", (1, 3, 11), "2024-09-25", _TEXT, 90),
    ("deepseek-ai", "DeepSeek-R1", (671,), "2025-01-20", _TEXT, 60),
    ("deepseek-ai", "DeepSeek-V3", (671,), "2024-12-26", _TEXT, 40),
    ("google", "gemma-2", (2, 9, 27), "2024-06-27", _TEXT, 50),
    ("google", "gemma-3", (1, 4, 12, 27), "2025-03-12", _VLM, 90),
    ("google", "siglip-base", (0.2,), "2023-10-10", "zero-shot-image-classification", 25),
    ("mistralai", "Mistral", (7, 24), "2023-09-27", _TEXT, 60),
    ("mistralai", "Mixtral-8x", (7, 22), "2023-12-11", _TEXT, 15),
    ("openai", "gpt-oss", (20, 120), "2025-08-05", _TEXT, 80),
    ("openai", "whisper", (0.04, 0.24, 1.5), "2022-09-26", "automatic-speech-recognition", 60),
    ("openai", "clip-vit", (0.15, 0.43), "2022-03-02", "zero-shot-image-classification", 90),
    ("nvidia", "Nemotron-Nano", (9, 30), "2025-08-18", _TEXT, 25),
    ("zai-org", "GLM-4.5", (106, 355), "2025-07-28", _TEXT, 15),
    ("moonshotai", "Kimi-K2", (1000,), "2025-07-11", _TEXT, 12),
    ("MiniMaxAI", "MiniMax-M2", (230,), "2025-10-27", _TEXT, 10),
    ("microsoft", "phi", (1.3, 2.7), "2023-09-10", _TEXT, 15),
    ("microsoft", "Phi-4", (4, 15), "2024-12-12", _TEXT, 30),
    ("microsoft", "MiniLM-L12-H384-uncased", (0.03,), "2022-03-02", "feature-extraction", 8),
    ("ibm-granite", "granite-3.3", (2, 8), "2025-04-16", _TEXT, 10),
    ("allenai", "OLMo-2", (1, 7, 13, 32), "2024-11-26", _TEXT, 8),
    ("tiiuae", "falcon", (7, 40), "2023-05-25", _TEXT, 10),
    ("01-ai", "Yi-1.5", (6, 9, 34), "2024-05-10", _TEXT, 5),
    ("internlm", "internlm2_5", (1.8, 7, 20), "2024-07-03", _TEXT, 5),
    ("baidu", "ERNIE-4.5", (0.3, 21), "2025-06-30", _TEXT, 6),
    ("tencent", "Hunyuan", (4, 7), "2025-07-30", _TEXT, 5),
    ("CohereLabs", "c4ai-command-r", (35, 104), "2024-03-11", _TEXT, 5),
    ("HuggingFaceTB", "SmolLM2", (0.135, 0.36, 1.7), "2024-10-31", _TEXT, 25),
    ("stabilityai", "stablelm-2", (1.6, 12), "2024-01-18", _TEXT, 3),
    ("stabilityai", "stable-diffusion-xl-base", (3.5,), "2023-07-25", "text-to-image", 30),
    ("bigscience", "bloom", (0.56, 7, 176), "2022-05-19", _TEXT, 6),
    ("EleutherAI", "pythia", (0.07, 0.16, 1.4, 6.9), "2023-02-13", _TEXT, 20),
    ("openai-community", "gpt2", (0.12, 1.5), "2022-03-02", _TEXT, 110),
    ("facebook", "opt", (0.125, 1.3, 6.7), "2022-05-11", _TEXT, 60),
    ("facebook", "wav2vec2-base", (0.1,), "2022-03-02", "automatic-speech-recognition", 30),
    ("google-bert", "bert-base", (0.11,), "2022-03-02", "fill-mask", 160),
    ("FacebookAI", "roberta-base", (0.13,), "2022-03-02", "fill-mask", 90),
    ("google-t5", "t5", (0.06, 0.22, 0.77), "2022-03-02", "translation", 40),
    ("BAAI", "bge-m3", (0.6,), "2024-01-27", "sentence-similarity", 150),
    ("intfloat", "multilingual-e5", (0.12, 0.6), "2023-05-19", "sentence-similarity", 60),
    ("black-forest-labs", "FLUX.1-dev", (12,), "2024-07-31", "text-to-image", 40),
    ("Wan-AI", "Wan2.1", (1.3, 14), "2025-02-25", "text-to-video", 20),
]

_REPACKAGERS = ("unsloth", "bartowski", "mradermacher", "lmstudio-community", "mlx-community")
_RELATIONS = {"adapter": 42.6, "finetune": 35.9, "quantized": 19.2, "merge": 2.3}
_TOPICS = ("sentiment", "ocr", "detector", "tts", "segmenter", "ranker", "policy", "lora", "agent")
_TASKS = (
    "text-classification",
    "object-detection",
    "text-to-speech",
    "reinforcement-learning",
    None,
)


@dataclass
class _Model:
    """One generated model; `rate` is its expected downloads in 30 days once established."""

    repo_id: str
    created: dt.datetime
    rate: float
    task: str | None
    parameters: int | None
    relation: str | None = None
    parents: list["_Model"] = field(default_factory=list)
    tags_only: bool = False
    listed: bool = True

    @property
    def hub_id(self) -> str:
        """As the Hub makes it: creation time in seconds, then something unique."""
        seconds = int(self.created.timestamp())
        return f"{seconds:08x}{hashlib.sha256(self.repo_id.encode()).hexdigest()[:16]}"


class Catalogue:
    """Generated models; a later date shows the same ones, some more, and moved counters.

    Args:
        models: Nominal number of derivatives and unrelated models.
        seed: Another seed gives another catalogue.
    """

    def __init__(self, models: int = 4000, seed: int = 7) -> None:
        self._count = models
        self._seed = seed

    def items(self, on: dt.date) -> list[dict[str, Any]]:
        """What the Hub would list on a date, every property included, in no special order."""
        night = dt.datetime.combine(on, dt.time(2), tzinfo=dt.UTC)
        models = [model for model in self._models(night) if model.created <= night]
        return [self._item(model, night) for model in models if model.listed]

    def write(self, on: dt.date, folder: Path) -> Path:
        """Write what the Hub would list on a date as an importable file, newest first."""
        path = folder / f"{on}.jsonl"
        items = sorted(self.items(on), key=lambda item: item["_id"], reverse=True)
        path.write_text("".join(json.dumps(item) + "\n" for item in items))
        return path

    def _models(self, night: dt.datetime) -> list[_Model]:
        rng = random.Random(self._seed)
        models = self._bases(rng)
        gone = _Model("lost-lab/gone-7B", _START, 0, _TEXT, None, listed=False)
        bases = list(models)
        number = 0
        while True:
            number += 1
            share = math.sqrt(number / self._count)
            created = _START + (_FULL - _START) * share + dt.timedelta(seconds=number % 60)
            if created > night:
                break
            older = [base for base in bases if base.created < created] + models[len(bases) :][
                -1500:
            ]
            models.append(self._derived(rng, number, created, older, gone))
        return models + self._curiosities(models)

    def _bases(self, rng: random.Random) -> list[_Model]:
        models = []
        for owner, series, sizes, released, task, popularity in _SERIES:
            first = max(dt.datetime.fromisoformat(released).replace(tzinfo=dt.UTC), _START)
            for place, size in enumerate(sizes):
                name = f"{owner}/{series}-{size:g}B" if len(sizes) > 1 else f"{owner}/{series}"
                rate = popularity * 1e5 * rng.lognormvariate(-0.5 * place, 0.6)
                made = first + dt.timedelta(minutes=7 * place)
                base = _Model(name, made, rate, task, int(size * 1e9))
                models.append(base)
                if task in (_TEXT, _VLM) and len(sizes) > 1:
                    tuned = _Model(
                        f"{name}-Instruct",
                        made + dt.timedelta(hours=1),
                        rate * 2,
                        task,
                        base.parameters,
                    )
                    tuned.relation, tuned.parents = "finetune", [base]
                    models.append(tuned)
        by_name = {model.repo_id: model for model in models}
        for label in ("7B", "14B", "32B"):
            parent = by_name[f"Qwen/Qwen2.5-{label}"]
            models.append(
                _Model(
                    f"deepseek-ai/DeepSeek-R1-Distill-Qwen-{label}",
                    dt.datetime(2025, 1, 20, 9, tzinfo=dt.UTC),
                    1.5e6,
                    _TEXT,
                    parent.parameters,
                    "finetune",
                    [parent],
                )
            )
        sentence = _Model(
            "sentence-transformers/all-MiniLM-L6-v2",
            _START + dt.timedelta(hours=5),
            9e7,
            "sentence-similarity",
            22_700_000,
            "finetune",
            [by_name["microsoft/MiniLM-L12-H384-uncased"]],
        )
        return [*models, sentence]

    def _derived(
        self,
        rng: random.Random,
        number: int,
        created: dt.datetime,
        older: list[_Model],
        gone: _Model,
    ) -> _Model:
        rate = 0.0 if rng.random() < 0.55 else rng.paretovariate(0.75) * 4
        account = f"user-{int(rng.paretovariate(0.8) * 9) % 1500:04d}"
        if not older or rng.random() < 0.33:
            name = f"{account}/{rng.choice(_TOPICS)}-{number}"
            return _Model(name, created, rate, rng.choice(_TASKS), None)
        relation = rng.choices(list(_RELATIONS), list(_RELATIONS.values()))[0]
        # People build on what is used, and on what is new.
        weights = [
            (model.rate + 50) ** 0.35 * math.exp((model.created - created).days / 300)
            for model in older
        ]
        count = rng.choice((2, 2, 3, 4)) if relation == "merge" else 1
        parents = list({id(p): p for p in rng.choices(older, weights, k=count)}.values())
        if rng.random() < 0.02:
            parents[0] = gone
        parent = parents[0]
        stem = parent.repo_id.split("/")[1][:60]
        if rate:
            rate += parent.rate * rng.lognormvariate(-6, 1.5)
        if relation == "quantized":
            account = rng.choice(_REPACKAGERS) if rng.random() < 0.6 else account
            name = f"{account}/{stem}-{rng.choice(('GGUF', 'AWQ', 'GPTQ', '4bit'))}-{number}"
            rate *= 3
        elif relation == "merge":
            name = f"{account}/merged-{stem}-{number}"
        else:
            name = f"{account}/{stem}-{rng.choice(_TOPICS)}-{number}"
        made = _Model(name, created, rate, parent.task, parent.parameters, relation, parents)
        made.tags_only = rng.random() < 0.03
        return made

    def _curiosities(self, models: list[_Model]) -> list[_Model]:
        """What real cards contain: a cycle of two, a model that names itself as its base."""
        at = dt.datetime(2025, 6, 1, tzinfo=dt.UTC)
        base = models[0]
        one = _Model("user-0001/ouroboros-a", at, 900, _TEXT, None, "finetune")
        two = _Model(
            "user-0002/ouroboros-b", at + dt.timedelta(hours=1), 700, _TEXT, None, "finetune"
        )
        one.parents, two.parents = [two], [one, base]
        narcissus = _Model(
            "user-0003/narcissus", at + dt.timedelta(hours=2), 50, _TEXT, None, "finetune"
        )
        narcissus.parents = [narcissus]
        return [one, two, narcissus]

    def _item(self, model: _Model, night: dt.datetime) -> dict[str, Any]:
        age = (night - model.created).total_seconds() / 86400
        luck = random.Random(f"{self._seed}/{model.repo_id}")
        phase, likes_rate, gate = luck.random(), luck.random(), luck.random()
        season = 1 + 0.15 * math.sin(2 * math.pi * (age / 45 + phase))
        owner = model.repo_id.split("/")[0]
        # An integral of the seasonal rate, so that it never falls.
        swing = 0.15 * 45 / (2 * math.pi) * (1 - math.cos(2 * math.pi * age / 45))
        item: dict[str, Any] = {
            "_id": model.hub_id,
            "id": model.repo_id,
            "author": owner,
            "createdAt": _stamp(model.created),
            "lastModified": _stamp(model.created + dt.timedelta(days=min(age, 9 * phase))),
            "disabled": False,
            "private": False,
            "gated": "manual" if owner == "meta-llama" else ("auto" if gate < 0.02 else False),
            "downloads": int(model.rate * min(1.0, age / 30) * season),
            "downloadsAllTime": int(model.rate / 30 * (age + swing)),
            "likes": int(model.rate**0.5 * likes_rate),
            "trendingScore": round(luck.random() * 2, 1) if age < 60 else 0,
            "tags": self._tags(model),
        }
        if model.task:
            item["pipeline_tag"] = model.task
        if gate < 0.7:
            item["library_name"] = "peft" if model.relation == "adapter" else "transformers"
        if model.parameters and gate < 0.8:
            item["safetensors"] = {
                "parameters": {"BF16": model.parameters},
                "total": model.parameters,
            }
        if model.parents and not model.tags_only:
            item["baseModels"] = {
                "relation": model.relation,
                "models": [{"_id": p.hub_id, "id": p.repo_id} for p in model.parents],
            }
        return item

    def _tags(self, model: _Model) -> list[str]:
        tags = ["sample-data", "license:apache-2.0", "region:us"]
        if model.task:
            tags.append(model.task)
        for parent in model.parents:
            tags += [
                f"base_model:{parent.repo_id}",
                f"base_model:{model.relation}:{parent.repo_id}",
            ]
        return tags


def _stamp(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
