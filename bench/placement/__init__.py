"""Placement beside the original: the part `placement` of `make bench`, or `python -m bench.placement`."""
