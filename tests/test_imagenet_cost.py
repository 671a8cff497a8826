"""The page of what a full ImageNet run costs is what was measured, and its arithmetic is right."""

import json

import pytest
from docs import imagenet_cost as cost


def test_the_page_shows_what_was_measured():
    known = json.loads(cost.MEASURED.read_text())
    text = cost.PAGE.read_text()
    assert cost.page(text, known) == text
    for method in known["methods"]:
        assert text.count(f"| {method} |") == 2


def test_a_step_takes_its_operations_or_its_bytes_and_what_goes_between_devices():
    learned = 4e9
    found = {
        "128": {"flops": 67e12, "bytes": 1.0},
        "16": {"flops": 1.0, "bytes": 3.35e12},
        "learned": learned,
    }
    assert cost._step(found, 128) == pytest.approx(2.0)
    assert cost._step(found, 16) == pytest.approx(2.0)
    sent = 2 * 7 / 8 * learned / 225e9
    assert cost._step(found, 16, 8) == pytest.approx(2.0 + sent)


def test_hours_are_of_all_epochs_and_of_measuring():
    learned = {"flops": 1.0, "bytes": 0.5 * 3.35e12}
    found = {"128": learned, "16": learned, "learned": 0}
    told = cost._by_hours(found, forward=0.01, rate=100.0)
    one = 500 * (1_231_167 / 128 + 1000) / 3600
    eight = 500 * (1_231_167 / 128 + 125) / 3600
    assert told == f"| 128 | {one:,.1f} | 2 | 128 | {eight:,.1f} | 2 |"
