"""Every block of code of the tutorials runs, and all together take less than five minutes."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from docs.site import tutorials

ROOT = Path(__file__).parents[2]
MOST_SECONDS = 300.0
"""Of the processor, for all: a clock would measure what else the machine does too."""
NAMES = sorted(page.stem for page in tutorials.PAGES.glob("*.md"))

pytestmark = pytest.mark.site


def test_there_are_five():
    assert len(NAMES) == 5


@pytest.mark.parametrize("name", NAMES)
def test_a_tutorial_runs(name):
    command = [sys.executable, "-m", "docs.site.tutorials", name]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]


def test_all_of_them_take_less_than_five_minutes():
    """Of processes that were begun here, those of the tutorials."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert used.ru_utime + used.ru_stime < MOST_SECONDS


def test_a_cross_validated_comparison_takes_ten_lines():
    page = (tutorials.PAGES / "your-data.md").read_text()
    blocks = [code for _, _, code in tutorials.BLOCK.findall(page) if "cross_val_score" in code]
    assert len(blocks) == 1
    assert len([line for line in blocks[0].splitlines() if line]) <= 10


def test_what_a_block_prints_is_shown_below_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written = '```python title="two.py"\nTWO = 2\n```\n\n```sh\ncat two.py\n```\n\n'
    told = tutorials.run(written + "```python\nx = 3\n```\n\n```python\nprint(x)\n```\n")
    assert told.count('```text title="prints"') == 2
    assert told.endswith('```python\nprint(x)\n```\n\n```text title="prints"\n3\n```\n')


@pytest.mark.parametrize("block", ["```python\n1 / 0\n```\n", "```sh\nfalse\ntrue\n```\n"])
def test_a_tutorial_that_fails_is_seen(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ZeroDivisionError, subprocess.CalledProcessError)):
        tutorials.run(block)
