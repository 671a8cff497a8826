"""A host that is killed ends the others, and the run goes on from its last checkpoint."""

import json
import socket
import subprocess
import time
from contextlib import contextmanager

import pytest

from tests.commands import command

ASKED = (
    *("train", "fa", "--data", "digits", "--hidden", 16, "--batch-size", 50, "--epochs", 80),
    *("--checkpoint-seconds", 0, "--hosts", 2),
)
pytestmark = pytest.mark.hard


@contextmanager
def started(out, *more):
    """Both hosts' processes; none outlives the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    hosts = [
        subprocess.Popen(
            command(*ASKED, "--host", i, "--coordinator", f"127.0.0.1:{port}", "--out", out, *more),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for i in range(2)
    ]  # fmt: skip
    try:
        yield hosts
    finally:
        for host in hosts:
            host.kill()


def ended(hosts):
    """Each host's exit code and complaint."""
    complaints = [host.communicate(timeout=120)[1] for host in hosts]
    return [(host.returncode, said) for host, said in zip(hosts, complaints, strict=True)]


def metrics(out):
    lines = (out / "metrics.jsonl").read_text().splitlines()
    return [{k: v for k, v in json.loads(line).items() if "seconds" not in k} for line in lines]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    out = tmp_path_factory.mktemp("hosts") / "run"
    with started(out) as hosts:
        found = ended(hosts)
    assert [code for code, _ in found] == [0, 0], found
    return metrics(out)


@pytest.mark.parametrize("killed", [0, 1])
def test_a_killed_host_ends_the_other_and_the_run_goes_on(undisturbed, tmp_path, killed):
    out = tmp_path / "run"
    rows = out / "metrics.jsonl"
    with started(out) as hosts:
        while not (rows.exists() and rows.read_bytes().count(b"\n") > 3):
            assert all(host.poll() is None for host in hosts)
            time.sleep(0.05)
        hosts[killed].kill()
        found = ended(hosts)
    code, complaint = found[1 - killed]
    assert code != 0
    if killed:  # of the coordinator's own process JAX tells by a page of its own
        assert "apical: hosts: another host is gone" in complaint
        assert "Traceback" not in complaint
    assert 3 < len(metrics(out)) < len(undisturbed)
    with started(out, "--resume") as hosts:
        found = ended(hosts)
    assert [code for code, _ in found] == [0, 0], found
    assert metrics(out) == undisturbed
