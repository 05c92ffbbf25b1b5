"""The commands behind `make`: each runs the same Dagster jobs as the UI and the schedule.

Belongs here: arguments, the terminal, exit statuses. Does not belong here: work. What imports
Dagster, which takes seconds, is imported where it is run, after what is refused.
"""

import argparse
import datetime as dt
import os
import shlex
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dotenv import load_dotenv

from assets.errors import LedgerError
from pipelines.settings import Settings, alert_webhook, read_settings

if TYPE_CHECKING:
    from dagster import AssetKey

    from assets.captures.store import Manifest

_REPOSITORY = Path(__file__).resolve().parents[1]
_DEMO_DAYS = 730


def main(arguments: list[str]) -> int:
    """Run one command.

    Returns:
        0 for done, 1 for a run that failed or a day that is overdue, 2 for what the user can mend,
        3 for an alert that could not be sent.
    """
    try:
        _read_env_file()
        options = _parser().parse_args(arguments)
        return options.command(read_settings(), options)
    except LedgerError as error:
        print(f"hub-ledger: {error}", file=sys.stderr)
        return _tell_of_settings(error) if arguments[:1] == ["watch"] else 2
    except KeyboardInterrupt:
        print("hub-ledger: stopped; the next run goes on from here", file=sys.stderr)
        return 130


def _read_env_file() -> None:
    try:
        # What the environment already says wins over the file.
        load_dotenv(Path.cwd() / ".env")
    except (OSError, ValueError) as error:
        raise LedgerError(
            f".env cannot be read ({type(error).__name__}): it should be text in UTF-8, and this "
            "user's"
        ) from None


def demo(settings: Settings, options: argparse.Namespace) -> int:
    """Two years from the sample Hub's archive, tonight from its list, and the headline."""
    from assets.captures.archive_source import capture_archive
    from assets.captures.assets import ARCHIVE_CAPTURE
    from assets.captures.store import CaptureStore
    from assets.hub.archive import HUB_STATS
    from assets.hub.client import HubClient
    from pipelines.progress import show_backfill
    from pipelines.sample_hub.arena import sample_arena
    from pipelines.sample_hub.catalogue import SAMPLE, Catalogue
    from pipelines.sample_hub.datasets import sample_archive
    from pipelines.sample_hub.server import SampleHub, serving

    today, catalogue = _today(), Catalogue()
    yesterday = today - dt.timedelta(days=1)
    store = CaptureStore(settings.home / "captures")
    store.require_kind(SAMPLE)
    past = [sample_archive(catalogue, yesterday), sample_arena(yesterday)]
    hub = SampleHub(catalogue.items(today), SAMPLE, datasets=past)
    with serving(hub) as endpoint:
        print(f"Embedded sample Hub at {endpoint}: generated models, not the real Hub's.")
        settings = replace(settings, hub=replace(settings.hub, endpoint=endpoint, token=None))
        done = capture_archive(
            store,
            HubClient(settings.hub, say=print),
            HUB_STATS,
            max(settings.start_date, today - dt.timedelta(days=_DEMO_DAYS)),
            yesterday,
            "week",
            settings.max_bad_share,
            settings.thresholds.min_rows,
            show_backfill if sys.stderr.isatty() else lambda progress: None,
        )
        print(
            f"{len(done.sealed)} weekly captures from its archive: {done.received / 1e6:,.1f} MB "
            f"fetched of {done.file_bytes / 1e6:,.1f}."
        )
        _tell_dagster(settings, ARCHIVE_CAPTURE, done.sealed)
        return _nightly(settings)


def nightly(settings: Settings, options: argparse.Namespace) -> int:
    """Tonight's capture from the Hub, facts, checks, publication."""
    if options.date is not None and options.date != _today():
        raise LedgerError(
            f"DATE={options.date} is not today ({_today()} UTC): the Hub shows today's counters "
            "only; past dates come from make backfill or make import"
        )
    return _nightly(settings)


def import_captures(settings: Settings, options: argparse.Namespace) -> int:
    """Captures made elsewhere, then their facts."""
    from assets.captures.sources import import_files
    from assets.captures.store import CaptureStore

    if not options.captures:
        raise LedgerError("which folder? make import CAPTURES=DIR")
    store = CaptureStore(settings.home / "captures")
    known = set(store.dates())
    sealed = import_files(
        store,
        Path(options.captures).expanduser(),
        settings.max_bad_share,
        settings.thresholds.min_rows,
        settings.start_date,
    )
    for manifest in sealed:
        bad = f", {manifest.quarantined} quarantined" if manifest.quarantined else ""
        print(f"{manifest.date}: {manifest.rows:,} rows{bad}, {manifest.verdict}")
    if known:
        print(f"{len(known)} dates were recorded already and stay as they are.")
    from assets.captures.assets import HUB_CAPTURE

    return _facts_of(settings, HUB_CAPTURE, sealed)


def rebuild(settings: Settings, options: argparse.Namespace) -> int:
    """The warehouse again, from the captures on disk."""
    from assets.arena.store import ArenaStore
    from assets.captures.store import CaptureStore
    from assets.facts.project import manifest_path
    from assets.ledger.warehouse import warehouse_path, writer_turn

    store = CaptureStore(settings.home / "captures")
    dates = store.dates()
    if not dates:
        raise LedgerError(f"no captures in {store.root}: nothing to rebuild from")
    from pipelines.jobs import FROM_CAPTURES
    from pipelines.running import instance_folder, require_in_calendar, run_job

    # What it refuses is refused while the old warehouse is there.
    instance_folder(settings)
    require_in_calendar(settings, dates[-1])
    manifest_path()
    for date in dates:
        store.verify(date)
    arena = ArenaStore(settings.home / "arena")
    for table in arena.tables():
        arena.read(table)
    with writer_turn(settings.home, say=print):
        path = warehouse_path(settings.home)
        path.unlink(missing_ok=True)
        path.with_name(path.name + ".wal").unlink(missing_ok=True)
    print(f"Rebuilding from {len(dates)} captures, {dates[0]} to {dates[-1]}.")
    return _finished(settings, run_job(settings, FROM_CAPTURES, dates[-1]))


def claims(settings: Settings, options: argparse.Namespace) -> int:
    """The claims of the seed held against the record, and their verdicts."""
    from assets.captures.store import CaptureStore
    from assets.facts.assets import CLAIM_SEEDS
    from assets.facts.versions import has_same_seeds
    from assets.ledger.warehouse import writer_turn
    from assets.publication.claims import require_claim, verdict, verdicts
    from assets.publication.warehouse import PUBLISHED_NAME, is_finished

    dates = CaptureStore(settings.home / "captures").dates()
    if not dates:
        raise LedgerError("nothing is recorded yet: make nightly, make backfill or make demo first")
    if options.claim:
        require_claim(options.claim)
    with writer_turn(settings.home, say=print):
        is_told = is_finished(settings.home) and has_same_seeds(
            settings.home, but=[seed.path[-1] for seed in CLAIM_SEEDS]
        )
    from pipelines.jobs import CLAIMS, FROM_CAPTURES
    from pipelines.running import run_job

    if not run_job(settings, CLAIMS if is_told else FROM_CAPTURES, dates[-1]):
        return 1
    path = settings.home / "published" / PUBLISHED_NAME
    print(f"\n{verdict(path, options.claim) if options.claim else verdicts(path)}")
    return 0


def audit(settings: Settings, options: argparse.Namespace) -> int:
    """The user's own inventories held against the record, and their page."""
    from assets.captures.store import CaptureStore
    from assets.exposure.sources import FOLDER, gather, keep, kept
    from assets.publication.exposures import exposures
    from assets.publication.warehouse import PUBLISHED_NAME

    published = settings.home / "published"
    dates = CaptureStore(settings.home / "captures").dates()
    if not dates or not (published / PUBLISHED_NAME).exists():
        raise LedgerError(
            "nothing is published yet: make nightly, make backfill or make demo first"
        )
    found = []
    for name, path in _named_paths(options.inventory):
        found += gather(Path(path).expanduser(), published / PUBLISHED_NAME, name)
    if found:
        keep(settings.home, found)
    elif not kept(settings.home):
        raise LedgerError(
            "which models? make audit INVENTORY=FILE: a CSV or YAML of model ids with weights, a "
            "Hugging Face cache, or a folder of code"
        )
    from pipelines.jobs import AUDIT
    from pipelines.running import run_job

    if not run_job(settings, AUDIT, dates[-1]):
        return 1
    print(f"\n{exposures(published / PUBLISHED_NAME)}\n")
    print(f"Page         {published / 'exposure' / 'index.html'}")
    print(f"Data         {published / 'exposure' / 'data'}")
    print(f"Inventories  {settings.home / FOLDER} (remove a file to leave it out)")
    return 0


def _named_paths(text: str | None) -> list[tuple[str | None, str]]:
    """Paths as a shell parts them, each with its name where one stands before it (NAME=PATH)."""
    try:
        words = shlex.split(text or "")
    except ValueError as error:
        raise LedgerError(f"INVENTORY={text!r}: {error}") from None
    parted = [(word, *word.partition("=")) for word in words]
    return [
        (name, path) if is_named and not Path(word).exists() else (None, word)
        for word, name, is_named, path in parted
    ]


def metrics(settings: Settings, options: argparse.Namespace) -> int:
    """A metric of what is published, or which there are."""
    from assets.publication.metrics import Question, answer, available
    from assets.publication.warehouse import PUBLISHED_NAME

    path = settings.home / "published" / PUBLISHED_NAME
    if not options.metrics:
        print(available(path))
        return 0
    question = Question(
        options.metrics,
        options.by,
        options.where,
        options.order,
        options.limit,
        options.first,
        options.last,
    )
    print(answer(path, question, options.explain))
    return 0


def backfill(settings: Settings, options: argparse.Namespace) -> int:
    """Past captures from the public archive, then their facts."""
    from assets.captures.admission import ADMITTED
    from assets.captures.archive_source import capture_archive
    from assets.captures.store import CaptureStore
    from assets.hub.archive import EVERY, HINTS
    from assets.hub.client import HubClient
    from pipelines.progress import show_backfill

    if options.first is None or options.last is None:
        raise LedgerError("which dates? make backfill FROM=2025-03-01 TO=2026-11-01 EVERY=week")
    if options.every not in EVERY:
        raise LedgerError(f"EVERY={options.every!r} should be one of {', '.join(EVERY)}")
    if options.first < settings.start_date:
        raise LedgerError(
            f"FROM={options.first} lies before the first date of the calendar "
            f"({settings.start_date}); set HUB_LEDGER_START_DATE to an earlier one"
        )
    done = capture_archive(
        CaptureStore(settings.home / "captures"),
        HubClient(settings.hub, say=print, hints=HINTS),
        settings.archive,
        options.first,
        options.last,
        options.every,
        settings.max_bad_share,
        settings.thresholds.min_rows,
        show_backfill,
    )
    print(
        f"{len(done.sealed)} dates recorded from {settings.archive}, {len(done.recorded)} were "
        f"before; {done.received:,} bytes fetched of {done.file_bytes:,}, {done.requests} requests."
    )
    if done.gaps:
        print(f"The archive has nothing of {', '.join(done.gaps_as_text)}.")
    for manifest in done.sealed:
        if manifest.verdict != ADMITTED:
            print(f"{manifest.date} does not count: {manifest.verdict}")
    for date, reason in done.refused.items():
        print(f"{date} is not recorded: {reason}", file=sys.stderr)
    if not (done.sealed or done.recorded):
        raise LedgerError(f"nothing between {options.first} and {options.last} could be recorded")
    from assets.captures.assets import ARCHIVE_CAPTURE

    return _facts_of(settings, ARCHIVE_CAPTURE, done.sealed)


def probe(settings: Settings, options: argparse.Namespace) -> int:
    """Two pages of the Hub: does it keep the contract the crawl relies on?"""
    from assets.hub.client import HubClient
    from assets.hub.listing import probe_contract

    print("\n".join(probe_contract(HubClient(settings.hub, say=print))))
    return 0


def watch(settings: Settings, options: argparse.Namespace) -> int:
    """Tell of a day that was not published by its deadline, Dagster running or not."""
    from pipelines.overdue import overdue

    text = overdue(settings, dt.datetime.now(dt.UTC))
    if text is None:
        return 0
    print(text, file=sys.stderr)
    return 1 if _is_posted(settings.alert_webhook, text) else 3


def _tell_of_settings(error: LedgerError) -> int:
    """Post what `watch` could not start for: it stops Dagster too, so that nobody else tells."""
    from pipelines.overdue import unusable_settings

    try:
        webhook = alert_webhook()
    except LedgerError:
        return 2
    return 2 if _is_posted(webhook, unusable_settings(error)) else 3


def _is_posted(webhook: str | None, text: str) -> bool:
    """Whether all is told that can be: without a webhook it is on the terminal."""
    from pipelines.sensors import post_in_tries

    problem = post_in_tries(webhook, text) if webhook else None
    if problem:
        print(f"the alert webhook: {problem}", file=sys.stderr)
    return problem is None


def sample_hub(settings: Settings, options: argparse.Namespace) -> int:
    """Serve the embedded Hub until Ctrl-C or SIGTERM."""
    import signal
    import time

    from pipelines.sample_hub.arena import sample_arena
    from pipelines.sample_hub.catalogue import SAMPLE, Catalogue
    from pipelines.sample_hub.datasets import sample_archive
    from pipelines.sample_hub.server import SampleHub, read_capture_file, serving

    # The archive's folder goes when the process ends, not when it is killed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if options.captures:
        path = Path(options.captures).expanduser()
        hub = SampleHub(read_capture_file(path), f"replay of {path.name}")
    else:
        catalogue, today = Catalogue(), _today()
        yesterday = today - dt.timedelta(days=1)
        past = [sample_archive(catalogue, yesterday), sample_arena(yesterday)]
        hub = SampleHub(catalogue.items(today), SAMPLE, datasets=past)
    with serving(hub, options.port) as endpoint:
        try:
            print(
                f"Sample Hub ({hub.sample}): HF_ENDPOINT={endpoint}  Ctrl-C stops it.", flush=True
            )
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return 0


def docs(settings: Settings, options: argparse.Namespace) -> int:
    """Write the pages of docs/ that are made from the dbt project."""
    from pipelines.documents import write_documents

    write_documents()
    return 0


def questions(settings: Settings, options: argparse.Namespace) -> int:
    """Write the answers of docs/questions.md anew, from the published sample data."""
    from assets.publication.warehouse import PUBLISHED_NAME
    from pipelines.documents import write_answers

    write_answers(settings.home / "published" / PUBLISHED_NAME)
    return 0


def dev(settings: Settings, options: argparse.Namespace) -> int:
    """The Dagster UI with its daemon; replaces this process."""
    if not 1 <= options.port <= 65535:
        raise LedgerError(f"PORT={options.port} is no port; choose one from 1024 to 65535")
    with socket.socket() as trial:
        if trial.connect_ex(("127.0.0.1", options.port)) == 0:
            raise LedgerError(f"port {options.port} is in use; choose another: make dev PORT=3001")
    from pipelines.running import instance_folder

    address = ["--host", "127.0.0.1", "--port", str(options.port)]
    os.environ["DAGSTER_HOME"] = str(instance_folder(settings))
    os.environ["HUB_LEDGER_HOME"] = str(settings.home)
    print(f"Dagster UI: http://127.0.0.1:{options.port}  Ctrl-C stops it.", flush=True)
    dagster = str(Path(sys.executable).with_name("dagster"))
    workspace = str(_REPOSITORY / "workspace.yaml")
    os.execv(dagster, [dagster, "dev", "--workspace", workspace, *address])  # noqa: S606


def _tell_dagster(settings: Settings, asset: "AssetKey", sealed: "list[Manifest]") -> None:
    """Let Dagster know of captures made outside of it."""
    import dagster as dg

    from assets.captures.assets import capture_metadata
    from pipelines.running import instance

    with instance(settings) as dagster:
        for manifest in sealed:
            dagster.report_runless_asset_event(
                dg.AssetMaterialization(
                    asset, partition=str(manifest.date), metadata=capture_metadata(manifest)
                )
            )


def _facts_of(settings: Settings, asset: "AssetKey", sealed: "list[Manifest]") -> int:
    """Run what follows from all captures on disk, some of them just sealed."""
    from assets.captures.store import CaptureStore
    from pipelines.jobs import FROM_CAPTURES
    from pipelines.running import run_job

    _tell_dagster(settings, asset, sealed)
    last = CaptureStore(settings.home / "captures").dates()[-1]
    return _finished(settings, run_job(settings, FROM_CAPTURES, last))


def _nightly(settings: Settings) -> int:
    from pipelines.housekeeping import keep_house
    from pipelines.jobs import NIGHTLY
    from pipelines.running import instance, run_job

    succeeded = run_job(settings, NIGHTLY, _today())
    # From cron there is no daemon, whose schedule keeps house elsewhere.
    with instance(settings) as dagster:
        for said in keep_house(settings, dagster):
            print(said)
    return _finished(settings, succeeded)


def _finished(settings: Settings, succeeded: bool) -> int:
    if not succeeded:
        return 1
    from assets.publication.headline import headline
    from assets.publication.warehouse import PUBLISHED_NAME

    published = settings.home / "published"
    path = published / PUBLISHED_NAME
    print(f"\n{headline(path)}\n")
    print(f"Report     {published / 'report' / 'index.html'}")
    print(f"Warehouse  {path}\nParquet    {published / 'parquet'}")
    print(f"Manifest   {published / 'manifest.json'}")
    python = Path(sys.executable)
    shown = python.relative_to(Path.cwd()) if python.is_relative_to(Path.cwd()) else python
    query = "from marts.fct_family_share_daily"
    print(
        f'Open it    {shown} -c "import duckdb; '
        f"print(duckdb.connect('{path}', read_only=True).sql('{query}'))\""
    )
    return 0


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


def _date(name: str) -> Callable[[str], dt.date]:
    def parse(text: str) -> dt.date:
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            raise LedgerError(f"{name}={text!r} is not a date; write YYYY-MM-DD") from None

    return parse


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def _limit(text: str) -> int:
    if not text.isdecimal():
        raise LedgerError(f"LIMIT={text!r} is not a number of rows")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipelines")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str, command: Callable[[Settings, argparse.Namespace], int]
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=(command.__doc__ or "").splitlines()[0])
        sub.set_defaults(command=command)
        return sub

    add("demo", demo)
    add("nightly", nightly).add_argument("--date", type=_date("DATE"))
    add("import", import_captures).add_argument("--captures")
    add("rebuild", rebuild)
    add("claims", claims).add_argument("--claim")
    add("audit", audit).add_argument("--inventory")
    asked = add("metrics", metrics)
    asked.add_argument("--metrics", type=_names, default=[])
    asked.add_argument("--by", type=_names, default=[])
    asked.add_argument("--where")
    asked.add_argument("--order", type=_names, default=[])
    asked.add_argument("--limit", type=_limit)
    asked.add_argument("--from", dest="first", type=_date("FROM"))
    asked.add_argument("--to", dest="last", type=_date("TO"))
    asked.add_argument("--explain", action="store_true")
    past = add("backfill", backfill)
    past.add_argument("--from", dest="first", type=_date("FROM"))
    past.add_argument("--to", dest="last", type=_date("TO"))
    past.add_argument("--every", default="week")
    add("probe", probe)
    add("watch", watch)
    add("docs", docs)
    add("questions", questions)
    sample = add("sample-hub", sample_hub)
    sample.add_argument("--captures")
    sample.add_argument("--port", type=int, default=0)
    add("dev", dev).add_argument("--port", type=int, default=3000)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
