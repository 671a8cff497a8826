"""Points are changed where a tag is, and every change that moves a result is seen."""

from typing import Any

import jax
import numpy as np

from apical.audit.keys import read_anew, under_many
from apical.audit.perturb import Plan, perturb
from apical.audit.points import Points
from apical.audit.tags import KEY, LABEL, UNIT, WEIGHTS, Tag, Tagged

TAGS = (Tag(LABEL), Tag(UNIT, 1), Tag(KEY))
POINT: dict[str, Any] = {
    "a": np.array([1.0, 2.0, 3.0]),
    "b": np.array([4.0]),
    "key": jax.random.key(0),
}
MARKS = {"a": np.array([0, 1, 1]), "b": np.array([-1]), "key": np.array(2)}
POINTS = Points(POINT, Tagged(MARKS, TAGS))


def test_a_change_is_made_where_the_tag_is_and_nowhere_else():
    flat = POINTS.flat(POINT)
    for number, expected in enumerate([[-1, 2, 3], [1, -2, -3]]):
        a, b, key = POINTS.changed(flat, number, np.negative)
        np.testing.assert_array_equal(a, expected)
        assert b is flat[1]
        assert key is flat[2]
    a, b, key = POINTS.changed(flat, 2, np.negative)
    assert (a is flat[0], b is flat[1]) == (True, True)
    assert (key != flat[2]).any()


def test_arrays_are_a_point_again():
    again = POINTS.tree([*map(jax.device_put, POINTS.flat(POINT))])
    assert jax.random.uniform(again["key"]) == jax.random.uniform(POINT["key"])
    np.testing.assert_array_equal(again["a"], POINT["a"])


def test_many_keys_are_all_different():
    keys = {tuple(key) for *_, key in under_many(POINTS, POINTS.flat(POINT), TAGS)}
    assert len(keys) == 64


def test_weights_are_read_anew_from_layer_2_on():
    tags = tuple(Tag(WEIGHTS, l, when) for when in ("now", "past") for l in (1, 2, 3))
    assert read_anew((*tags, Tag(UNIT, 2))) == [1, 2]


def test_what_moves_a_result_once_has_moved_it():
    plan = Plan(compared=[(0, 1, 0, False), (0, 2, 0, False), (0, 2, 1, True), (0, 1, 1, False)])
    results = np.array([[5.0, 5.0], [6.0, 5.0], [5.0, 5.0 + 1e-12]])
    np.testing.assert_array_equal(plan.moved(results, False, 2), [[True, True], [False, False]])
    assert not plan.moved(results, True, 2).any()


def test_what_is_read_under_few_keys_is_seen_under_many():
    tagged = Tagged({"w": np.array([0]), "key": np.array(1)}, (Tag(WEIGHTS, 2, unit=0), Tag(KEY)))

    def seldom(given):
        chosen = jax.random.uniform(given["key"]) < 0.1
        return jax.numpy.where(chosen, given["w"], 0.0)

    points: Any = tuple({"w": np.array([2.0]), "key": jax.random.key(seed)} for seed in (0, 2))
    assert not any(jax.random.uniform(point["key"]) < 0.1 for point in points)
    for many, seen in ((False, False), (True, True)):
        moved, base, _ = perturb(seldom, points, tagged, many_keys=many)
        assert moved.values[0, 0] == seen
        assert len(base) == 2
