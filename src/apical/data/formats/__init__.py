"""Decoders from the raw bytes of a known file format to arrays."""
