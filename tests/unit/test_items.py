"""One listed row: what is kept, what is refused, and that one bad row costs only itself."""

import json
from typing import Any

import pytest

from assets.hub.items import keys_of_page, parse_page, parse_rows

GOOD = {"_id": "66e1a0b2c3d4e5f601234567", "id": "acme/tiny", "downloads": 3}


def page(*rows: Any) -> bytes:
    return json.dumps(rows).encode()


def test_known_fields_are_kept_and_unknown_ones_are_left_out() -> None:
    row: dict[str, Any] = {
        **GOOD,
        "downloadsAllTime": 3_400_446_695,
        "trendingScore": 0.5,
        "gated": "auto",
        "baseModels": {"relation": "merge", "models": [{"_id": "a" * 24, "id": "x/y"}]},
        # Whoever uploads it says how large it is.
        "safetensors": {"parameters": {"BF16": 7}, "total": 2**63 - 1},
        "xetEnabled": True,
    }
    parsed = parse_page(page(row))
    del row["xetEnabled"], row["safetensors"]["parameters"]
    assert json.loads(parsed.lines) == row


def test_missing_and_null_counters_stay_missing() -> None:
    parsed = parse_page(page({"_id": "a" * 24, "id": "x/y", "downloads": None}))
    assert json.loads(parsed.lines) == {"_id": "a" * 24, "id": "x/y"}


def test_integer_trending_score_and_boolean_gating_are_accepted() -> None:
    assert parse_page(page({**GOOD, "trendingScore": 7, "gated": True})).rows == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"_id": "not hex"}, "_id"),
        ({"_id": None}, "_id"),
        ({"_id": "A" * 24}, "_id"),
        ({"_id": "a" * 23 + "g"}, "_id"),
        ({"_id": "a" * 22 + "  "}, "_id"),
        ({"_id": "a" * 26}, "_id"),
        ({"_id": "é" * 24}, "_id"),
        ({"baseModels": {"models": [{"_id": "z" * 24, "id": "x/y"}]}}, "_id"),
        ({"id": ""}, "$.id"),
        ({"downloads": -1}, "downloads"),
        ({"downloads": 2**63}, "downloads"),
        ({"downloadsAllTime": 10**15 + 1}, "downloadsAllTime"),
        ({"createdAt": "0001-01-01T00:00:00+05:30"}, "UTC"),
        ({"downloads": "12"}, "downloads"),
        ({"downloads": 1.5}, "downloads"),
        ({"tags": "text"}, "tags"),
        ({"baseModels": ["x/y"]}, "baseModels"),
        ({"_id": "a" * 24 + "\n"}, "_id"),
        ({"createdAt": "yesterday"}, "createdAt"),
        ({"lastModified": "2024-13-45T00:00:00.000Z"}, "lastModified"),
    ],
)
def test_a_bad_row_is_set_aside_with_its_reason_and_bytes(
    change: dict[str, Any], reason: str
) -> None:
    bad = {**GOOD, **change}
    parsed = parse_page(page(GOOD, bad, GOOD))
    assert parsed.rows == 2
    assert [row.position for row in parsed.bad] == [1]
    assert reason in parsed.bad[0].reason
    assert json.loads(parsed.bad[0].raw) == bad


def test_invalid_utf8_and_deep_nesting_cost_one_row() -> None:
    good = json.dumps(GOOD).encode()
    deep = b'{"_id":"' + b"a" * 24 + b'","id":"x/y","x":' + b"[" * 5000 + b"]" * 5000 + b"}"
    invalid = good.replace(b"tiny", b"ti\xffny")
    parsed = parse_page(b"[" + b",".join([good, invalid, good]) + b"]")
    assert (parsed.rows, len(parsed.bad)) == (2, 1)
    parsed = parse_rows([good, deep, good])
    assert (parsed.rows, len(parsed.bad)) == (2, 1)


def test_private_rows_are_left_out() -> None:
    parsed = parse_page(page(GOOD, {**GOOD, "id": "me/secret", "private": True}))
    assert (parsed.rows, parsed.private) == (1, 1)
    assert b"secret" not in parsed.lines


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"error":"x"}', b'[{"_id":'])
def test_a_page_that_is_no_array_is_refused_whole(body: bytes) -> None:
    with pytest.raises(ValueError, match="page"):
        parse_page(body)


def test_line_breaks_inside_a_row_do_not_tear_it() -> None:
    body = json.dumps([{**GOOD, "tags": ["a\nb"]}], indent=2).encode()
    lines = parse_page(body).lines.splitlines()
    assert [json.loads(line)["tags"] for line in lines] == [["a\nb"]]


@pytest.mark.parametrize("text", [b'"\\ud800"', b'"a\\udc00b", "\xff"', b"NaN", b"1e999999"])
def test_what_makes_a_page_unreadable_costs_its_row_only(text: bytes) -> None:
    """Half of a surrogate pair, as JavaScript writes it, is JSON; msgspec gives the page up."""
    good = json.dumps(GOOD).encode()
    bad = good.replace(b"3}", b'3, "tags": [%b, {"a": 1e400}]}' % text)
    body = b"\n[ %b,%b ,%b]\n" % (good, bad, good)
    parsed = parse_page(body)
    assert (parsed.rows, [row.raw for row in parsed.bad]) == (2, [bad])
    assert keys_of_page(body)["downloads"] >= 2


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[", b"{}", b"null", b'["\\ud800"', b'["\\ud800",]', b'[,"\\ud800"]',
        b'["\\ud800"] x', b'["\\ud800" 1]', b"[" * 100_000, b'["\\ud800",' + b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_array_is_refused_as_a_page(body: bytes) -> None:
    with pytest.raises(ValueError, match="a page that"):
        parse_page(body)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2024-01-01T00:00:00.000Z", "2024-01-01T00:00:00Z"),
        ("2024-01-01T00:00:00+05:30", "2023-12-31T18:30:00Z"),
        ("2024-01-01T00:00:00", "2024-01-01T00:00:00Z"),
    ],
)
def test_times_are_kept_in_utc(given: str, kept: str) -> None:
    row = {**GOOD, "createdAt": given, "lastModified": given}
    for parsed in (parse_page(page(row)), parse_rows([json.dumps(row).encode()])):
        found = json.loads(parsed.lines)
        assert (found["createdAt"], found["lastModified"]) == (kept, kept)
