"""Reproducing a paper: experiments that run side by side, claims judged by stated rules.

A paper is a folder in `apical.papers`: `claims.toml` (what is claimed and how it
is judged), `experiments.py` (what has to run), `figures.py` (what is drawn from
the runs) and `README.md`. Nothing in here knows any paper.
"""
