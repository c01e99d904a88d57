"""Measurements of Pileus beside the services that it stands in for: `make bench`. See bench/README.md."""
