"""The words and lines that all sections of the report share."""

import datetime as dt

from assets.publication.report.marts import Figure, ratio, share
from assets.publication.report.section import named, newest_labels, plural, recent, with_runs


def month(number: int, name: str = "Qwen", basis: str = "counter") -> dict:
    date = dt.date(2020 + number // 12, number % 12 + 1, 1)
    return {"month": date.isoformat(), "name": name, "basis": basis, "label": f"{name} {number}"}


def test_a_line_is_broken_where_a_month_is_missing_or_counted_another_way() -> None:
    rows = [month(0, basis="window"), month(1), month(2), month(4), month(11), month(12)]
    runs = {row["label"]: (row["run"], row["is_alone"]) for row in with_runs(rows)}
    assert runs == {
        "Qwen 0": (1, True),
        "Qwen 1": (2, False),
        "Qwen 2": (2, False),
        "Qwen 4": (3, True),
        # Over the end of a year.
        "Qwen 11": (4, False),
        "Qwen 12": (4, False),
    }


def test_each_name_has_runs_of_its_own() -> None:
    runs = with_runs([month(0), month(1), month(1, "Llama"), month(3, "Llama")])
    assert [row["run"] for row in runs if row["name"] == "Llama"] == [1, 2]
    assert len(runs) == 4


def test_a_chart_shows_three_years() -> None:
    rows = [month(number) for number in range(50)]
    assert [row["label"] for row in recent(rows)] == [f"Qwen {number}" for number in range(14, 50)]
    assert recent(rows[:3]) == rows[:3]
    assert newest_labels(rows) == ["Qwen 49"]


def test_names_and_counts_in_a_sentence() -> None:
    assert [named(["A"]), named(["A", "B"]), named(["A", "B", "C"])] == [
        "A",
        "A and B",
        "A, B and C",
    ]
    one, many = (Figure("count", value, "", ()) for value in (1, 0))
    assert [plural(one, "is", "are"), plural(many, "is", "are")] == ["is", "are"]


def test_small_values_are_not_written_as_nothing() -> None:
    assert [ratio(value) for value in (0.0, 0.0042, 0.92, 12.345)] == [
        "0.00",
        "0.0042",
        "0.92",
        "12.35",
    ]
    assert [share(value) for value in (0.0, 0.00004, 0.294, 1.0)] == [
        "0.0%",
        "0.004%",
        "29.4%",
        "100.0%",
    ]
