"""The sample Hub's two years follow the published months, and its defects stand at their dates."""

import collections
import datetime as dt
import itertools
from typing import Any

import pytest

from pipelines.sample_hub.calibration import (
    ALL_PUBLISHERS,
    FIRST_COUNTER_MONTH,
    ORIGIN,
    published_months,
)
from pipelines.sample_hub.catalogue import Catalogue
from pipelines.sample_hub.defects import ARCHIVE_GAPS, CORRECTION, FROZEN, RENAMED_OWNER

Items = dict[str, dict[str, Any]]

DAY = dt.timedelta(days=1)
SCOPE = ("text-generation", "image-text-to-text")
MONTHS = [dt.date(2024 + (9 + n) // 12, (9 + n) % 12 + 1, 1) for n in range(25)]
"""First days of the published months, and of the month after them."""


@pytest.fixture(scope="module")
def clean() -> Catalogue:
    return Catalogue(defects=False)


@pytest.fixture(scope="module")
def spoilt() -> Catalogue:
    return Catalogue()


def date(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def shown(catalogue: Catalogue, on: dt.date | str) -> Items:
    return {item["_id"]: item for item in catalogue.items(date(on) if isinstance(on, str) else on)}


def named(catalogue: Catalogue, on: dt.date | str, repo_id: str) -> dict[str, Any]:
    (item,) = [item for item in shown(catalogue, on).values() if item["id"] == repo_id]
    return item


def month_by_publisher(catalogue: Catalogue, first: dt.date, end: dt.date) -> dict[str, float]:
    """Downloads in a month as the published table counts them."""
    before, after = shown(catalogue, first), shown(catalogue, end)
    flows: dict[str, float] = collections.defaultdict(float)
    for hub_id, item in after.items():
        if item.get("pipeline_tag") not in SCOPE:
            continue
        if first < FIRST_COUNTER_MONTH:
            flow = item["downloads"] * (end - first).days / 30
        else:
            flow = (
                item["downloadsAllTime"]
                - before.get(hub_id, {"downloadsAllTime": 0})["downloadsAllTime"]
            )
        flows[item["author"]] += flow
        flows[ALL_PUBLISHERS] += flow
    return flows


@pytest.mark.parametrize("models", [150, 4000])
def test_every_published_month_is_kept_within_one_percent(models: int) -> None:
    catalogue = Catalogue(models, defects=False)
    measured = {
        first: month_by_publisher(catalogue, first, end)
        for first, end in itertools.pairwise(MONTHS)
    }
    compared = 0
    for publisher, months in published_months().items():
        for month in months:
            end = ORIGIN + DAY * month.end
            first = (end - DAY).replace(day=1)
            published = month.downloads
            if first < FIRST_COUNTER_MONTH:
                published *= (end - first).days / 30
            if publisher == RENAMED_OWNER.new and first <= RENAMED_OWNER.date < end:
                # What was downloaded under the old name is the old publisher's.
                flow = month_by_publisher(catalogue, RENAMED_OWNER.date, end)[publisher]
            else:
                flow = measured[first][publisher]
            assert flow == pytest.approx(published, rel=0.01), (publisher, first)
            compared += 1
    assert compared == 337 + 24


def test_qwen_passes_llama_when_it_did(clean: Catalogue) -> None:
    leads = {}
    for first, end in itertools.pairwise(MONTHS):
        flows = month_by_publisher(clean, first, end)
        leads[f"{first:%Y-%m}"] = flows["Qwen"] > flows["meta-llama"]
    behind = [month for month, leads_there in leads.items() if not leads_there]
    assert behind == ["2024-12", "2025-01", "2025-02", "2025-03"]


def test_qwens_all_time_counter_passes_llamas_in_september_2025(clean: Catalogue) -> None:
    for on, qwen_leads in (("2025-09-01", False), ("2025-10-01", True)):
        counted: dict[str, int] = collections.Counter()
        for item in clean.items(date(on)):
            if item.get("pipeline_tag") in SCOPE:
                counted[item["author"]] += item["downloadsAllTime"]
        assert (counted["Qwen"] > counted["meta-llama"]) is qwen_leads


def test_the_two_counters_agree_and_never_fall(clean: Catalogue) -> None:
    on = date("2026-03-02")
    month_ago, today = shown(clean, on - 30 * DAY), shown(clean, on)
    for hub_id, item in today.items():
        before = month_ago.get(hub_id, {"downloadsAllTime": 0})["downloadsAllTime"]
        if hub_id in month_ago or item["createdAt"][:10] > str(on - 30 * DAY):
            assert item["downloads"] == item["downloadsAllTime"] - before >= 0
    for day in range(1, 30):
        next_day = shown(clean, on + day * DAY)
        for hub_id in today.keys() & next_day.keys():
            assert next_day[hub_id]["downloadsAllTime"] >= today[hub_id]["downloadsAllTime"]
            assert next_day[hub_id]["likes"] >= today[hub_id]["likes"]
        today = next_day
    assert max(item["downloadsAllTime"] for item in today.values()) > 2**31


def test_a_date_is_the_same_again_and_after_a_look_far_ahead() -> None:
    one, other = Catalogue(150), Catalogue(150)
    assert len(other.items(date("2029-01-01"))) > len(one.items(date("2026-01-01")))
    for on in ("2024-09-01", "2025-08-01", "2026-09-30"):
        assert one.items(date(on)) == other.items(date(on)) == one.items(date(on))
    assert Catalogue(150, seed=8).items(date("2025-08-01")) != one.items(date("2025-08-01"))


@pytest.mark.parametrize("on", ["2022-03-02", "2024-08-01", "2025-12-01", "2026-11-25"])
def test_ids_are_unique_and_nothing_comes_from_the_future(clean: Catalogue, on: str) -> None:
    items = clean.items(date(on))
    assert len({item["id"] for item in items}) == len({item["_id"] for item in items}) == len(items)
    assert all(item["createdAt"][:10] < on for item in items)
    assert all(item["createdAt"] <= item["lastModified"] <= f"{on}T23" for item in items)


def test_the_crowd_has_the_hubs_proportions(clean: Catalogue) -> None:
    items = clean.items(date("2026-08-22"))
    declared = [item for item in items if "baseModels" in item]
    relations = collections.Counter(item["baseModels"]["relation"] for item in declared)
    for relation, share in (("adapter", 0.426), ("finetune", 0.359), ("quantized", 0.192)):
        assert relations[relation] / len(declared) == pytest.approx(share, abs=0.03)
    by_id = {item["_id"]: item for item in items}
    of_owner = collections.Counter(
        owner for item in declared if (owner := root_owner(by_id, item)) != item["author"]
    )
    google = of_owner["google"] + of_owner["google-bert"] + of_owner["google-t5"]
    meta = of_owner["meta-llama"]
    assert of_owner["Qwen"] / google == pytest.approx(151 / 82, rel=0.25)
    assert of_owner["Qwen"] / meta == pytest.approx(151 / 58, rel=0.25)
    assert of_owner["Qwen"] > google > meta > of_owner["deepseek-ai"]
    idle = sum(item["downloads"] == 0 for item in items)
    assert 0.4 < idle / len(items) < 0.7
    small = sorted(items, key=lambda item: item["downloads"])[-3:]
    assert small[-1]["id"] == "sentence-transformers/all-MiniLM-L6-v2"
    assert 240e6 < small[-1]["downloads"] < 270e6
    assert all(item.get("pipeline_tag") not in SCOPE for item in small)


def root_owner(by_id: Items, item: dict[str, Any]) -> str:
    seen: set[str] = set()
    parent = item["baseModels"]["models"][0]
    while (
        (above := by_id.get(parent["_id"])) and "baseModels" in above and parent["_id"] not in seen
    ):
        seen.add(parent["_id"])
        parent = above["baseModels"]["models"][0]
    return str(parent["id"]).split("/")[0]


def test_some_models_vanish_and_some_of_them_return(clean: Catalogue) -> None:
    nights = [set(shown(clean, date("2025-07-01") + 7 * n * DAY)) for n in range(60)]
    ever, last = set.union(*nights), nights[-1]
    gone = ever - last
    returned = {
        hub_id
        for hub_id in last
        if any(
            hub_id in before and hub_id not in after for before, after in itertools.pairwise(nights)
        )
    }
    assert gone
    assert returned


@pytest.mark.parametrize(
    ("first", "last"), [("2025-05-19", "2025-05-21"), ("2026-06-13", "2026-06-17")]
)
def test_counters_roll_back_and_recover(
    spoilt: Catalogue, clean: Catalogue, first: str, last: str
) -> None:
    before, fallen = shown(spoilt, date(first) - DAY), shown(spoilt, first)
    falls = [
        hub_id
        for hub_id in before.keys() & fallen.keys()
        if fallen[hub_id]["downloadsAllTime"] < before[hub_id]["downloadsAllTime"]
    ]
    assert len(falls) > 0.05 * len(before)
    assert shown(spoilt, date(first) - DAY) == {
        **shown(clean, date(first) - DAY),
        **{i: item for i, item in before.items() if is_single(item)},
    }
    held = shown(spoilt, last)
    assert sum(
        held[i]["downloadsAllTime"] < before[i]["downloadsAllTime"] for i in falls if i in held
    ) > 0.9 * len(falls)
    recovered, truth = shown(spoilt, date(last) + DAY), shown(clean, date(last) + DAY)
    assert all(
        recovered[i]["downloadsAllTime"] == truth[i]["downloadsAllTime"]
        for i in falls
        if i in recovered and not is_single(recovered[i])
    )


def is_single(item: dict[str, Any]) -> bool:
    """One of the models with a defect of its own."""
    return item["id"] in {
        *FROZEN,
        CORRECTION.repo_id,
        "google-bert/bert-large-cased",
        "trl-internal-testing/tiny-Qwen2ForCausalLM-2.5",
    }


@pytest.mark.parametrize(
    "on", ["2025-03-19", "2025-09-17", "2025-11-12", "2026-01-21", "2026-08-12"]
)
def test_counters_stall_on_wednesdays_and_catch_up(
    spoilt: Catalogue, clean: Catalogue, on: str
) -> None:
    assert date(on).weekday() == 2
    before, stalled, after = (shown(spoilt, date(on) + n * DAY) for n in (-1, 0, 1))
    large = [i for i, item in before.items() if item["downloads"] >= 60_000 and i in after]
    still = [i for i in large if stalled[i]["downloadsAllTime"] == before[i]["downloadsAllTime"]]
    assert 0.25 * len(large) <= len(still) < 0.9 * len(large)
    truth = shown(clean, date(on) + DAY)
    assert all(
        after[i]["downloadsAllTime"] == truth[i]["downloadsAllTime"]
        for i in still
        if not is_single(after[i])
    )


def test_a_publisher_moves_with_all_its_models(spoilt: Catalogue) -> None:
    before, after = shown(spoilt, "2025-07-27"), shown(spoilt, "2025-07-28")
    moved = [i for i, item in before.items() if item["author"] == "THUDM"]
    assert len(moved) > 5
    for hub_id in moved:
        assert after[hub_id]["author"] == "zai-org"
        assert after[hub_id]["id"] == before[hub_id]["id"].replace("THUDM/", "zai-org/")
        assert after[hub_id]["createdAt"] == before[hub_id]["createdAt"]
        assert after[hub_id]["downloadsAllTime"] >= before[hub_id]["downloadsAllTime"]
    assert not any(item["author"] == "THUDM" for item in after.values())
    children = [
        item
        for item in after.values()
        for parent in item.get("baseModels", {"models": []})["models"]
        if parent["id"].startswith("zai-org/") and parent["_id"] in moved
    ]
    assert any("base_model:THUDM/" in " ".join(item["tags"]) for item in children)


def test_a_name_given_away_is_taken_by_another_model(spoilt: Catalogue) -> None:
    old, new = "user-0004/nightjar-7b", "nightjar-lab/nightjar-7b"
    first = named(spoilt, "2025-09-09", old)
    assert named(spoilt, "2025-09-10", new)["_id"] == first["_id"]
    second = named(spoilt, "2025-11-01", old)
    assert second["_id"] != first["_id"]
    assert second["downloadsAllTime"] < named(spoilt, "2025-11-01", new)["downloadsAllTime"]


def test_one_model_spikes_for_a_day(spoilt: Catalogue) -> None:
    name = "google-bert/bert-large-cased"
    totals = [
        named(spoilt, date("2025-12-02") + n * DAY, name)["downloadsAllTime"] for n in range(4)
    ]
    usual, spike, again = (b - a for a, b in itertools.pairwise(totals))
    assert usual == pytest.approx(1_500, rel=0.2)
    assert spike == pytest.approx(505_000, rel=0.01)
    assert again == pytest.approx(1_500, rel=0.2)


def test_continuous_integration_downloads_a_tiny_model(clean: Catalogue) -> None:
    name = "trl-internal-testing/tiny-Qwen2ForCausalLM-2.5"
    assert named(clean, "2026-09-30", name)["downloads"] == pytest.approx(11.1e6, rel=0.05)


def test_one_counter_is_corrected_downwards_and_stays(spoilt: Catalogue) -> None:
    falls = [named(spoilt, CORRECTION.date + n * DAY, CORRECTION.repo_id) for n in (-1, 0, 1, 60)]
    assert [item["downloadsAllTime"] for item in falls[:2]] == [159_747, 51_555]
    assert 51_555 < falls[2]["downloadsAllTime"] < falls[3]["downloadsAllTime"] < 159_747
    assert all(item["downloads"] > 0 for item in falls)


@pytest.mark.parametrize("name", sorted(FROZEN))
def test_some_rolling_counts_never_decay(spoilt: Catalogue, name: str) -> None:
    counts = {named(spoilt, FROZEN[name] + 20 * n * DAY, name)["downloads"] for n in range(4)}
    assert len(counts) == 1


def test_trending_scores_are_whole_or_not(spoilt: Catalogue) -> None:
    scores = [item["trendingScore"] for item in spoilt.items(date("2025-06-01"))]
    assert {type(score) for score in scores} == {int, float}


def test_the_archive_has_its_gaps(spoilt: Catalogue) -> None:
    assert spoilt.archived(date("2024-07-28")) is None
    missing = [on for n in range(798) if is_gap(on := date("2024-07-29") + n * DAY)]
    assert date("2025-07-08") in missing
    assert date("2025-07-09") not in missing
    assert sum(on.year == 2025 for on in missing) == 36
    assert sum(on.year == 2024 for on in missing) == 14
    assert [on for on in missing if on.month == 4] == [
        date("2026-04-02") + n * DAY for n in range(17)
    ]
    for on in (missing[0], missing[-1]):
        assert spoilt.archived(on) is None
        assert spoilt.items(on)
    assert spoilt.archived(date("2025-07-09")) == spoilt.items(date("2025-07-09"))


def is_gap(on: dt.date) -> bool:
    return any(first <= on <= last for first, last in ARCHIVE_GAPS)


def test_a_month_beside_the_gap_of_2025_comes_out_by_interpolation(clean: Catalogue) -> None:
    """As it did for those who published it."""
    last, back = date("2025-06-02"), date("2025-07-09")
    before, after = (
        sum(
            item["downloadsAllTime"]
            for item in clean.items(on)
            if item["author"] == "Qwen" and item.get("pipeline_tag") in SCOPE
        )
        for on in (last, back)
    )
    in_june = (before - after) * (last - date("2025-07-01")).days / (back - last).days
    june = in_june + month_by_publisher(clean, date("2025-06-01"), last)["Qwen"]
    assert june == pytest.approx(52_881_258, rel=0.01)


def test_one_archived_night_is_cut_short(spoilt: Catalogue) -> None:
    on = date("2025-11-24")
    whole, held = spoilt.items(on), spoilt.archived(on)
    assert held == whole[: len(held or [])]
    assert len(held or []) / len(whole) == pytest.approx(0.26, abs=0.001)
