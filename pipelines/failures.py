"""What is said of a failed run or check: what, which date, why, what to do, where to look.

Belongs here: reading it from a run's events, the words. Does not belong here: when it is said and
to whom (see `pipelines.sensors`).
"""

import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import dagster as dg

from assets.hub.items import printable

PROCESS_TAG = "hub_ledger/process"
"""On runs of a terminal: the process that carries them, by its identity."""

_OPERATING = Path(__file__).resolve().parents[1] / "docs" / "operating.md"
_ELSE_RUN = "open the run and read its first error; docs/operating.md, When it fails"
_ELSE_CHECK = "open the check on its asset's page; it says what it means"
_WILL_RETRY, _PARTITION = "dagster/will_retry", "dagster/partition"
_RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
_MOST_CHECKS, _MOST_VALUES = 10, 3


def end_killed_runs(dagster: dg.DagsterInstance) -> None:
    """Note the end of terminal runs whose process was killed; nobody else can know of it."""
    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
    for run in dagster.get_runs(unfinished):
        process = run.tags.get(PROCESS_TAG)
        if process and not _is_alive(process):
            dagster.report_run_failed(run, message="the process of this run was killed")


def process_identity(process: int) -> str:
    """A process told from all others for good: its number, the boot, its start in it.

    Where the system does not say (there is no /proc) it is the number alone.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        told = Path(f"/proc/{process}/stat").read_bytes()
    except OSError:
        return str(process)
    # The second field, the program's name in brackets, may hold anything; the start is the 22nd.
    return f"{process} {boot} {int(told.rpartition(b')')[2].split()[19])}"


def _is_alive(tag: str) -> bool:
    number = tag.split()[0]
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    # Where either side has the number alone, it has to do.
    return tag == number or process_identity(int(number)) in (tag, number)


def is_tried_again(run: dg.DagsterRun) -> bool:
    """Whether Dagster itself starts a failed run anew; it cannot for those of a terminal."""
    return run.tags.get(_WILL_RETRY) == "true" and run.remote_job_origin is not None


def subject(run: dg.DagsterRun) -> str:
    """What ran: a job by its name, a click on assets by their names."""
    if not run.job_name.startswith("__"):
        return run.job_name
    keys = sorted(key.to_user_string() for key in run.asset_selection or ())
    more = f" and {len(keys) - 2} more" if len(keys) > 2 else ""
    return f"materialization of {', '.join(keys[:2])}{more}"


def dates(run: dg.DagsterRun) -> str:
    """The date of a run, or its first and last; empty for a run without any."""
    if _RANGE[0] in run.tags:
        return f"{run.tags[_RANGE[0]]} to {run.tags[_RANGE[1]]}"
    return run.tags.get(_PARTITION, "")


def reason(dagster: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """Why a run failed, in one line; our own failures bring theirs."""
    unsaid = []
    for entry in dagster.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        assert entry.dagster_event
        data = entry.dagster_event.step_failure_data
        said = data.user_failure_data.description if data.user_failure_data else None
        if said and "\n" not in said:
            return said
        error = data.error and (data.error.cause or data.error)
        unsaid.append(f"{entry.step_key}: {_first_line(said or (error.message if error else ''))}")
    failed = [one for one in evaluations(dagster, run) if _stops(one)]
    if failed:
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        return f"check {failed[0].check_name} on {_asset(failed[0])} failed{more}"
    if unsaid:
        return unsaid[0]
    ends = dagster.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
    return _first_line(*(one.dagster_event.message or "" for one in ends if one.dagster_event))


def _first_line(*texts: str) -> str:
    lines = [line.strip() for text in texts for line in text.splitlines()]
    return next((line for line in lines if line), "no reason was recorded")


def _stops(evaluation: dg.AssetCheckEvaluation) -> bool:
    return not evaluation.passed and evaluation.severity == dg.AssetCheckSeverity.ERROR


def evaluations(
    dagster: dg.DagsterInstance, run: dg.DagsterRun
) -> Iterable[dg.AssetCheckEvaluation]:
    """How each check of a run ended."""
    of_type = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    entries = dagster.all_logs(run.run_id, of_type=of_type)
    found = [
        entry.dagster_event.asset_check_evaluation_data for entry in entries if entry.dagster_event
    ]
    return {check_name(one): one for one in found}.values()


def check_name(evaluation: dg.AssetCheckEvaluation) -> str:
    """A check with its asset."""
    return f"{evaluation.check_name} on {_asset(evaluation)}"


def _asset(evaluation: dg.AssetCheckEvaluation) -> str:
    return evaluation.asset_key.to_user_string()


def advice(why: str, otherwise: str = _ELSE_RUN) -> str:
    """What docs/operating.md says to do about a message."""
    found = [(len(text), to_do) for text, pattern, to_do in _advices() if pattern.search(why)]
    return max(found)[1] if found else otherwise


@cache
def _advices() -> list[tuple[str, re.Pattern[str], str]]:
    """Each message of the table there; `...` in it stands for anything."""
    if not _OPERATING.is_file():
        return []
    _, _, rest = _OPERATING.read_text().partition("## When it fails")
    made = []
    for row in re.findall(r"^\| (`.+?) \| .+? \| (.+?) \|$", rest, re.M):
        for text in re.findall(r"`([^`]+)`", row[0]):
            parts = [re.escape(part.strip()) for part in text.split("...") if part.strip()]
            made.append((text, re.compile(".*".join(parts)), row[1]))
    return made


def failure_message(run: dg.DagsterRun, why: str, address: str) -> str:
    """A run failed."""
    return "\n".join(
        [
            f"*Hub Ledger: {_named(run)} FAILED*",
            f"Why: {_quoted(why, 600)}",
            f"What to do: {_escaped(advice(why))}",
            _link(run, address),
        ]
    )


def recovery_message(run: dg.DagsterRun, failed: str, why: str, address: str) -> str:
    """A job that had failed succeeded."""
    before = f"It had failed{f' for {failed}' if failed else ''}: {_quoted(why, 300)}"
    return "\n".join([f"*Hub Ledger: {_named(run)} succeeded again*", before, _link(run, address)])


def checks_message(run: dg.DagsterRun, failed: list[dg.AssetCheckEvaluation], address: str) -> str:
    """Checks failed that did not stop the run."""
    only_warnings = all(one.severity == dg.AssetCheckSeverity.WARN for one in failed)
    word = "warned" if only_warnings else "FAILED"
    lines = [f"*Hub Ledger: {_count(failed)} {word} in {_named(run)}*"]
    lines += [
        f"• {one.severity.value} {_quoted(check_name(one), 200)}{_values(one.metadata)}"
        for one in failed[:_MOST_CHECKS]
    ]
    lines += _rest(failed)
    told = " ".join(_values(one.metadata) for one in failed)
    lines.append(f"What to do: {_escaped(advice(told, _ELSE_CHECK))}")
    return "\n".join([*lines, _link(run, address)])


def checks_recovery_message(
    run: dg.DagsterRun, passed: list[dg.AssetCheckEvaluation], address: str
) -> str:
    """Checks that had failed passed."""
    verb = "passes" if len(passed) == 1 else "pass"
    lines = [f"*Hub Ledger: {_count(passed)} {verb} again in {_named(run)}*"]
    lines += [f"• {_quoted(check_name(one), 200)}" for one in passed[:_MOST_CHECKS]]
    return "\n".join([*lines, *_rest(passed), _link(run, address)])


def _count(checks: list[dg.AssetCheckEvaluation]) -> str:
    return f"{len(checks)} check{'' if len(checks) == 1 else 's'}"


def _rest(checks: list[dg.AssetCheckEvaluation]) -> list[str]:
    return [f"• and {len(checks) - _MOST_CHECKS} more"] if len(checks) > _MOST_CHECKS else []


def _values(metadata: Mapping[str, dg.MetadataValue]) -> str:
    told = [
        f"{name.removeprefix('dagster_dbt/')}: {value.value}"
        for name, value in metadata.items()
        if "/" not in name or name == "dagster_dbt/failed_row_count"
    ]
    return "".join(f" {_quoted(text, 200)}" for text in told[:_MOST_VALUES])


def _named(run: dg.DagsterRun) -> str:
    date = dates(run)
    return _escaped(printable(f"{subject(run)}{f' of {date}' if date else ''}", 200))


def _link(run: dg.DagsterRun, address: str) -> str:
    return f"Run: {address}/runs/{run.run_id}"


def _quoted(text: str, length: int) -> str:
    """Text from outside as code: a chat makes no links, mentions or markup of it."""
    shown = printable(" ".join(text.split()), length + 1).replace("`", "'")
    return f"`{_escaped(shown[:length] + '…' if len(shown) > length else shown)}`"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
