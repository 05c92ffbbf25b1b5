"""What was wrong, and when: the Hub's counters on some days, the public archive on others.

Belongs here: dates and sizes of defects, each table with its source. Does not belong here: how
counters grow when all is well (see `pipelines.sample_hub.calibration`). "Published" means: in Model
Pulse's audits of the archive (tardellirs, Apache-2.0); where an audit gives no day, it is chosen.
"""

import datetime as dt
from dataclasses import dataclass

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Delay:
    """Counters that some models show late.

    Attributes:
        days: How many days late; more than the day before means that counters fall.
        share: Share of the models concerned.
        max_age: Only models at most this many days old.
    """

    days: int
    share: float
    max_age: int | None = None


def _date(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


# Published: Hub-wide rollbacks of May 19 to 21 2025 and June 13 to 17 2026, recovered at once
# afterwards. How far back the counters went is chosen.
_ROLLBACKS = (
    (_date("2025-05-19"), _date("2025-05-21"), 9),
    (_date("2026-06-13"), _date("2026-06-17"), 8),
)
_ROLLED_BACK_SHARE = 0.9

# Published: counters frozen for a day, mostly on Wednesdays, newer repositories first. The
# Wednesdays are chosen.
_STALLS = tuple(map(_date, ("2025-03-19", "2025-09-17", "2025-11-12", "2026-01-21", "2026-08-12")))
_STALL = Delay(days=1, share=0.9, max_age=540)

DELAYS: dict[dt.date, Delay] = {
    **{
        first + _DAY * day: Delay(back, _ROLLED_BACK_SHARE)
        for first, last, back in _ROLLBACKS
        for day in range((last - first).days + 1)
    },
    **dict.fromkeys(_STALLS, _STALL),
}
"""Date to how late its counters are."""


@dataclass(frozen=True)
class Spike:
    """One day on which one model drew many times its usual downloads."""

    repo_id: str
    date: dt.date
    downloads: int


# Published: 505 thousand in one day against 1.5 thousand; the day is chosen. The other one is what
# a build server can do to a tiny test model.
SPIKES = (
    Spike("google-bert/bert-large-cased", _date("2025-12-03"), 503_500),
    Spike("trl-internal-testing/tiny-Qwen2ForCausalLM-2.5", _date("2026-03-10"), 4_200_000),
)


@dataclass(frozen=True)
class Correction:
    """The all-time counter of one repository falls from one day to the next and stays down."""

    repo_id: str
    date: dt.date
    before: int
    after: int


# Published figures; the repository and the day are invented.
CORRECTION = Correction("user-0007/lantern-ner", _date("2025-10-15"), 159_747, 51_555)

# Published: 1,316 repositories whose 30-day count stays the same for 35 days and more.
FROZEN = {
    "Xenova/paraphrase-multilingual-MiniLM-L12-v2": _date("2026-02-28"),
    "facebook/esmfold_v1": _date("2025-08-20"),
    "Bingsu/adetailer": _date("2026-07-10"),
}
"""Repository to the date from which its 30-day count never moves."""


@dataclass(frozen=True)
class Renamed:
    """A new name under the same `_id`, for one repository or for all of an owner's."""

    old: str
    new: str
    date: dt.date


# Published: THUDM became zai-org on 27 to 28 July 2025. The other one is invented, and so is the
# repository that takes its old name later.
RENAMED_OWNER = Renamed("THUDM", "zai-org", _date("2025-07-28"))
RENAMED_MODEL = Renamed("user-0004/nightjar-7b", "nightjar-lab/nightjar-7b", _date("2025-09-10"))
OLD_NAME_TAKEN_ON = _date("2025-10-20")

ARCHIVE_BEGINS = _date("2024-07-29")

# Published: two weeks of August 2024; 36 days to 2025-07-09, whose job died of a number; 2 to 18
# April 2026; parts of May and June 2026. Days of the first and the last are chosen.
ARCHIVE_GAPS = tuple(
    (_date(first), _date(last))
    for first, last in (
        ("2024-08-08", "2024-08-21"),
        ("2025-06-03", "2025-07-08"),
        ("2026-04-02", "2026-04-18"),
        ("2026-05-09", "2026-05-20"),
        ("2026-06-20", "2026-06-27"),
    )
)
"""First and last date of each gap."""

# Published: 289 thousand of 1.13 million rows.
ARCHIVE_PARTIAL = {_date("2025-11-24"): 0.26}
"""Date to the share of the rows that its file holds."""


def in_archive(on: dt.date) -> bool:
    """Whether the archive has a file of that date."""
    return on >= ARCHIVE_BEGINS and not any(first <= on <= last for first, last in ARCHIVE_GAPS)
