"""Identity beside the original: the part `identity` of `make bench`, or `python -m bench.identity`."""
