"""The workers that a command's flags name."""

from pathlib import Path
from typing import TYPE_CHECKING

from apical.errors import UsageError, at_least_one

if TYPE_CHECKING:
    from apical.jobs.workers import Workers


def workers_of(jobs: int | None, scheduler: str | None, out: Path | None) -> "Workers | None":
    """Processes of this machine, or the workers of a scheduler; None if neither was asked for.

    Raises `UsageError` for both, for a number below one, without `out`, and for a scheduler without
    dask.
    """
    from apical.jobs.cluster import Cluster
    from apical.jobs.processes import Processes

    at_least_one(jobs=jobs)
    if jobs is None and scheduler is None:
        return None
    if out is None:
        raise UsageError("jobs, scheduler: other processes write into a folder; add --out")
    if scheduler is None:
        assert jobs is not None
        return Processes(jobs)
    if jobs is not None:
        raise UsageError(
            "jobs, scheduler: a scheduler's workers do one job each, so their number is how many "
            "run side by side; leave out --jobs"
        )
    return Cluster(scheduler, out)
