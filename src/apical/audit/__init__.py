"""Audits: what a rule reads, needs and stores, measured, and its claims held against that."""

from apical.audit.findings import Findings, LayerFindings
from apical.audit.measure import audit

__all__ = ["Findings", "LayerFindings", "audit"]
