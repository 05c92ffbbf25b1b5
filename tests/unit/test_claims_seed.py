"""The reported claims say what was published, of entities that the other seeds know."""

import csv
import re
from pathlib import Path

import pytest

from assets.facts.project import PROJECT_DIR
from tests.helpers import SHARED_DATA, query, run_dbt

Row = dict[str, str]

# Companies that the Arena ranks and that publish no model on the Hub.
WITHOUT_MODELS = {"Anthropic"}
# The published figures write these otherwise.
ENTITIES = {
    "Hugging Face Hub": "Hub",
    "derivatives (all)": "Hub",
    "China (region)": "china",
    "US (region)": "us",
    "EU (region)": "eu",
    "next eight orgs": "next_8",
    "all others": "everyone_else",
    "meta (meta-llama)": "meta-llama",
    "Moonshot": "Moonshot AI",
    "Mistral": "Mistral AI",
    "Z.ai": "Zhipu AI",
    "BABA.N": "Alibaba",
    "International/anonymous": "International or anonymous",
    "open weights": "Open weights",
}
FILE_OF_AN_ARTICLE = re.compile(r"\d{3}_[0-9a-f]{6,}|\.txt")


def seed(name: str) -> list[Row]:
    with (PROJECT_DIR / "seeds" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def claims() -> dict[str, Row]:
    return {row["claim_id"]: row for row in seed("reported_claims")}


@pytest.fixture(scope="module")
def published() -> list[Row]:
    path = SHARED_DATA / "reported_claims.csv"
    if not path.is_file():
        pytest.skip("the published figures are not beside this checkout")
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def date_of(value: str) -> str:
    """A published day, month or year as its first day."""
    return value + "-01-01"[len(value) - 4 :]


def test_dates_are_their_first_days() -> None:
    assert [date_of(value) for value in ("2023", "2024-09", "2025-11-17")] == [
        "2023-01-01", "2024-09-01", "2025-11-17",
    ]  # fmt: skip


def test_every_published_figure_is_there_with_its_value(
    claims: dict[str, Row], published: list[Row]
) -> None:
    assert len(published) == 194
    for figure in published:
        claim = claims[figure["claim_id"]]
        if figure["metric"] == "competitor_set":
            named = [name.lower() for name in figure["value"].split(";")]
            listed = claim["qualifier"].lower().split(";")
            assert len(listed) == len(named) == int(claim["value"])
            assert all(one.startswith(other) for one, other in zip(listed, named, strict=True))
        elif claim["value_on"]:
            assert claim["value_on"] == date_of(figure["value"]), claim["claim_id"]
        else:
            assert claim["value"] == figure["value"], claim["claim_id"]


def test_every_published_figure_is_there_with_its_entity_and_date(
    claims: dict[str, Row], published: list[Row]
) -> None:
    for figure in published:
        claim = claims[figure["claim_id"]]
        entity = ENTITIES.get(figure["entity"], figure["entity"])
        if figure["entity"] == "next eight":
            entity = {"C018": "next_8", "C108": "xinhua8"}[figure["claim_id"]]
        assert claim["entity"] == entity, claim["claim_id"]
        first, _, last = figure["as_of_date"].partition("..")
        assert claim["as_of_from"] == date_of(first), claim["claim_id"]
        if claim["document"] != "hf-derivatives-monthly":
            assert claim["as_of_to"].startswith(last or first), claim["claim_id"]


def test_a_bound_in_the_metric_is_the_comparison(
    claims: dict[str, Row], published: list[Row]
) -> None:
    for figure in published:
        claim = claims[figure["claim_id"]]
        if figure["metric"].endswith(("_at_least", "_min")):
            # "More than double" is strict.
            strict = claim["claim_id"] == "C017"
            assert claim["comparison"] == ("more_than" if strict else "at_least")
        if figure["metric"].endswith("_approaching"):
            assert claim["comparison"] == "about", claim["claim_id"]


def test_no_sentence_is_taken_over(claims: dict[str, Row], published: list[Row]) -> None:
    taken = {plain(figure["statement"]) for figure in published}
    assert not [row["claim_id"] for row in claims.values() if plain(row["statement"]) in taken]


def plain(text: str) -> str:
    """A sentence without what a copy may change."""
    return re.sub(r"\W+", " ", text.lower()).strip()


def test_no_file_of_an_article_is_named(claims: dict[str, Row]) -> None:
    for row in claims.values():
        for column, text in row.items():
            assert not FILE_OF_AN_ARTICLE.search(text), (row["claim_id"], column)


def test_entities_exist(claims: dict[str, Row]) -> None:
    families, publishers = seed("families"), seed("publishers")
    known = {
        "family": {row["family"] for row in families},
        "company": {row["company"] for row in [*families, *publishers]} | WITHOUT_MODELS,
        "publisher": {row["publisher"] for row in publishers},
        "region": {"china", "us", "eu"} & {row["region"] for row in families},
        "hub": {"Hub"},
        "set": {"xinhua8", "next_8", "everyone_else"},
        "list": {"ATOM tracked list"},
        "app": {"Qwen app"},
    }
    for row in claims.values():
        entity_type, entity = row["entity_type"], row["entity"]
        if entity_type == "publisher":
            entity = entity.lower()
        if entity_type == "model":
            assert re.fullmatch(r"[\w.-]+/[\w.-]+", entity), row["claim_id"]
        elif entity_type != "other":
            assert entity in known[entity_type], row["claim_id"]


def test_qualifiers_exist(claims: dict[str, Row]) -> None:
    families = {row["family"] for row in seed("families")}
    companies = {row["company"] for row in seed("publishers")}
    for row in claims.values():
        metric, qualifier = row["metric"], row["qualifier"]
        if metric == "derivatives":
            assert qualifier in {"any", "finetune", "adapter", "quantized", "merge", "other"}
        elif metric == "dominance_ratio":
            assert qualifier in {row["competitor_set"] for row in seed("competitor_sets")}
        elif row["entity_type"] == "set" and metric == "monthly_downloads":
            assert qualifier in families
        elif metric in {"derivatives_ratio", "crossover_month"}:
            assert qualifier in families | companies
        elif metric == "competitor_set":
            assert set(qualifier.split(";")) <= companies


def test_units_are_those_of_the_metrics_and_every_metric_has_a_claim(
    claims: dict[str, Row],
) -> None:
    units = {row["metric"]: row["unit"] for row in seed("claim_metrics")}
    assert {row["metric"] for row in claims.values()} == units.keys()
    for row in claims.values():
        assert row["unit"] == units[row["metric"]], row["claim_id"]


def test_notes_point_at_claims(claims: dict[str, Row]) -> None:
    for row in claims.values():
        for other in re.findall(r"\bC\d{3}\b", row["note"]):
            assert other in claims, row["claim_id"]
            assert other != row["claim_id"]


def test_text_and_chart_of_one_article_are_two_claims_of_one_document(
    claims: dict[str, Row],
) -> None:
    text, chart = claims["C017"], claims["C203"]
    for claim in (text, chart):
        assert (claim["metric"], claim["qualifier"]) == ("dominance_ratio", "next_8")
    assert text["document"] == chart["document"] == claims["C018"]["document"]
    assert (text["comparison"], chart["comparison"]) == ("more_than", "equals")
    assert (text["kind"], chart["kind"]) == ("press", "press_chart")
    parts = [float(claims[claim]["value"]) for claim in ("C016", "C018", "C019")]
    assert float(chart["value"]) == parts[0] / parts[1]
    assert float(claims["C204"]["value"]) == pytest.approx(parts[0] / sum(parts), abs=5e-5)


def test_dbt_reads_what_is_written(claims: dict[str, Row], tmp_path: Path) -> None:
    run_dbt(tmp_path, "build", "--select", "claim_metrics", "reported_claims")
    columns = list(next(iter(claims.values())))
    read = query(
        tmp_path, f"select {', '.join(columns)} from reference.reported_claims order by claim_id"
    )
    assert len(read) == len(claims)
    for values in read:
        row = dict(zip(columns, values, strict=True))
        written = claims[row["claim_id"]]
        if row["value"] is not None:
            assert row["value"] == float(written["value"])
        for column in set(columns) - {"value"}:
            assert ("" if row[column] is None else str(row[column])) == written[column], row
