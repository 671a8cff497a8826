"""Target propagation: layers learn towards targets, which learned inverses make.

- `inverses`: what an inverse is and what it learns, and the losses of single layers.
- `rule`: what all rules here share: local losses towards targets.
- `tp`, `dtp`, `sdtp`: the rules; `sdtp` holds AO-SDTP too.
"""
