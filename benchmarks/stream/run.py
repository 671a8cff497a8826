"""What training on image files costs beside training on arrays; each part is a command.

python benchmarks/stream/run.py [pipeline] [waiting] [before] [peak] [same] [kills]

`APICAL_DATA` must have the parts of Imagenette and Tiny-ImageNet. What is found is printed and kept
in `results.json`, each part beside its date, commit and load.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RESULTS = HERE / "results.json"
WORKERS = 2
ROUNDS, PASSES_A_ROUND = 5, 5


def pipeline() -> dict:
    """Images a second of passes over the stream, and of a plain loop over decoder and framing in as
    many threads, in turn; frames of 224 x 224, of Imagenette's part."""
    import numpy as np

    from apical.data.image_files.decoding import decode
    from apical.settings import Settings
    from apical.training.learner import Keys
    from apical.training.stream import streamed
    from data import files

    data = files("imagenette")
    rows = data.train.x
    settings = Settings(batch_size=25)
    stream = streamed(data.train, data.preprocessing.fit(data.splits).train, settings)

    def through(epoch: int) -> int:
        return sum(chunk.y.size for chunk in stream.chunks(epoch, Keys.of(0)))

    def by_hand(epoch: int) -> int:
        def part(which: np.ndarray) -> int:
            frames = np.empty((len(which), 224, 224, 3), np.uint8)
            for into, row in zip(frames, which, strict=True):
                draw = np.random.Generator(np.random.Philox(key=(epoch << 64) + int(row)))
                into[:] = rows.framing.drawn(decode(rows.files[row]), draw)
            return len(which)

        order = np.random.default_rng(epoch).permutation(rows.rows)
        with ThreadPoolExecutor(WORKERS) as pool:
            return sum(pool.map(part, np.array_split(order, WORKERS)))

    def rate(one_pass) -> float:
        begin = time.perf_counter()
        count = sum(map(one_pass, range(PASSES_A_ROUND)))
        return count / (time.perf_counter() - begin)

    rate(through), rate(by_hand)
    rounds = [(rate(through), rate(by_hand)) for _ in range(ROUNDS)]
    shares = [ours / plain for ours, plain in rounds]
    return {
        "images a second, stream": median(r[0] for r in rounds),
        "images a second, decoder alone": median(r[1] for r in rounds),
        "share": median(shares), "least": min(shares), "most": max(shares),
    }  # fmt: skip


PASSES = 6


def waiting() -> dict:
    """The share of epochs in which the device waits for images: BP on the convolutional network.

    A chunk's wait begins when the results of the one before are there, or the pass begins, and ends
    when it is handed to the device.
    """
    import apical
    import apical.training.epoch as epoch
    from apical.papers.target_propagation.methods import published
    from apical.training.stream import FromFiles
    from data import files

    free, waits = [0.0], []
    run_chunk, chunks = epoch.run_chunk, FromFiles.chunks

    watches: list[threading.Thread] = []

    def begun(*asked):
        for thread in watches:
            thread.join()
        free[0] = time.perf_counter()
        yield from chunks(*asked)

    def watched(*args, **shared):
        now = time.perf_counter()
        for thread in watches:
            thread.join()  # the results are there, but it may not have said so yet
        waits.append(now - free[0])
        carry, metrics = run_chunk(*args, **shared)
        watches[:] = [threading.Thread(target=_when_there, args=(metrics, free))]
        watches[0].start()
        return carry, metrics

    watched.lower = run_chunk.lower
    epoch.run_chunk, FromFiles.chunks = watched, begun
    rule, settings = published("imagenet", "bp-conv")
    result = apical.fit(rule, files("imagenette"), settings, epochs=PASSES, batch_size=25)
    each = len(waits) // PASSES
    shares = [
        sum(waits[each * n : each * (n + 1)]) / row["seconds"]
        for n, row in enumerate(result.metrics)
    ][1:]  # the first epoch compiles
    seconds = median(row["seconds"] for row in result.metrics[1:])
    return {
        "share": median(shares), "least": min(shares), "most": max(shares),
        "images a second, trained": 900 / seconds, "chunks an epoch": each,
    }  # fmt: skip


def _when_there(metrics, free: list[float]) -> None:
    import jax

    jax.block_until_ready(metrics)
    free[0] = time.perf_counter()


BEFORE = "e3b21b5~1"
"""The last commit whose training knew arrays alone."""


def before() -> dict:
    """Seconds of an MNIST epoch of FA on 784-500-500-10, batch 100, now and before image files, in
    fresh processes in turn."""
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place) / "tree"
        _git("worktree", "add", "--detach", str(tree), BEFORE)
        try:
            rounds = [
                (_one("epoch", source=ROOT / "src"), _one("epoch", source=tree / "src"))
                for _ in range(ROUNDS)
            ]
        finally:
            _git("worktree", "remove", "--force", str(tree))
    ratios = [now / then for now, then in rounds]
    return {
        "commit before": BEFORE, "rounds, now and before": rounds,
        "ratio": median(ratios), "least": min(ratios), "most": max(ratios),
        "ratio of the fastest": min(r[0] for r in rounds) / min(r[1] for r in rounds),
    }  # fmt: skip


def epoch() -> float:
    """The fastest of five epochs, after one that compiles."""
    import apical

    result = apical.fit(apical.FA(), "mnist", hidden=(500, 500), epochs=6, batch_size=100)
    return min(row["seconds"] for row in result.metrics[1:])


def peak() -> dict:
    """The peak of a process that trains an epoch on 10 000, and on 100 000, images of 64 x 64."""
    few, many = (_one("of", count) for count in (10_000, 100_000))
    return {"MB of 10000": few, "MB of 100000": many, "MB more": many - few}


def of(count: str) -> float:
    """The peak in MB of training on so many images."""
    import apical
    from data import virtual

    apical.fit(apical.BP(), virtual(int(count)), hidden=(50,), epochs=1, batch_size=100)
    # Not getrusage: a process begins with the peak of the one that started it there.
    (line,) = (l for l in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in l)
    return int(line.split()[1]) / 1024


def same() -> dict:
    """Whether an epoch of Tiny-ImageNet's part through files measures what it does in memory."""
    import jax

    import apical
    from apical.data.image_files.framings import Resized
    from apical.training.stream import streamed
    from data import files, in_memory

    data = files("tiny-imagenet", Resized(64))
    asked = {"hidden": (100,), "epochs": 1, "batch_size": 100, "record_test": True}
    found = [
        [_untimed(row) for row in (*run.initial, *run.metrics)]
        for run in (apical.fit(apical.DFA(), d, **asked) for d in (data, in_memory(data)))
    ]
    stream = streamed(
        data.train, data.preprocessing.fit(data.splits).train, apical.Settings(**asked)
    )
    chunks = stream.steps // len(stream.shapes.order)
    numbers = len(jax.tree.leaves(found[0]))
    return {"same to the last bit": found[0] == found[1], "chunks": chunks, "numbers": numbers}


KILLS = 20


def kills() -> dict:
    """`apical train` on Imagenette's files, killed at random moments and resumed, and a twin that
    is let alone: every metric and every weight."""
    rng, killed, runs, within = random.Random(0), 0, 0, 0
    while killed < KILLS:
        with tempfile.TemporaryDirectory() as place:
            out, twin = Path(place) / "out", Path(place) / "twin"
            seed = str(runs)
            _train(twin, seed).wait()
            while True:
                process = _train(out, seed)
                _until_training(process, out)
                try:
                    process.wait(rng.uniform(0, 2) if killed < KILLS else None)
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                    killed += 1
                    within += any(out.glob("**/within.npz"))
                    continue
                if process.returncode:
                    raise SystemExit(f"kills: the run that went on ended with {process.returncode}")
                break
            for told in (_told(out), _told(twin)):
                print(told[0][-1], file=sys.stderr, flush=True)
            if _told(out) != _told(twin):
                raise SystemExit(f"kills: {out} differs from its twin after {killed} kills")
            runs += 1
    return {"kills": killed, "within an epoch": within, "runs": runs, "differences": 0}


def _train(out: Path, seed: str) -> subprocess.Popen:
    command = [
        sys.executable, "-m", "apical", "train", "bp", "--data", "imagenette", "--framing",
        "random-resized:224,256", "--hidden", "20", "--epochs", "6",
        "--batch-size", "10", "--seed", seed, "--checkpoint-seconds", "0.2", "--out", str(out),
    ]  # fmt: skip
    command += ["--resume"] if out.exists() else []
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _until_training(process: subprocess.Popen, out: Path) -> None:
    """Until this process has written its first checkpoint, or has ended."""
    begin = time.time()
    while process.poll() is None:
        found = [p.stat().st_mtime for p in out.glob("checkpoints/**/*") if p.exists()]
        if found and max(found) > begin:
            return
        time.sleep(0.05)


def _told(out: Path) -> tuple:
    """The metrics of a run, and its last and best weights."""
    import jax
    import numpy as np

    from apical.training.reload import reload

    rows = [
        _untimed(json.loads(line))
        for name in ("initial.jsonl", "metrics.jsonl")
        for line in (out / name).read_text().splitlines()
    ]
    _, models = reload(out)
    arrays = jax.tree.leaves([model.network for model in models.values()])
    return rows, [np.asarray(a).tobytes() for a in arrays]


def _untimed(row: dict) -> dict:
    return {k: v for k, v in row.items() if not k.startswith("seconds")}


def _one(part: str, *words: object, source: Path | None = None) -> float:
    """What a part prints in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(source)} if source else None
    command = [sys.executable, __file__, "--print", part, *map(str, words)]
    done = subprocess.run(command, text=True, capture_output=True, env=environment)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    return float(done.stdout.splitlines()[-1])


def _git(*words: str) -> None:
    subprocess.run(["git", "-C", str(ROOT), *words], check=True, capture_output=True)


PARTS = {part.__name__: part for part in (pipeline, waiting, before, peak, same, kills)}


def main(parts: list[str]) -> None:
    from apical.runs.environment import environment

    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    commit = environment()["commit"]  # before the results change the tree
    for part in parts or PARTS:
        load = os.getloadavg()[0]
        result = PARTS[part]()
        found[part] = result | {
            "date": time.strftime("%Y-%m-%d"), "commit": commit,
            "cores": len(os.sched_getaffinity(0)), "load before": load,
        }  # fmt: skip
        RESULTS.write_text(json.dumps(found, indent=2) + "\n")
        print(part, json.dumps(found[part], indent=2), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--print"]:
        print({"epoch": epoch, "of": of}[sys.argv[2]](*sys.argv[3:]))
    else:
        main(sys.argv[1:])
