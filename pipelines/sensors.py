"""What watches runs and checks, and tells people once.

Belongs here: what was told already, the webhook. Does not belong here: the words (see
`pipelines.failures`).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dagster as dg
import msgspec
from huggingface_hub.utils import httpx

from pipelines import failures
from pipelines.settings import Settings

_TIMEOUT_SECONDS = 5.0
_TRIES = 3
_PAUSE_SECONDS = 60.0
_RUNS_A_TICK = 20
_MOST_UNSENT = 20


class _Told(msgspec.Struct):
    """A failure that people know of: until it is over it is not told again."""

    event: int
    date: str
    why: str


class _Unsent(msgspec.Struct):
    text: str
    tries: int = 0


class _Memory(msgspec.Struct):
    """A sensor's cursor."""

    failure: int
    success: int
    told: dict[str, _Told] = msgspec.field(default_factory=dict)
    unsent: list[_Unsent] = msgspec.field(default_factory=list)


@dataclass(frozen=True)
class _Ended:
    """A run that ended, and the number of that event."""

    dagster: dg.DagsterInstance
    run: dg.DagsterRun
    event: int


Tell = Callable[[_Ended, dict[str, _Told], str], list[str]]
"""Messages about an ended run, by what was told before and with the UI's address."""


def build_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """The sensors, on wherever a daemon runs."""
    return [
        _sensor(
            "run_alerts",
            "Tells once of a run that failed, and once when the same job succeeds again.",
            _tell_run,
            settings,
        ),
        _sensor(
            "check_alerts",
            "Tells once of a check that failed without stopping its run, and once when it passes.",
            _tell_checks,
            settings,
        ),
    ]


def _tell_run(ended: _Ended, told: dict[str, _Told], address: str) -> list[str]:
    run = ended.run
    what, date = failures.subject(run), failures.dates(run)
    before = told.get(what)
    if run.status == dg.DagsterRunStatus.FAILURE:
        if failures.is_tried_again(run):
            return []
        why = failures.reason(ended.dagster, run)
        told[what] = _Told(ended.event, date, why)
        is_known = before is not None and (before.date, before.why) == (date, why)
        return [] if is_known else [failures.failure_message(run, why, address)]
    if before and ended.event > before.event:
        del told[what]
        return [failures.recovery_message(run, before.date, before.why, address)]
    return []


def _tell_checks(ended: _Ended, told: dict[str, _Told], address: str) -> list[str]:
    failed, passed = [], []
    run_succeeded = ended.run.status == dg.DagsterRunStatus.SUCCESS
    for one in failures.evaluations(ended.dagster, ended.run):
        name = failures.check_name(one)
        # A check that stopped its run is what is said of that run.
        if not one.passed and (run_succeeded or one.severity == dg.AssetCheckSeverity.WARN):
            if name not in told:
                failed.append(one)
            told[name] = _Told(ended.event, failures.dates(ended.run), "")
        elif one.passed and name in told and ended.event > told[name].event:
            del told[name]
            passed.append(one)
    messages = []
    if failed:
        messages.append(failures.checks_message(ended.run, failed, address))
    if passed:
        messages.append(failures.checks_recovery_message(ended.run, passed, address))
    return messages


def _sensor(name: str, description: str, tell: Tell, settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        name=name,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"{description} To HUB_LEDGER_ALERT_WEBHOOK, or to the log.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        dagster = context.instance
        failures.end_killed_runs(dagster)
        memory = _recall(dagster, context.cursor)
        for event, run_id in _newly_ended(dagster, memory):
            run = dagster.get_run_by_id(run_id)
            if run is not None:
                texts = tell(_Ended(dagster, run, event), memory.told, settings.ui_url)
                memory.unsent += [_Unsent(text) for text in texts]
        for cut_off in memory.unsent[:-_MOST_UNSENT]:
            context.log.error(f"not sent: {cut_off.text}")
        memory.unsent = memory.unsent[-_MOST_UNSENT:]
        sent = _deliver(context, memory.unsent, settings.alert_webhook)
        context.update_cursor(msgspec.json.encode(memory).decode())
        return dg.SkipReason(f"{sent} told, {len(memory.unsent)} waiting")

    return sensor


def _recall(dagster: dg.DagsterInstance, cursor: str | None) -> _Memory:
    """What the last tick left; the first one begins with the runs that end from now on."""
    try:
        return msgspec.json.decode(cursor or "", type=_Memory)
    except msgspec.DecodeError:
        newest = [
            dagster.fetch_run_status_changes(of_type, limit=1).records
            for of_type in (dg.DagsterEventType.RUN_FAILURE, dg.DagsterEventType.RUN_SUCCESS)
        ]
        failure, success = (found[0].storage_id if found else 0 for found in newest)
        return _Memory(failure, success)


def _newly_ended(dagster: dg.DagsterInstance, memory: _Memory) -> list[tuple[int, str]]:
    """Runs that ended since, in that order; the memory goes on to them."""

    def after(seen: int, of_type: Any) -> list[tuple[int, str]]:
        wanted = dg.RunStatusChangeRecordsFilter(of_type, after_storage_id=seen)
        found = dagster.fetch_run_status_changes(wanted, limit=_RUNS_A_TICK, ascending=True)
        return [(one.storage_id, one.event_log_entry.run_id) for one in found.records]

    # Failures last: one that comes between the two questions is then told before its recovery.
    succeeded = after(memory.success, dg.DagsterEventType.RUN_SUCCESS)
    failed = after(memory.failure, dg.DagsterEventType.RUN_FAILURE)
    memory.success = max([memory.success, *(event for event, _ in succeeded)])
    memory.failure = max([memory.failure, *(event for event, _ in failed)])
    return sorted(succeeded + failed)


def _deliver(
    context: dg.SensorEvaluationContext, unsent: list[_Unsent], webhook: str | None
) -> int:
    """Send what waits, oldest first; what could not be sent in a few ticks goes to the log."""
    sent = 0
    while unsent:
        problem = post(webhook, unsent[0].text) if webhook else None
        if problem is None:
            if not webhook:
                context.log.warning(unsent[0].text)
            unsent.pop(0)
            sent += 1
            continue
        unsent[0].tries += 1
        context.log.warning(f"the alert webhook: {problem}")
        if unsent[0].tries == _TRIES:
            context.log.error(f"not sent: {unsent.pop(0).text}")
        break
    return sent


def post(webhook: str, text: str) -> str | None:
    """Post one message; what went wrong, in words without the address, which is a secret."""
    try:
        # Redirects are not followed: a page that answers in the end is no delivery.
        answer = httpx.post(webhook, json={"text": text}, timeout=_TIMEOUT_SECONDS)
    # The last two: a host that cannot be a name, a proxy or certificates that cannot be used.
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return type(error).__name__
    return None if answer.is_success else f"HTTP {answer.status_code}"


def post_in_tries(webhook: str, text: str) -> str | None:
    """Post one message in as many tries as a sensor has; what went wrong with the last one."""
    for _ in range(_TRIES - 1):
        if post(webhook, text) is None:
            return None
        time.sleep(_PAUSE_SECONDS)
    return post(webhook, text)
