"""The sample Hub keeps the list route's contract, for raw requests and the Hub's own client."""

import base64
import itertools
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from huggingface_hub import HfApi
from huggingface_hub.utils import httpx

from assets.hub.items import EXPAND
from pipelines.sample_hub.catalogue import SAMPLE
from pipelines.sample_hub.server import SampleHub, serving


def get(url: str, **params: Any) -> Any:
    return httpx.get(url, params=params, timeout=10)


def pages(endpoint: str, **params: Any) -> list[Any]:
    answers = []
    url: str | None = str(httpx.URL(f"{endpoint}/api/models", params=params))
    while url:
        answers.append(httpx.get(url, timeout=10))
        url = answers[-1].links.get("next", {}).get("url")
    return answers


def test_the_hubs_own_client_lists_every_model_once(endpoint: str, sample_hub: SampleHub) -> None:
    listed = HfApi(endpoint=endpoint, token=False).list_models(
        sort="created_at", expand=["downloads", "downloadsAllTime", "createdAt", "baseModels"]
    )
    found = {model.id: model for model in listed}
    assert len(found) == len(sample_hub.items)
    for one in sample_hub.items:
        assert found[one["id"]].downloads == one["downloads"]
        assert found[one["id"]].downloads_all_time == one["downloadsAllTime"]


@pytest.mark.parametrize(
    "sort", ["createdAt", "downloads", "likes", "trendingScore", "lastModified"]
)
def test_each_sort_pages_through_everything_once(
    endpoint: str, sample_hub: SampleHub, sort: str
) -> None:
    rows = [
        row for page in pages(endpoint, sort=sort, limit=97, expand=sort) for row in page.json()
    ]
    assert len(rows) == len({row["_id"] for row in rows}) == len(sample_hub.items)
    key = "_id" if sort == "createdAt" else sort
    values = [row[key] for row in rows]
    assert values == sorted(values, reverse=True)


def test_ascending_creation_order(endpoint: str) -> None:
    rows = [r for p in pages(endpoint, sort="createdAt", direction=1, limit=200) for r in p.json()]
    assert [row["_id"] for row in rows] == sorted(row["_id"] for row in rows)


def test_the_cursor_is_a_predicate_and_the_link_is_absolute(endpoint: str) -> None:
    answer = get(
        f"{endpoint}/api/models", sort="createdAt", limit=10, expand=["downloads", "likes"]
    )
    url = answer.links["next"]["url"]
    assert url.startswith(f"{endpoint}/api/models?")
    query = parse_qs(urlsplit(url).query)
    assert query["expand"] == ["downloads", "likes"]
    assert json.loads(base64.b64decode(query["cursor"][0])) == {
        "_id": {"$lt": answer.json()[-1]["_id"]}
    }
    assert "%3D" in url or "=" not in query["cursor"][0]


def test_a_moving_key_loses_rows_and_creation_order_does_not(sample_hub: SampleHub) -> None:
    """Why the crawl sorts by creation: between two pages one model gains downloads."""
    for sort, expected_missing in (("downloads", 1), ("createdAt", 0)):
        hub = SampleHub([dict(one) for one in sample_hub.items], "test")
        with serving(hub) as endpoint:
            first = get(f"{endpoint}/api/models", sort=sort, limit=50, expand="downloads")
            seen = {row["_id"] for row in first.json()}
            riser = min(
                (one for one in hub.items if one["_id"] not in seen), key=lambda m: m["downloads"]
            )
            riser["downloads"] = 10**10
            url = first.links["next"]["url"]
            while url:
                answer = httpx.get(url, timeout=10)
                seen |= {row["_id"] for row in answer.json()}
                url = answer.links.get("next", {}).get("url")
        assert len(hub.items) - len(seen) == expected_missing


def test_expand_in_both_forms_and_absent_keys(endpoint: str) -> None:
    plain = get(f"{endpoint}/api/models", limit=200, expand=["downloads", "safetensors"]).json()
    brackets = get(
        f"{endpoint}/api/models", **{"limit": 200, "expand[]": ["downloads", "safetensors"]}
    )
    assert plain == brackets.json()
    assert all(set(row) <= {"_id", "id", "downloads", "safetensors"} for row in plain)
    assert any("safetensors" not in row for row in plain)
    default = get(f"{endpoint}/api/models", limit=1).json()[0]
    assert default["modelId"] == default["id"]
    assert "downloadsAllTime" not in default


@pytest.mark.parametrize("name", ["childrenModelCount", "usedStorage", "_id", "cardData.license"])
def test_names_that_the_list_route_refuses(endpoint: str, name: str) -> None:
    answer = get(f"{endpoint}/api/models", expand=["downloads", name])
    assert answer.status_code == 400
    assert '"downloadsAllTime"' in answer.json()["error"]


def test_every_expand_of_the_crawl_is_accepted(endpoint: str) -> None:
    assert get(f"{endpoint}/api/models", expand=list(EXPAND), limit=5).status_code == 200


def test_limit_is_clamped_and_bad_values_are_refused(catalogue: Any, today: Any) -> None:
    items = catalogue.items(today)
    many = [
        {**one, "_id": f"{number:024x}"}
        for number, one in zip(range(1500), itertools.cycle(items), strict=False)
    ]
    with serving(SampleHub(many, "test")) as endpoint:
        assert len(get(f"{endpoint}/api/models", limit=5000).json()) == 1000
        assert len(get(f"{endpoint}/api/models").json()) == 1000
        assert get(f"{endpoint}/api/models", sort="name").status_code == 400
        assert get(f"{endpoint}/api/models", cursor="?").status_code == 400
        assert get(f"{endpoint}/api/models", whatever="x", limit=1).status_code == 200


def test_quota_headers_count_down_and_refuse(sample_hub: SampleHub) -> None:
    now = 1000.0
    hub = SampleHub(sample_hub.items, "test", quota=3, window=300, clock=lambda: now)
    with serving(hub) as endpoint:
        answers = [get(f"{endpoint}/api/models", limit=1) for _ in range(4)]
        assert [a.headers["RateLimit"] for a in answers] == [
            '"api";r=2;t=300',
            '"api";r=1;t=300',
            '"api";r=0;t=300',
            '"api";r=0;t=300',
        ]
        assert answers[0].headers["RateLimit-Policy"] == '"fixed window";"api";q=3;w=300'
        assert [a.status_code for a in answers] == [200, 200, 200, 429]
        now += 301
        assert get(f"{endpoint}/api/models", limit=1).status_code == 200


def test_answers_are_compressed_and_labelled(endpoint: str) -> None:
    answer = get(f"{endpoint}/api/models", limit=100)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["X-Hub-Ledger-Sample"] == SAMPLE
    assert "sample data" in get(endpoint + "/").text.lower()
    assert get(f"{endpoint}/api/agent-harnesses").json() == {
        "standardEnvVars": [],
        "harnesses": {},
    }


def test_the_catalogue_holds_what_lineage_has_to_survive(catalogue: Any, today: Any) -> None:
    items = catalogue.items(today)
    assert items == catalogue.items(today)
    by_id = {one["id"]: one for one in items}
    parents = {
        one["id"]: [parent["id"] for parent in one["baseModels"]["models"]]
        for one in items
        if "baseModels" in one
    }
    relations = {one["baseModels"]["relation"] for one in items if "baseModels" in one}
    assert relations == {"finetune", "adapter", "quantized", "merge"}
    assert any(len(named) > 1 for named in parents.values())
    assert any(parent not in by_id for named in parents.values() for parent in named)
    assert any(child in named for child, named in parents.items())
    assert any(
        child in parents.get(parent, ())
        for child, named in parents.items()
        for parent in named
        if parent != child
    )
    assert any(
        "baseModels" not in one and any(tag.startswith("base_model:") for tag in one["tags"])
        for one in items
    )
    depth = max(len(chain(parents, child)) for child in parents)
    assert depth >= 3


def chain(parents: dict[str, list[str]], child: str) -> list[str]:
    found = [child]
    while parents.get(found[-1]) and parents[found[-1]][0] not in found:
        found.append(parents[found[-1]][0])
    return found
