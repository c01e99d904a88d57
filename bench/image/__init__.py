"""Image beside the original: the part `image` of `make bench`, or `python -m bench.image`."""
