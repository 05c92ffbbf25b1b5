"""Well-known models by name: when they came, what they derive from, how much they are used.

Belongs here: tables of real releases. Does not belong here: the anonymous crowd around them (see
`pipelines.sample_hub.population`), monthly totals (see `pipelines.sample_hub.calibration`).

Names and dates are public facts: repositories on the Hub, launch dates where they differ as
collected by the ATOM project (Interconnects-AI/tracked-models, Apache-2.0). Some days of 2026 are
approximate. Weights are invented; they only share a publisher's published month among its models.
"""

import datetime as dt
from dataclasses import dataclass

TEXT, VLM = "text-generation", "image-text-to-text"
SCOPE = (TEXT, VLM)
"""Tasks that the published figures cover."""


@dataclass(frozen=True)
class Series:
    """Models that came out together: every size in every edition.

    Attributes:
        owner: Publisher.
        names: Name of each size, in words; sizes are read from them.
        editions: Endings in words, `.` for none; the later ones derive from the first.
        created: Date of the repositories.
        weight: Of the first size's main edition among the publisher's models.
        half_life: Days in which a weight halves.
        task: Pipeline tag.
        launched: Date from which they are public, where the repositories are older.
    """

    owner: str
    names: str
    editions: str
    created: str
    weight: float
    half_life: int = 270
    task: str | None = TEXT
    launched: str = ""


SERIES = (
    Series("Qwen", "Qwen-1_8B Qwen-7B Qwen-14B", ". -Chat", "2023-08-03", 2),
    Series("Qwen", "Qwen1.5-0.5B Qwen1.5-7B Qwen1.5-14B", ". -Chat", "2024-02-04", 6),
    Series("Qwen", "Qwen2-0.5B Qwen2-1.5B Qwen2-7B Qwen2-72B", ". -Instruct", "2024-06-06", 12),
    Series("Qwen", "Qwen2-VL-2B Qwen2-VL-7B", "-Instruct", "2024-08-28", 12, 270, VLM),
    Series(
        "Qwen",
        "Qwen2.5-0.5B Qwen2.5-1.5B Qwen2.5-3B Qwen2.5-7B Qwen2.5-14B Qwen2.5-32B Qwen2.5-72B",
        ". -Instruct",
        "2024-09-16",
        45,
        900,
        launched="2024-09-18",
    ),
    Series(
        "Qwen",
        "Qwen2.5-Coder-1.5B Qwen2.5-Coder-7B Qwen2.5-Coder-32B",
        ". -Instruct",
        "2024-11-08",
        9,
        launched="2024-11-12",
    ),
    Series("Qwen", "QwQ-32B", "-Preview .", "2024-11-27", 6, 90),
    Series(
        "Qwen",
        "Qwen2.5-VL-3B Qwen2.5-VL-7B Qwen2.5-VL-32B Qwen2.5-VL-72B",
        "-Instruct",
        "2025-01-26",
        30,
        270,
        VLM,
    ),
    Series(
        "Qwen",
        "Qwen3-0.6B Qwen3-1.7B Qwen3-4B Qwen3-8B Qwen3-14B Qwen3-32B Qwen3-30B-A3B",
        "-Base . -FP8",
        "2025-04-27",
        80,
        900,
        launched="2025-04-28",
    ),
    Series("Qwen", "Qwen3-235B-A22B", ". -FP8", "2025-04-27", 12, launched="2025-04-28"),
    Series(
        "Qwen",
        "Qwen3-4B Qwen3-30B-A3B Qwen3-235B-A22B",
        "-Instruct-2507 -Thinking-2507",
        "2025-07-21",
        30,
        launched="2025-07-25",
    ),
    Series("Qwen", "Qwen3-Coder-30B-A3B Qwen3-Coder-480B-A35B", "-Instruct", "2025-07-31", 22),
    Series("Qwen", "Qwen3-Next-80B-A3B", "-Instruct -Thinking", "2025-09-11", 26),
    Series(
        "Qwen",
        "Qwen3-VL-2B Qwen3-VL-4B Qwen3-VL-8B Qwen3-VL-30B-A3B Qwen3-VL-235B-A22B",
        "-Instruct -Thinking",
        "2025-09-23",
        34,
        270,
        VLM,
    ),
    Series("Qwen", "Qwen3.5-397B-A17B", ". -FP8", "2026-02-16", 30, 270, VLM),
    Series(
        "Qwen",
        "Qwen3.5-2B Qwen3.5-4B Qwen3.5-9B Qwen3.5-27B Qwen3.5-35B-A3B",
        "-Base .",
        "2026-02-24",
        60,
        270,
        VLM,
    ),
    Series("Qwen", "Qwen3.6-27B Qwen3.6-35B-A3B", ". -FP8", "2026-04-16", 95, 270, VLM),
    Series("Qwen", "Qwen3.8-27B Qwen3.8-2.4T-A95B", ". -FP8", "2026-08-12", 90, 270, VLM),
    Series(
        "Qwen",
        "Qwen3-Embedding-0.6B Qwen3-Embedding-4B",
        ".",
        "2025-06-03",
        30,
        540,
        "feature-extraction",
    ),
    Series(
        "meta-llama", "Llama-2-7b Llama-2-13b Llama-2-70b", "-hf -chat-hf", "2023-07-18", 12, 540
    ),
    Series(
        "meta-llama",
        "Meta-Llama-3-8B Meta-Llama-3-70B",
        ". -Instruct",
        "2024-04-17",
        24,
        launched="2024-04-18",
    ),
    Series(
        "meta-llama",
        "Llama-3.1-8B Llama-3.1-70B Llama-3.1-405B",
        ". -Instruct",
        "2024-07-14",
        70,
        540,
        launched="2024-07-23",
    ),
    Series(
        "meta-llama",
        "Llama-3.2-1B Llama-3.2-3B",
        ". -Instruct",
        "2024-09-18",
        50,
        540,
        launched="2024-09-25",
    ),
    Series(
        "meta-llama",
        "Llama-3.2-11B-Vision Llama-3.2-90B-Vision",
        ". -Instruct",
        "2024-09-18",
        12,
        270,
        VLM,
        "2024-09-25",
    ),
    Series(
        "meta-llama", "Llama-3.3-70B", "-Instruct", "2024-11-26", 20, 540, launched="2024-12-06"
    ),
    Series(
        "meta-llama",
        "Llama-4-Scout-17B-16E Llama-4-Maverick-17B-128E",
        ". -Instruct",
        "2025-04-01",
        14,
        270,
        VLM,
        "2025-04-05",
    ),
    Series("google", "gemma-2b gemma-7b", ". -it", "2024-02-08", 14, launched="2024-02-21"),
    Series("google", "codegemma-7b", ". -it", "2024-03-21", 2, launched="2024-04-09"),
    Series(
        "google",
        "gemma-2-2b gemma-2-9b gemma-2-27b",
        ". -it",
        "2024-06-24",
        34,
        launched="2024-06-27",
    ),
    Series("google", "paligemma2-3b", "-pt-224", "2024-11-21", 6, 270, VLM, "2024-12-05"),
    Series("google", "gemma-3-1b", "-pt -it", "2025-02-20", 24, 540, TEXT, "2025-03-12"),
    Series(
        "google",
        "gemma-3-4b gemma-3-12b gemma-3-27b",
        "-pt -it",
        "2025-02-20",
        40,
        540,
        VLM,
        "2025-03-12",
    ),
    Series("google", "medgemma-4b medgemma-27b", "-it", "2025-05-19", 8, 270, VLM),
    Series("google", "gemma-3n-E2B gemma-3n-E4B", "-it", "2025-06-12", 8, 270, VLM, "2025-06-26"),
    Series("google", "gemma-3-270m", ". -it", "2025-08-05", 60, 90, TEXT, "2025-08-14"),
    # Its repositories are a month older; dated so, their downloads in the archive's gap of April
    # would count for nothing.
    Series(
        "google",
        "gemma-4-E2B gemma-4-E4B gemma-4-26B-A4B gemma-4-31B",
        "-it",
        "2026-04-02",
        150,
        540,
        VLM,
    ),
    Series("google", "gemma-4-12B", "-it", "2026-06-10", 90, 540, VLM),
    Series(
        "google",
        "siglip-base-patch16-224 siglip-so400m-patch14-384",
        ".",
        "2023-10-10",
        25,
        540,
        "zero-shot-image-classification",
    ),
    Series(
        "deepseek-ai",
        "deepseek-coder-1.3b deepseek-coder-6.7b deepseek-coder-33b",
        "-base -instruct",
        "2023-10-28",
        10,
    ),
    Series("deepseek-ai", "deepseek-llm-7b", "-base -chat", "2023-11-29", 5),
    Series("deepseek-ai", "DeepSeek-Coder-V2-Lite", "-Base -Instruct", "2024-06-14", 12),
    Series("deepseek-ai", "DeepSeek-V2 DeepSeek-V2-Lite", ". -Chat", "2024-05-06", 6),
    Series("deepseek-ai", "DeepSeek-V2.5", ".", "2024-09-05", 5),
    Series("deepseek-ai", "DeepSeek-V3", "-Base .", "2024-12-25", 26, launched="2024-12-26"),
    Series("deepseek-ai", "DeepSeek-R1", ".", "2025-01-20", 60),
    Series("deepseek-ai", "DeepSeek-R1-Zero", ".", "2025-01-20", 3, 90),
    Series("deepseek-ai", "DeepSeek-V3-0324", ".", "2025-03-24", 30, launched="2025-03-25"),
    Series("deepseek-ai", "DeepSeek-R1-0528", ".", "2025-05-28", 24),
    Series("deepseek-ai", "DeepSeek-V3.1", "-Base .", "2025-08-19", 24, launched="2025-08-21"),
    Series("deepseek-ai", "DeepSeek-V3.2-Exp", ".", "2025-09-29", 16, 90),
    Series("deepseek-ai", "DeepSeek-OCR", ".", "2025-10-16", 90, 270, VLM, "2025-10-20"),
    Series("deepseek-ai", "DeepSeek-V3.2", ".", "2025-12-01", 110),
    Series("deepseek-ai", "DeepSeek-OCR-2", ".", "2026-01-27", 50, 270, VLM),
    Series(
        "deepseek-ai",
        "DeepSeek-V4-Flash DeepSeek-V4-Pro",
        "-Base .",
        "2026-04-22",
        130,
        launched="2026-04-24",
    ),
    Series(
        "mistralai",
        "Mistral-7B",
        "-v0.1 -Instruct-v0.1 -Instruct-v0.2",
        "2023-09-20",
        36,
        540,
        launched="2023-09-27",
    ),
    Series("mistralai", "Mistral-7B", "-v0.3 -Instruct-v0.3", "2024-05-22", 36, 540),
    Series("mistralai", "Mixtral-8x7B Mixtral-8x22B", "-v0.1 -Instruct-v0.1", "2023-12-11", 16),
    Series("mistralai", "Mistral-Nemo", "-Base-2407 -Instruct-2407", "2024-07-17", 14),
    Series("mistralai", "Ministral-8B", "-Instruct-2410", "2024-10-15", 8),
    Series("mistralai", "Mistral-Small-24B", "-Base-2501 -Instruct-2501", "2025-01-28", 12),
    Series(
        "mistralai",
        "Mistral-Small-3.1-24B",
        "-Base-2503 -Instruct-2503",
        "2025-03-11",
        10,
        270,
        VLM,
    ),
    Series("mistralai", "Devstral-Small", "-2505", "2025-05-12", 8),
    Series("mistralai", "Mistral-Small-3.2-24B", "-Instruct-2506", "2025-06-19", 14, 270, VLM),
    Series("mistralai", "Magistral-Small", "-2506 -2507 -2509", "2025-06-04", 6),
    Series(
        "mistralai",
        "Ministral-3-3B Ministral-3-8B Ministral-3-14B",
        "-Base-2512 -Instruct-2512",
        "2025-10-31",
        20,
        270,
        VLM,
        "2025-12-02",
    ),
    Series(
        "mistralai",
        "Mistral-Large-3-675B",
        "-Base-2512 -Instruct-2512",
        "2025-11-28",
        5,
        270,
        VLM,
        "2025-12-02",
    ),
    Series("openai", "gpt-oss-20b gpt-oss-120b", ".", "2025-08-04", 60, 540, launched="2025-08-05"),
    Series("nvidia", "Minitron-4B Minitron-8B", "-Base", "2024-07-19", 6),
    Series("nvidia", "Nemotron-4-340B", "-Base -Instruct", "2024-06-13", 2),
    Series("nvidia", "Nemotron-Mini-4B", "-Instruct", "2024-09-10", 6),
    Series("nvidia", "Nemotron-H-8B", "-Base-8K -Reasoning-128K", "2025-03-21", 6),
    Series(
        "nvidia",
        "NVIDIA-Nemotron-Nano-9B-v2 NVIDIA-Nemotron-Nano-12B-v2",
        "-Base .",
        "2025-08-12",
        30,
        launched="2025-08-18",
    ),
    Series(
        "nvidia",
        "NVIDIA-Nemotron-3-Nano-30B-A3B",
        "-Base-BF16 -BF16 -FP8 -NVFP4",
        "2025-12-04",
        90,
        launched="2025-12-15",
    ),
    Series(
        "nvidia", "NVIDIA-Nemotron-3-Super-120B-A12B", "-Base-BF16 -BF16 -NVFP4", "2026-03-10", 130
    ),
    Series("THUDM", "chatglm-6b chatglm2-6b chatglm3-6b", ".", "2023-03-13", 14, 540),
    Series("THUDM", "glm-4-9b", ". -chat", "2024-06-04", 16),
    Series("THUDM", "glm-4v-9b", ".", "2024-06-04", 5, 270, VLM),
    Series("THUDM", "GLM-4-9B-0414 GLM-4-32B-0414 GLM-Z1-9B-0414", ".", "2025-04-07", 10),
    Series("THUDM", "GLM-4.1V-9B", "-Base -Thinking", "2025-06-28", 16, 270, VLM),
    Series(
        "zai-org", "GLM-4.5-Air GLM-4.5", "-Base . -FP8", "2025-07-20", 50, launched="2025-07-28"
    ),
    Series("zai-org", "GLM-4.5V", ".", "2025-08-10", 14, 270, VLM),
    Series("zai-org", "GLM-4.6", ". -FP8", "2025-09-29", 40),
    Series("zai-org", "GLM-4.6V", "-Flash .", "2025-12-07", 20, 270, VLM),
    Series("zai-org", "GLM-4.7", ". -FP8", "2025-12-22", 40),
    Series("zai-org", "GLM-4.7-Flash", ".", "2026-01-19", 130),
    Series("zai-org", "GLM-5", ". -FP8", "2026-02-11", 90, launched="2026-02-12"),
    Series("zai-org", "GLM-5.1 GLM-5.2", ". -FP8", "2026-05-20", 110),
    Series("moonshotai", "Moonlight-16B-A3B", ". -Instruct", "2025-02-22", 1),
    Series("moonshotai", "Kimi-VL-A3B", "-Instruct -Thinking", "2025-04-09", 20, 270, VLM),
    Series("moonshotai", "Kimi-K2", "-Base -Instruct", "2025-07-11", 60),
    Series("moonshotai", "Kimi-K2", "-Instruct-0905", "2025-09-03", 30),
    Series("moonshotai", "Kimi-Linear-48B-A3B", "-Base -Instruct", "2025-10-30", 16),
    Series("moonshotai", "Kimi-K2-Thinking", ".", "2025-11-04", 60, 90, launched="2025-11-06"),
    Series("moonshotai", "Kimi-K2.5", ".", "2026-01-01", 260, 270, VLM, "2026-01-27"),
    Series("moonshotai", "Kimi-K2.6", ".", "2026-04-20", 300, 270, VLM),
    Series("moonshotai", "Kimi-K3", ".", "2026-06-13", 300, 270, VLM, "2026-07-16"),
    Series("microsoft", "DialoGPT-small DialoGPT-medium DialoGPT-large", ".", "2022-03-02", 8, 540),
    Series("microsoft", "phi-1_5 phi-2", ".", "2023-09-10", 14, 540),
    Series(
        "microsoft",
        "Phi-3-mini-4k Phi-3-mini-128k Phi-3-medium-128k",
        "-instruct",
        "2024-04-22",
        26,
    ),
    Series("microsoft", "Florence-2-base Florence-2-large", ".", "2024-06-15", 26, 540, VLM),
    Series("microsoft", "Phi-3.5-mini", "-instruct", "2024-08-16", 22),
    Series("microsoft", "Phi-3.5-vision", "-instruct", "2024-08-16", 12, 270, VLM),
    Series("microsoft", "phi-4", ".", "2024-12-11", 22, launched="2025-01-08"),
    Series(
        "microsoft", "Phi-4-mini", "-instruct -reasoning", "2025-02-19", 18, launched="2025-02-26"
    ),
    Series("microsoft", "bitnet-b1.58-2B-4T", ".", "2025-04-15", 3),
    Series("microsoft", "Fara-7B", ".", "2025-11-24", 6, 270, VLM),
    Series("microsoft", "MiniLM-L12-H384-uncased", ".", "2022-03-02", 8, 540, "feature-extraction"),
    Series(
        "ibm-granite", "granite-3b-code granite-8b-code", "-base-2k -instruct-2k", "2024-04-20", 5
    ),
    Series(
        "ibm-granite",
        "granite-3.0-2b granite-3.0-8b",
        "-base -instruct",
        "2024-10-02",
        8,
        launched="2024-10-21",
    ),
    Series("ibm-granite", "granite-3.3-2b granite-3.3-8b", "-base -instruct", "2025-04-16", 20),
    Series("ibm-granite", "granite-docling-258M", ".", "2025-05-19", 30, 270, VLM, "2025-09-17"),
    Series(
        "ibm-granite",
        "granite-4.0-micro granite-4.0-h-tiny granite-4.0-h-small",
        "-base .",
        "2025-09-16",
        24,
        launched="2025-10-02",
    ),
    Series("ibm-granite", "granite-4.1-3b granite-4.1-8b", "-base .", "2026-04-28", 60),
    Series("HuggingFaceTB", "SmolLM-135M SmolLM-360M SmolLM-1.7B", ". -Instruct", "2024-07-14", 10),
    Series(
        "HuggingFaceTB",
        "SmolLM2-135M SmolLM2-360M SmolLM2-1.7B",
        ". -Instruct",
        "2024-10-31",
        40,
        540,
    ),
    Series("HuggingFaceTB", "SmolVLM-256M SmolVLM-500M", "-Instruct", "2025-01-17", 16, 270, VLM),
    Series("HuggingFaceTB", "SmolVLM2-2.2B", "-Instruct", "2025-02-08", 8, 270, VLM),
    Series("HuggingFaceTB", "SmolLM3-3B", "-Base .", "2025-07-08", 26, 540),
    # From here on: labs without published months of their own; they share the remainder.
    Series("facebook", "opt-350m opt-1.3b opt-6.7b", ".", "2022-05-11", 26, 540),
    Series("bigscience", "bloom-560m bloom-7b1", ".", "2022-05-19", 16, 540),
    Series(
        "EleutherAI",
        "pythia-70m pythia-160m pythia-1.4b pythia-6.9b gpt-neo-125m",
        ".",
        "2023-02-13",
        14,
        540,
    ),
    Series("distilbert", "distilgpt2", ".", "2022-03-02", 60, 540),
    Series("TinyLlama", "TinyLlama-1.1B", "-Chat-v1.0", "2023-12-30", 70, 540),
    Series("tiiuae", "falcon-7b falcon-40b", ". -instruct", "2023-05-25", 8),
    Series("01-ai", "Yi-1.5-6B Yi-1.5-9B Yi-1.5-34B", ". -Chat", "2024-05-10", 4),
    Series(
        "internlm", "internlm2_5-1_8b internlm2_5-7b internlm2_5-20b", ". -chat", "2024-07-03", 5
    ),
    Series("OpenGVLab", "InternVL2-1B InternVL2-8B", ".", "2024-07-04", 14, 270, VLM),
    Series("OpenGVLab", "InternVL3-1B InternVL3-8B", ".", "2025-04-10", 20, 270, VLM),
    Series("llava-hf", "llava-1.5-7b-hf llava-v1.6-mistral-7b-hf", ".", "2023-12-05", 34, 540, VLM),
    Series("vikhyatk", "moondream2", ".", "2024-03-04", 60, 540, VLM),
    Series(
        "allenai", "OLMo-2-0425-1B OLMo-2-1124-7B OLMo-2-1124-13B", ". -Instruct", "2024-11-26", 10
    ),
    Series("allenai", "olmOCR-2-7B-1025", "-FP8", "2025-10-06", 40, 270, VLM, "2025-10-22"),
    Series("CohereLabs", "c4ai-command-r-v01 c4ai-command-r-plus", ".", "2024-03-11", 4),
    Series("stabilityai", "stablelm-2-1_6b stablelm-2-12b", ". -chat", "2024-01-18", 5),
    Series(
        "baidu",
        "ERNIE-4.5-0.3B ERNIE-4.5-21B-A3B",
        "-Base-PT -PT",
        "2025-06-28",
        8,
        launched="2025-06-30",
    ),
    Series("PaddlePaddle", "PaddleOCR-VL", ".", "2025-10-14", 50, 270, VLM),
    Series("rednote-hilab", "dots.ocr", ".", "2025-07-30", 50, 270, VLM),
    Series("tencent", "Hunyuan-0.5B Hunyuan-4B Hunyuan-7B", "-Pretrain -Instruct", "2025-07-30", 6),
    Series("MiniMaxAI", "MiniMax-M1-40k MiniMax-M1-80k", ".", "2025-06-16", 6, 90),
    Series("MiniMaxAI", "MiniMax-M2", ".", "2025-10-22", 14, launched="2025-10-27"),
    Series("MiniMaxAI", "MiniMax-M2.1", ".", "2025-12-20", 10, launched="2025-12-23"),
    Series("MiniMaxAI", "MiniMax-M2.5", ".", "2026-02-12", 16),
    Series("LiquidAI", "LFM2-350M LFM2-1.2B LFM2-2.6B", ".", "2025-07-10", 24),
    Series("ByteDance-Seed", "Seed-OSS-36B", "-Base -Instruct", "2025-08-20", 10),
    Series("XiaomiMiMo", "MiMo-7B", "-Base -RL", "2025-04-29", 5),
    # Not text: shared like the rest, but of the remainder of other tasks.
    Series(
        "black-forest-labs",
        "FLUX.1-schnell FLUX.1-dev",
        ".",
        "2024-07-31",
        60,
        540,
        "text-to-image",
    ),
    Series(
        "stabilityai", "stable-diffusion-xl-base-1.0", ".", "2023-07-25", 70, 540, "text-to-image"
    ),
    Series(
        "stable-diffusion-v1-5",
        "stable-diffusion-v1-5",
        ".",
        "2024-08-30",
        60,
        540,
        "text-to-image",
    ),
    Series("Wan-AI", "Wan2.1-T2V-1.3B Wan2.1-T2V-14B", ".", "2025-02-25", 24, 270, "text-to-video"),
    Series(
        "facebook", "wav2vec2-base-960h", ".", "2022-03-02", 40, 540, "automatic-speech-recognition"
    ),
    Series(
        "openai",
        "whisper-tiny whisper-small whisper-large-v3",
        ".",
        "2022-09-26",
        60,
        540,
        "automatic-speech-recognition",
    ),
)


@dataclass(frozen=True)
class Adaptation:
    """One model derived from another publisher's: the attribution the whole field argues about."""

    repo_id: str
    parent: str
    relation: str
    created: str
    weight: float
    half_life: int = 270


_DISTILL = "deepseek-ai/DeepSeek-R1-Distill"

ADAPTATIONS = (
    Adaptation(f"{_DISTILL}-Qwen-1.5B", "Qwen/Qwen2.5-1.5B", "finetune", "2025-01-20", 60),
    Adaptation(f"{_DISTILL}-Qwen-7B", "Qwen/Qwen2.5-7B", "finetune", "2025-01-20", 50),
    Adaptation(f"{_DISTILL}-Qwen-14B", "Qwen/Qwen2.5-14B", "finetune", "2025-01-20", 30),
    Adaptation(f"{_DISTILL}-Qwen-32B", "Qwen/Qwen2.5-32B", "finetune", "2025-01-20", 50),
    Adaptation(f"{_DISTILL}-Llama-8B", "meta-llama/Llama-3.1-8B", "finetune", "2025-01-20", 50),
    Adaptation(
        f"{_DISTILL}-Llama-70B", "meta-llama/Llama-3.3-70B-Instruct", "finetune", "2025-01-20", 20
    ),
    Adaptation(
        "deepseek-ai/DeepSeek-R1-0528-Qwen3-8B", "Qwen/Qwen3-8B-Base", "finetune", "2025-05-29", 60
    ),
    Adaptation(
        "nvidia/Llama-3.1-Nemotron-70B-Instruct-HF",
        "meta-llama/Llama-3.1-70B-Instruct",
        "finetune",
        "2024-10-12",
        10,
    ),
    Adaptation(
        "nvidia/Llama-3.1-Nemotron-Nano-8B-v1",
        "meta-llama/Llama-3.1-8B-Instruct",
        "finetune",
        "2025-03-16",
        16,
    ),
    Adaptation(
        "nvidia/Cosmos-Reason1-7B", "Qwen/Qwen2.5-VL-7B-Instruct", "finetune", "2025-05-19", 24
    ),
    Adaptation(
        "nvidia/OpenReasoning-Nemotron-7B", "Qwen/Qwen2.5-7B-Instruct", "finetune", "2025-07-14", 6
    ),
    Adaptation(
        "nvidia/Qwen3-235B-A22B-NVFP4", "Qwen/Qwen3-235B-A22B", "quantized", "2025-07-11", 16
    ),
    Adaptation(
        "nvidia/Qwen3.6-35B-A3B-NVFP4", "Qwen/Qwen3.6-35B-A3B", "quantized", "2026-05-04", 330
    ),
    Adaptation(
        "HuggingFaceH4/zephyr-7b-beta", "mistralai/Mistral-7B-v0.1", "finetune", "2023-10-26", 24
    ),
    Adaptation(
        "NousResearch/Hermes-3-Llama-3.1-8B",
        "meta-llama/Llama-3.1-8B",
        "finetune",
        "2024-07-28",
        16,
    ),
    Adaptation(
        "NousResearch/Meta-Llama-3.1-8B-Instruct",
        "meta-llama/Llama-3.1-8B-Instruct",
        "finetune",
        "2024-07-24",
        30,
        540,
    ),
    Adaptation(
        "RedHatAI/Llama-3.2-1B-Instruct-FP8",
        "meta-llama/Llama-3.2-1B-Instruct",
        "quantized",
        "2024-09-26",
        50,
        540,
    ),
    Adaptation(
        "RedHatAI/Qwen2.5-1.5B-quantized.w8a8", "Qwen/Qwen2.5-1.5B", "quantized", "2024-10-09", 40
    ),
    Adaptation("RedHatAI/Qwen3-8B-FP8-dynamic", "Qwen/Qwen3-8B", "quantized", "2025-05-02", 20),
    Adaptation(
        "RedHatAI/gemma-4-31B-it-FP8-dynamic",
        "google/gemma-4-31B-it",
        "quantized",
        "2026-04-03",
        40,
    ),
    Adaptation(
        "MaziyarPanahi/Meta-Llama-3.1-8B-Instruct-GGUF",
        "meta-llama/Llama-3.1-8B-Instruct",
        "quantized",
        "2024-07-23",
        60,
        540,
    ),
    Adaptation("MaziyarPanahi/Qwen3-8B-GGUF", "Qwen/Qwen3-8B", "quantized", "2025-04-28", 30),
    Adaptation(
        "TheBloke/Mistral-7B-Instruct-v0.2-GGUF",
        "mistralai/Mistral-7B-Instruct-v0.2",
        "quantized",
        "2023-12-11",
        20,
    ),
    Adaptation("cyankiwi/Qwen3.5-9B-AWQ-4bit", "Qwen/Qwen3.5-9B", "quantized", "2026-02-28", 45),
    Adaptation(
        "mlx-community/Qwen3.5-9B-MLX-4bit", "Qwen/Qwen3.5-9B", "quantized", "2026-02-26", 60
    ),
    Adaptation(
        "omni-research/Tarsier2-Recap-7b", "Qwen/Qwen2-VL-7B-Instruct", "finetune", "2025-02-19", 60
    ),
)


@dataclass(frozen=True)
class Known:
    """A model with a curve of its own: millions of downloads in 30 days at `KNOWN_DATES`."""

    repo_id: str
    task: str | None
    parameters: int
    millions: tuple[float, float, float, float, float]
    created: str = "2022-03-02"
    parent: str | None = None


KNOWN_DATES = tuple(
    dt.date.fromisoformat(date)
    for date in ("2024-08-01", "2025-04-01", "2025-10-08", "2026-02-13", "2026-08-07")
)

_SENTENCE, _MASK, _IMAGE = "sentence-similarity", "fill-mask", "zero-shot-image-classification"
_SPEECH, _SERIES_TASK = "automatic-speech-recognition", "time-series-forecasting"
_MINILM = "nreimers/MiniLM-L6-H384-uncased"

# The 30 most downloaded models of 2026-02-28 and 2026-08-22 as published (pulse, jonasneves:
# facts); the earlier columns and what was not in those lists are plausible, no more.
KNOWN = (
    Known(
        "sentence-transformers/all-MiniLM-L6-v2",
        _SENTENCE,
        22_713_728,
        (38, 62, 122, 187, 258),
        parent=_MINILM,
    ),
    Known(_MINILM, "feature-extraction", 22_700_000, (0.6, 0.5, 0.4, 0.3, 0.3)),
    Known("google-bert/bert-base-uncased", _MASK, 110_106_428, (62, 72, 58, 61, 100)),
    Known(
        "cross-encoder/ms-marco-MiniLM-L6-v2",
        "text-ranking",
        22_713_601,
        (3, 5, 8, 12.5, 88),
        parent="cross-encoder/ms-marco-MiniLM-L12-v2",
    ),
    Known(
        "cross-encoder/ms-marco-MiniLM-L12-v2",
        "text-ranking",
        33_360_000,
        (2, 3, 3, 4, 8),
        parent="microsoft/MiniLM-L12-H384-uncased",
    ),
    Known(
        "BAAI/bge-small-en-v1.5", "feature-extraction", 33_360_000, (3, 5, 6, 9, 72), "2023-09-12"
    ),
    Known(
        "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
        _SENTENCE,
        117_653_760,
        (7, 12, 15, 21, 55),
    ),
    Known("google/electra-base-discriminator", None, 110_000_000, (14, 30, 40, 48, 56)),
    Known(
        "Falconsai/nsfw_image_detection",
        "image-classification",
        85_800_000,
        (50, 70, 80, 40, 9),
        "2023-10-13",
    ),
    Known("amazon/chronos-2", _SERIES_TASK, 119_477_664, (0, 0, 0.4, 18, 37), "2025-10-17"),
    Known("lpiccinelli/unidepth-v2-vitl14", None, 353_000_000, (0, 0.4, 1, 4, 29), "2024-12-02"),
    Known("sentence-transformers/all-mpnet-base-v2", _SENTENCE, 109_486_464, (45, 110, 40, 26, 25)),
    Known("BAAI/bge-m3", _SENTENCE, 567_754_752, (3, 6, 11, 18, 36), "2024-01-27"),
    Known("openai/clip-vit-large-patch14", _IMAGE, 427_616_513, (40, 30, 12, 8.9, 11)),
    Known("openai/clip-vit-base-patch32", _IMAGE, 151_277_313, (18, 17, 15, 19, 21)),
    Known(
        "timm/mobilenetv3_small_100.lamb_in1k",
        "image-classification",
        2_554_968,
        (2, 20, 30, 24, 20),
        "2022-12-16",
    ),
    Known(
        "timm/resnet50.a1_in1k",
        "image-classification",
        25_610_000,
        (80, 80, 18, 9, 7),
        "2023-04-05",
    ),
    Known("google-t5/t5-small", "translation", 60_506_624, (4, 4, 3, 4, 23)),
    Known("google-t5/t5-base", "translation", 222_903_552, (3, 3, 2, 2, 2)),
    Known(
        "laion/clap-htsat-fused",
        "audio-classification",
        153_492_890,
        (8, 20, 24, 19, 11),
        "2023-02-16",
    ),
    Known("FacebookAI/xlm-roberta-base", _MASK, 278_885_778, (10, 12, 14, 25, 19)),
    Known("FacebookAI/xlm-roberta-large", _MASK, 561_192_082, (90, 110, 20, 6, 5)),
    Known("FacebookAI/roberta-large", _MASK, 355_412_057, (16, 18, 18, 21, 11)),
    Known("FacebookAI/roberta-base", _MASK, 124_697_433, (12, 12, 9, 9.6, 12)),
    Known("distilbert/distilbert-base-uncased", _MASK, 66_985_530, (12, 12, 9, 9, 10)),
    Known("colbert-ir/colbertv2.0", None, 109_580_544, (3, 6, 9, 13, 10), "2022-04-12"),
    Known(
        "nomic-ai/nomic-embed-text-v1.5", _SENTENCE, 136_731_648, (1, 2, 4, 9, 16.5), "2024-02-10"
    ),
    Known("hexgrad/Kokoro-82M", "text-to-speech", 82_000_000, (0, 2, 6, 10, 12.6), "2024-12-26"),
    Known("Bingsu/adetailer", None, 11_000_000, (20, 18, 15, 15, 11), "2023-04-26"),
    Known(
        "BAAI/bge-reranker-v2-m3",
        "text-classification",
        567_755_777,
        (1, 2, 4, 8, 18.7),
        "2024-03-15",
    ),
    Known(
        "BAAI/bge-large-en-v1.5",
        "feature-extraction",
        335_141_888,
        (4, 5, 6, 8, 13.4),
        "2023-09-12",
    ),
    Known(
        "BAAI/bge-base-en-v1.5", "feature-extraction", 109_482_240, (5, 6, 6, 7, 12), "2023-09-11"
    ),
    Known(
        "intfloat/multilingual-e5-small", _SENTENCE, 117_653_760, (1, 3, 4, 6, 12.5), "2023-06-30"
    ),
    Known(
        "intfloat/multilingual-e5-large",
        "feature-extraction",
        559_890_432,
        (2, 3, 4, 6, 11),
        "2023-06-30",
    ),
    Known(
        "pyannote/wespeaker-voxceleb-resnet34-LM",
        None,
        6_600_000,
        (6, 15, 17, 15.7, 9),
        "2023-11-13",
    ),
    Known(
        "pyannote/segmentation-3.0",
        "voice-activity-detection",
        1_473_515,
        (10, 16, 17, 15.4, 9),
        "2023-09-22",
    ),
    Known(
        "pyannote/speaker-diarization-3.1", _SPEECH, 8_000_000, (9, 14, 15, 13.7, 8), "2023-11-16"
    ),
    Known(
        "autogluon/chronos-bolt-small", _SERIES_TASK, 47_718_016, (0, 2, 6, 9, 11.2), "2024-11-14"
    ),
    Known("argmaxinc/whisperkit-coreml", _SPEECH, 39_000_000, (3, 5, 8, 9.5, 10), "2024-02-28"),
    Known("apple/DFN5B-CLIP-ViT-H-14-378", None, 986_000_000, (0.3, 3, 6, 9, 9), "2023-10-30"),
    Known(
        "Comfy-Org/Wan_2.2_ComfyUI_Repackaged", None, 14_000_000_000, (0, 0, 5, 8, 8), "2025-07-28"
    ),
    Known("Kijai/WanVideo_comfy", None, 14_000_000_000, (0, 2, 6, 8.6, 8), "2025-02-25"),
    Known("facebook/esmfold_v1", None, 2_800_000_000, (4, 6, 5, 4, 4), "2022-11-01"),
    Known(
        "Xenova/paraphrase-multilingual-MiniLM-L12-v2",
        "feature-extraction",
        117_653_760,
        (0.4, 1, 6, 12.2, 6),
        "2023-05-23",
        "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
    ),
    # CI that downloads a tiny model of random weights at every commit.
    Known(
        "trl-internal-testing/tiny-Qwen2ForCausalLM-2.5",
        TEXT,
        2_433_024,
        (0, 6, 9, 10, 11.1),
        "2024-11-25",
    ),
    Known("google-bert/bert-large-cased", _MASK, 335_000_000, (0.045, 0.045, 0.045, 0.045, 0.045)),
    Known("openai-community/gpt2", TEXT, 137_022_720, (15, 15, 10, 9.7, 16.2)),
    Known("facebook/opt-125m", TEXT, 125_239_296, (6, 6, 5, 5, 15.5), "2022-05-11"),
)


@dataclass(frozen=True)
class Episode:
    """Weeks in which one model of a stream drew far more than before and after."""

    repo_id: str
    start: str
    end: str
    weight: float


EPISODES = (
    # Hugging Face's own review of 2024 names it as the year's most downloaded text model; with it
    # Qwen's published months fall from 57.5 to 14.7 million.
    Episode("Qwen/Qwen2.5-1.5B-Instruct", "2024-10-01", "2024-12-01", 700),
    # 154.6 million in 30 days on 2026-04-27, 22.5 million on 2026-05-28 (pulse, jonasneves).
    Episode("Qwen/Qwen3-VL-2B-Instruct", "2026-03-26", "2026-04-28", 420),
    # 55 million in a month, then 9.
    Episode("MaziyarPanahi/Meta-Llama-3.1-8B-Instruct-GGUF", "2024-11-01", "2025-03-20", 130),
)
