"""Tests for rules of your own: each claim of a rule's traits is a law that it is held to.

`check_rule(MyRule())` raises an `AssertionError` that names every law that is broken. With pytest,
a test a law:

```python
@pytest.mark.parametrize("law", apical.testing.laws_of(MyRule()), ids=str)
def test_law(law):
    law()
```
"""

from apical.testing.conformance import Law, check_rule, laws_of

__all__ = ["Law", "check_rule", "laws_of"]
