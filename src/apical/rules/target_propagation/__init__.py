"""Target propagation: layers learn towards targets, which learned inverses make.

- `inverses`: what an inverse is, what it learns, and the losses of layers by themselves.
- `rule`: what all of these rules share; then each by itself, `tp`, `dtp` and `sdtp`.
"""
