"""Compute beside the original: the part `compute` of `make bench`, or `python -m bench.compute`."""
