"""python -m benchmarks.accelerator {wheels,parts,run} ...: see README.md beside this file."""

import argparse
import sys
from pathlib import Path

WHEELS = Path(".whl")


def main(arguments: list[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    return asked.do(asked)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accelerator", description=__doc__)
    commands = parser.add_subparsers(required=True)

    wheels = commands.add_parser("wheels", help="which wheels to carry, and fetch them")
    wheels.add_argument("--python", default="3.12", help="of the machine (%(default)s)")
    wheels.add_argument(
        "--there",
        type=Path,
        help="what the machine has: `pip list --format json`, or a name a line",
    )
    wheels.add_argument(
        "--download",
        type=Path,
        nargs="?",
        const=WHEELS,
        help="fetch them into this folder (%(const)s)",
    )
    wheels.set_defaults(do=_wheels)

    split = commands.add_parser("split", help="a file in parts that may be carried one by one")
    split.add_argument("file", type=Path)
    split.add_argument("--to", type=Path, required=True)
    split.add_argument("--size", type=float, default=55, help="MiB of a part (%(default)s)")
    split.set_defaults(do=_split)

    join = commands.add_parser(
        "join", help="the file whose parts lie beside a .parts.json, checked"
    )
    join.add_argument("list", type=Path)
    join.add_argument("--to", type=Path, required=True)
    join.set_defaults(do=_join)

    run = commands.add_parser("run", help="smoke test, throughput, then runs of papers")
    run.add_argument("--minutes", type=float, required=True)
    run.add_argument("--out", type=Path, required=True, help="for records and reports")
    run.add_argument(
        "--work",
        type=Path,
        default=Path("/tmp/apical-accelerator"),
        help="for the runs; with what it holds they go on (%(default)s)",
    )
    run.add_argument(
        "--wheels",
        type=Path,
        default=WHEELS,
        help="the carried ones, for their commit (%(default)s)",
    )
    run.add_argument("--papers", nargs="*", default=["target-propagation"])
    run.add_argument("--protocol", default="paper")
    run.add_argument("--seeds", type=int, help="of each experiment; without, the protocol's")
    run.add_argument(
        "--throughput",
        nargs="*",
        metavar="METHOD",
        help="of these on the ImageNet network; without the flag, of all",
    )
    run.add_argument("--side", type=int, default=224, help="of its images (%(default)s)")
    run.add_argument("--classes", type=int, default=1000, help="of its images (%(default)s)")
    run.add_argument("--batch", type=int, default=100, help="of its images (%(default)s)")
    run.add_argument("--go-on", action="store_true", help="even if rules differ from the CPU")
    run.set_defaults(do=_run)
    return parser


def _wheels(asked) -> int:
    from benchmarks.accelerator.wheels import IMAGE, download, listed, needed, report

    there = [*IMAGE, *(listed(asked.there) if asked.there else ())]
    packages = needed(asked.python, there)
    if asked.download:
        download(packages, asked.python, asked.download)
    print(report(packages, asked.download))
    return 0


def _split(asked) -> int:
    from benchmarks.accelerator.parts import split

    print(split(asked.file, asked.to, int(asked.size * 2**20)))
    return 0


def _join(asked) -> int:
    from benchmarks.accelerator.parts import DamagedError, join

    try:
        print(join(asked.list, asked.to))
    except DamagedError as error:
        sys.exit(str(error))
    return 0


def _run(asked) -> int:
    from benchmarks.accelerator.session import prepare, spend
    from benchmarks.accelerator.throughput import Images, methods

    prepare(asked.wheels, asked.work)
    measured = methods() if asked.throughput is None else asked.throughput
    return spend(
        asked.minutes, asked.out, asked.work, asked.papers, asked.protocol, asked.seeds, asked.go_on,
        measured, Images(asked.side, asked.classes, asked.batch),
    )  # fmt: skip


if __name__ == "__main__":  # processes of the pool import this file too
    sys.exit(main())
