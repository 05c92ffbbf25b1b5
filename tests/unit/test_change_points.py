"""Change points (METHOD D13): the published series, and all partitions of short ones."""

import csv
import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.facts.change_points import MIN_SEGMENT, breaks, breaks_by_penalty, noise
from tests.helpers import SHARED_DATA

# Qwen's published share of text and vision-language downloads, October 2024 to September 2026
# (Model Pulse, Apache-2.0, figures).
T10_MONTHS = [f"{2024 + (9 + n) // 12}-{(9 + n) % 12 + 1:02}" for n in range(24)]


@pytest.fixture(scope="module")
def qwen() -> list[float]:
    path = SHARED_DATA / "publisher_monthly_downloads.csv"
    if not path.is_file():
        pytest.skip("the published monthly downloads are not beside this checkout")
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["publisher"] == "Qwen"]
    assert [row["month"] for row in rows] == T10_MONTHS
    shares = [float(row["share_of_text_vlm"]) for row in rows]
    return [math.log(share / (1 - share)) for share in shares]


def test_t10_breaks_of_qwens_published_share_for_each_penalty(qwen: list[float]) -> None:
    assert noise(qwen) ** 2 == pytest.approx(0.04537, abs=5e-6)
    months = {
        penalty: [T10_MONTHS[position] for position in found]
        for penalty, found in breaks_by_penalty(qwen).items()
    }
    assert months == {
        1: ["2024-12", "2025-04", "2025-06", "2025-11"],
        2: ["2024-12", "2025-05", "2025-11"],
        3: ["2024-12", "2025-05", "2025-11"],
        5: ["2024-12", "2025-06"],
        10: ["2025-06"],
    }
    # The break of December 2024 is downward.
    assert np.mean(qwen[:2]) > np.mean(qwen[2:6])


def cost(values: Sequence[float], found: Sequence[int]) -> float:
    edges = [0, *found, len(values)]
    return sum(
        float(((part := np.asarray(values[start:end])) - part.mean()) @ (part - part.mean()))
        for start, end in itertools.pairwise(edges)
    )


@given(
    st.lists(st.floats(-5, 5), min_size=1, max_size=10),
    st.lists(st.floats(0.01, 20), min_size=1, max_size=3),
)
def test_no_partition_is_better(values: list[float], penalties: list[float]) -> None:
    for penalty, found in zip(penalties, breaks(values, penalties), strict=True):
        edges = [0, *found, len(values)]
        assert all(b - a >= MIN_SEGMENT for a, b in itertools.pairwise(edges)) or not found
        reached = cost(values, found) + penalty * len(found)
        for size in range(len(values) // MIN_SEGMENT):
            for other in itertools.combinations(range(1, len(values)), size):
                bounds = [0, *other, len(values)]
                if all(b - a >= MIN_SEGMENT for a, b in itertools.pairwise(bounds)) or not other:
                    assert reached <= cost(values, other) + penalty * size + 1e-7


def test_a_series_without_noise_or_length_has_no_breaks() -> None:
    assert breaks_by_penalty([]) == breaks_by_penalty([0.1]) == breaks_by_penalty([0.5] * 9)
    assert set(map(tuple, breaks_by_penalty([1.0, 2.0, 3.0]).values())) == {()}
