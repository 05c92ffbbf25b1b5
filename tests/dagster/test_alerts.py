"""Alerts: one message a failure, one a recovery, and no harm from a webhook that is ill."""

import datetime as dt
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.remote_origin import InProcessCodeLocationOrigin, RemoteRepositoryOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from assets.captures.assets import HUB_CAPTURE
from assets.hub.client import HubAccess
from pipelines import sensors
from pipelines.definitions import build_definitions
from pipelines.failures import PROCESS_TAG, advice, process_identity
from pipelines.running import instance
from pipelines.sample_hub.faults import REFUSED, FaultyHub
from pipelines.sample_hub.server import serving
from pipelines.sensors import build_sensors
from pipelines.settings import Settings
from tests.helpers import item

UI = "https://dagster.lan"
SECRET = "/services/T0/B0/secret"
REFUSING, _ = REFUSED["unauthorized"]


class Receiver:
    """A webhook on this machine: what it was sent, and how it answers."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.answer = 200
        self.ill_for = 0
        self.hang = 0.0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                assert self.path == SECRET
                assert list(body) == ["text"]
                time.sleep(receiver.hang)
                answer = 500 if receiver.ill_for else receiver.answer
                receiver.ill_for = max(0, receiver.ill_for - 1)
                if answer == 200:
                    receiver.texts.append(body["text"])
                self.send_response(answer)
                self.send_header("Location", f"{SECRET}/elsewhere")
                self.end_headers()

            def do_GET(self) -> None:
                # What a redirect leads to: a page, not a delivery.
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}{SECRET}"

    @contextmanager
    def serving(self) -> Iterator["Receiver"]:
        thread = threading.Thread(target=self._server.serve_forever)
        thread.start()
        yield self
        self._server.shutdown()
        thread.join()
        self._server.server_close()

    def take(self) -> list[str]:
        taken, self.texts = self.texts, []
        return taken


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().serving() as serving:
        yield serving


@pytest.fixture
def settings(tmp_path: Path, receiver: Receiver) -> Settings:
    return Settings(
        home=tmp_path / "home", alert_webhook=receiver.address, ui_url=UI, step_retries=0
    )


class Daemon:
    """Ticks of the sensors as the daemon makes them: a cursor each, kept between ticks."""

    def __init__(self, settings: Settings, dagster: dg.DagsterInstance) -> None:
        self.settings, self.dagster = settings, dagster
        self.cursors: dict[str, str | None] = {}
        self.tick()

    def tick(self) -> None:
        for sensor in build_sensors(self.settings):
            context = dg.build_sensor_context(self.dagster, self.cursors.get(sensor.name))
            self.cursors[sensor.name] = sensor.evaluate_tick(context).cursor


@pytest.fixture(scope="module")
def dagster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    """A real instance; what earlier tests did in it lies before a daemon's first tick."""
    with instance(Settings(home=tmp_path_factory.mktemp("dagster"))) as opened:
        yield opened


@pytest.fixture
def daemon(settings: Settings, dagster: dg.DagsterInstance) -> Daemon:
    return Daemon(settings, dagster)


def capture(daemon: Daemon, hub: FaultyHub, date: dt.date) -> dg.ExecuteInProcessResult:
    """The nightly's first step."""
    with serving(hub) as endpoint:
        definitions = build_definitions(replace(daemon.settings, hub=HubAccess(endpoint)))
        job = definitions.resolve_job_def("nightly")
        return job.execute_in_process(
            instance=daemon.dagster,
            partition_key=str(date),
            raise_on_error=False,
            asset_selection=[HUB_CAPTURE],
        )


def run_checks(daemon: Daemon, *checks: dg.AssetCheckResult) -> dg.ExecuteInProcessResult:
    """A run of an asset with checks that end as told."""

    @dg.asset(
        check_specs=[dg.AssetCheckSpec(one.check_name or "", asset="counters") for one in checks]
    )
    def counters() -> dg.MaterializeResult:
        return dg.MaterializeResult(check_results=checks)

    job = dg.define_asset_job("nightly", [counters])
    return (
        dg.Definitions([counters], jobs=[job])
        .resolve_job_def("nightly")
        .execute_in_process(instance=daemon.dagster, raise_on_error=False)
    )


def run_step(daemon: Daemon, step: Callable[[], None]) -> dg.ExecuteInProcessResult:
    @dg.op
    def only_step() -> None:
        step()

    @dg.job
    def from_captures() -> None:
        only_step()

    return from_captures.execute_in_process(instance=daemon.dagster, raise_on_error=False)


def test_a_refused_capture_is_told_once_and_so_is_its_recovery(
    daemon: Daemon, receiver: Receiver, today: dt.date
) -> None:
    hub = FaultyHub([item("a/b", 5)], {1: REFUSING, 2: REFUSING})
    failed = capture(daemon, hub, today)
    assert not failed.success
    daemon.tick()
    (text,) = receiver.take()
    title, why, to_do, link = text.split("\n")
    assert title == f"*Hub Ledger: nightly of {today} FAILED*"
    assert why.startswith("Why: `http://127.0.0.1:")
    assert why.endswith(
        "answered HTTP 401 ('&lt;html&gt;gateway&lt;/html&gt;'): the token in HF_TOKEN is not "
        "valid: renew it or unset it`"
    )
    assert to_do == "What to do: renew `HF_TOKEN` or unset it: no token is needed"
    assert link == f"Run: {UI}/runs/{failed.run_id}"
    for _ in range(3):
        daemon.tick()
    assert receiver.take() == []

    hub.mend()
    mended = capture(daemon, hub, today)
    assert mended.success
    daemon.tick()
    (text,) = receiver.take()
    assert text == "\n".join(
        [
            f"*Hub Ledger: nightly of {today} succeeded again*",
            f"It had failed for {today}: {why.removeprefix('Why: ')}",
            f"Run: {UI}/runs/{mended.run_id}",
        ]
    )
    assert capture(daemon, hub, today).success
    daemon.tick()
    assert receiver.take() == []


def test_the_same_failure_of_the_same_date_is_told_once(
    daemon: Daemon, receiver: Receiver, today: dt.date
) -> None:
    past = FaultyHub([], {})
    for date, messages in ((dt.date(2026, 3, 1), 1), (dt.date(2026, 3, 1), 0), (today, 1)):
        assert not capture(daemon, past, date).success
        daemon.tick()
        assert len(receiver.take()) == messages


def test_what_happened_before_the_first_tick_is_not_told(
    daemon: Daemon, receiver: Receiver
) -> None:
    def broken() -> None:
        raise ValueError("old")

    daemon.cursors = {}
    run_step(daemon, broken)
    daemon.tick()
    daemon.tick()
    assert receiver.take() == []


def test_an_error_without_words_of_its_own(daemon: Daemon, receiver: Receiver) -> None:
    def broken() -> None:
        raise ValueError("<!channel> `code` <https://evil.example|click>\u202e\nsecond line")

    run = run_step(daemon, broken)
    daemon.tick()
    assert receiver.take() == [
        "*Hub Ledger: from_captures FAILED*\n"
        "Why: `only_step: ValueError: &lt;!channel&gt; 'code' "
        "&lt;https://evil.example|click&gt;?`\n"
        "What to do: open the run and read its first error; docs/operating.md, When it fails\n"
        f"Run: {UI}/runs/{run.run_id}"
    ]


def begin(daemon: Daemon, process: str) -> str:
    """A run of the terminal under way, tagged with its process; the run's id."""
    tags = {PROCESS_TAG: process, "dagster/partition": "2026-03-01"}
    run = daemon.dagster.create_run_for_job(_empty_job, tags=tags)
    daemon.dagster.report_dagster_event(
        dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, "from_captures"), run.run_id
    )
    return run.run_id


def is_under_way(daemon: Daemon, run_id: str) -> bool:
    run = daemon.dagster.get_run_by_id(run_id)
    assert run
    return run.status == dg.DagsterRunStatus.STARTED


@pytest.mark.parametrize("tag", [process_identity, str])
def test_a_killed_terminal_run_is_told(
    daemon: Daemon, receiver: Receiver, tag: Callable[[int], str]
) -> None:
    """Also one of a version that noted the number of its process alone."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    tagged = tag(process.pid)
    process.communicate()
    begin(daemon, tagged)
    alive = begin(daemon, tag(os.getpid()))
    daemon.tick()
    assert is_under_way(daemon, alive)
    (text,) = receiver.take()
    assert text.startswith(
        "*Hub Ledger: from_captures of 2026-03-01 FAILED*\n"
        "Why: `the process of this run was killed`\nWhat to do: run again"
    )


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")
def test_another_process_that_bears_the_number_does_not_carry_the_run(daemon: Daemon) -> None:
    number, boot, start = process_identity(os.getpid()).split()
    before_a_reboot = begin(daemon, f"{number} {boot[::-1]} {start}")
    earlier_in_this_boot = begin(daemon, f"{number} {boot} {int(start) - 1}")
    daemon.tick()
    assert not is_under_way(daemon, before_a_reboot)
    assert not is_under_way(daemon, earlier_in_this_boot)


@dg.job(name="from_captures")
def _empty_job() -> None:
    pass


def test_a_crash_that_dagster_starts_again_is_told_with_its_last_try(
    daemon: Daemon, receiver: Receiver
) -> None:
    location = InProcessCodeLocationOrigin(
        LoadableTargetOrigin(module_name="pipelines.definitions"), location_name="hub_ledger"
    )
    origin = RemoteRepositoryOrigin(location, "__repository__").get_job_origin("from_captures")
    first = daemon.dagster.create_run_for_job(_empty_job, remote_job_origin=origin)
    daemon.dagster.report_run_failed(first, message="the run worker is gone")
    daemon.tick()
    assert receiver.take() == []
    again = daemon.dagster.create_run_for_job(
        _empty_job,
        remote_job_origin=origin,
        parent_run_id=first.run_id,
        root_run_id=first.run_id,
        tags={"dagster/parent_run_id": first.run_id, "dagster/root_run_id": first.run_id},
    )
    daemon.dagster.report_run_failed(again, message="the run worker is gone")
    daemon.tick()
    (text,) = receiver.take()
    assert "Why: `the run worker is gone`" in text
    assert again.run_id in text


def test_a_warning_is_told_once_and_that_it_passes(daemon: Daemon, receiver: Receiver) -> None:
    def ended(passed: bool) -> dg.AssetCheckResult:
        return dg.AssetCheckResult(
            check_name="arena_answered",
            passed=passed,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"problems": "- `<!here>`:\nno such dataset", "dagster_dbt/unique_id": "x"},
        )

    first = run_checks(daemon, ended(False))
    assert first.success
    daemon.tick()
    assert receiver.take() == [
        "*Hub Ledger: 1 check warned in nightly*\n"
        "• WARN `arena_answered on counters` `problems: - '&lt;!here&gt;': no such dataset`\n"
        "What to do: the Hub's facts are whole; look for its new name, which is `ARENA` in "
        "`assets/hub/arena.py`\n"
        f"Run: {UI}/runs/{first.run_id}"
    ]
    run_checks(daemon, ended(False))
    daemon.tick()
    assert receiver.take() == []
    last = run_checks(daemon, ended(True))
    daemon.tick()
    assert receiver.take() == [
        "*Hub Ledger: 1 check passes again in nightly*\n"
        f"• `arena_answered on counters`\nRun: {UI}/runs/{last.run_id}"
    ]


def test_many_failed_checks_are_one_message_of_bounded_length(
    daemon: Daemon, receiver: Receiver
) -> None:
    run_checks(
        daemon,
        *(
            dg.AssetCheckResult(
                check_name=f"check_{number:03}",
                passed=False,
                metadata={f"value {n}": "<" * 10_000 for n in range(9)},
            )
            for number in range(12)
        ),
    )
    daemon.tick()
    (text,) = receiver.take()
    assert text.startswith("*Hub Ledger: 12 checks FAILED in nightly*\n• ERROR `check_000 on")
    assert "\n• and 2 more\nWhat to do: open the check on its asset's page" in text
    assert len(text) < 40_000


def test_a_check_that_stops_its_run_is_told_with_the_run(
    daemon: Daemon, receiver: Receiver
) -> None:
    @dg.asset(check_specs=[dg.AssetCheckSpec("sums_to_one", asset="share", blocking=True)])
    def share() -> dg.MaterializeResult:
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=False)])

    run = (
        dg.Definitions([share])
        .resolve_implicit_global_asset_job_def()
        .execute_in_process(instance=daemon.dagster, raise_on_error=False)
    )
    assert not run.success
    daemon.tick()
    (text,) = receiver.take()
    assert "Why: `check sums_to_one on share failed`\n" in text
    assert "What to do: read the check on its asset's page" in text


@pytest.mark.parametrize("answer", [302, 404, 500])
def test_an_ill_webhook_gets_the_message_when_it_is_well_again(
    daemon: Daemon, receiver: Receiver, answer: int
) -> None:
    def broken() -> None:
        raise ValueError("lost?")

    receiver.answer = answer
    run_step(daemon, broken)
    daemon.tick()
    daemon.tick()
    receiver.answer = 200
    daemon.tick()
    (text,) = receiver.take()
    assert "lost?" in text
    daemon.tick()
    assert receiver.take() == []


def sensor_log(daemon: Daemon, capfd: pytest.CaptureFixture[str]) -> str:
    capfd.readouterr()
    daemon.tick()
    return "".join(capfd.readouterr())


def test_what_no_try_could_send_is_in_the_log_without_the_address(
    daemon: Daemon, receiver: Receiver, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise ValueError("nobody hears")

    receiver.answer = 500
    run_step(daemon, broken)
    said = [sensor_log(daemon, capfd) for _ in range(4)]
    assert ["the alert webhook: HTTP 500" in one for one in said] == [True, True, True, False]
    assert ["nobody hears" in one for one in said] == [False, False, True, False]
    assert SECRET not in "".join(said)
    assert SECRET not in str(daemon.cursors)
    receiver.answer = 200
    daemon.tick()
    assert receiver.take() == []


def test_of_many_that_wait_the_oldest_are_in_the_log(
    daemon: Daemon,
    receiver: Receiver,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbers = iter(range(4))

    def broken() -> None:
        raise ValueError(f"number {next(numbers)}")

    monkeypatch.setattr(sensors, "_MOST_UNSENT", 2)
    receiver.answer = 500
    for _ in range(4):
        run_step(daemon, broken)
    said = sensor_log(daemon, capfd)
    assert [f"number {number}" in said for number in range(4)] == [True, True, False, False]
    receiver.answer = 200
    daemon.tick()
    assert ["number 2" in text or "number 3" in text for text in receiver.take()] == [True, True]


def test_an_address_that_no_request_can_be_made_for_stops_nothing(
    daemon: Daemon, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise ValueError

    daemon.settings = replace(daemon.settings, alert_webhook=f"http://{'a' * 64}.test{SECRET}")
    run_step(daemon, broken)
    assert "the alert webhook: UnicodeError" in sensor_log(daemon, capfd)


def test_a_webhook_that_hangs_or_is_gone_holds_nothing_up(
    daemon: Daemon, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise ValueError

    monkeypatch.setattr(sensors, "_TIMEOUT_SECONDS", 0.2)
    receiver.hang = 2.0
    run_step(daemon, broken)
    start = time.monotonic()
    daemon.tick()
    assert time.monotonic() - start < 1.5
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    daemon.settings = replace(daemon.settings, alert_webhook=f"http://127.0.0.1:{port}{SECRET}")
    daemon.tick()
    assert json.loads(daemon.cursors["run_alerts"] or "")["unsent"][0]["tries"] == 2


def test_without_a_webhook_the_log_has_it_once(
    daemon: Daemon, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise ValueError("read me")

    daemon.settings = replace(daemon.settings, alert_webhook=None)
    run_step(daemon, broken)
    assert sensor_log(daemon, capfd).count("from_captures FAILED") == 1
    assert "FAILED" not in sensor_log(daemon, capfd)


def test_a_run_that_was_removed_or_a_broken_cursor_stops_nothing(
    daemon: Daemon, receiver: Receiver
) -> None:
    def broken() -> None:
        raise ValueError

    run = run_step(daemon, broken)
    daemon.dagster.run_storage.delete_run(run.run_id)
    daemon.tick()
    daemon.cursors["run_alerts"] = "{torn"
    daemon.tick()
    run_step(daemon, broken)
    daemon.tick()
    assert len(receiver.take()) == 1


@pytest.mark.parametrize(
    ("message", "to_do"),
    [
        ("http://x did not answer: ConnectError; check the network", "run again; the crawl goes"),
        ("http://x answered HTTP 403 ('no'): the token", "renew `HF_TOKEN`"),
        ("403 rows", "open the run"),
        ("2026-11-25 gave a partial: 3 rows of 9", "run again the same day"),
        ("the facts of 2026-11-25 are not finished", "read the failed check"),
        ("no capture of x is on disk, and the Hub shows today's counters only", "nothing"),
        ("", "open the run"),
    ],
)
def test_advice_is_that_of_the_operating_page(message: str, to_do: str) -> None:
    assert advice(message).startswith(to_do)
