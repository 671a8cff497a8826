"""apical's side: the same job as the peers', with the library as a user would call it.

TO BE COMPLETED when the library exists; what is missing is `build`.
"""

import json

import numpy as np
from job import Job, measure


def build(job: Job, arrays: dict[str, np.ndarray]):
    """(train_epoch, mean_loss) as `job.measure` wants them: see there, and `Job` for the arrays."""
    raise NotImplementedError(
        "apical's side of this benchmark is not written yet: run with --sides torch biotorch"
    )


def main() -> None:
    job, arrays = Job.from_command_line()
    train_epoch, mean_loss = build(job, arrays)
    print(json.dumps(measure(job, train_epoch, mean_loss)))


if __name__ == "__main__":
    main()
