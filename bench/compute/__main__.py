"""Measure compute beside the original: python -m bench.compute [--no-originals] [--rows NAME,…] [--output FILE]."""

from __future__ import annotations

from bench.compute.run import PART

if __name__ == "__main__":
    PART.main()
