"""Runs that ended without a word, noticed where Hub Ledger is a service.

Belongs here: asking the code server about its runs. Does not belong here: launching, and starting
anew what is gone, which are Dagster's.
"""

import json

import dagster as dg
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import deserialize_value


class WatchedRunLauncher(DefaultRunLauncher):
    """Dagster's own launcher, and an answer to whether a run is still under way.

    A code server notes the end of its child processes. Where it ended with them (a reboot), its
    runs stay under way for ever, and the second try of the day waits for them. The server that
    comes after it under the same address does not know them, and that is what is asked for.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Dagster's run monitoring asks `check_run_worker_health`."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether a run's code server knows it; one that does not answer is asked again later."""
        if GRPC_INFO_TAG not in run.tags:
            # A run of a terminal: pipelines.failures looks after those.
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        place = json.loads(run.tags[GRPC_INFO_TAG])
        server = DagsterGrpcClient(
            host=place["host"], port=place.get("port"), socket=place.get("socket")
        )
        try:
            answer = server.can_cancel_execution(CanCancelExecutionRequest(run_id=run.run_id))
        except DagsterUserCodeUnreachableError:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        if deserialize_value(answer, CanCancelExecutionResult).can_cancel:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "its process is gone")
