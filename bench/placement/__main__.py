"""Measure placement beside the original: python -m bench.placement [--no-originals] [--rows NAME,…] [--output FILE]."""

from __future__ import annotations

from bench.placement.run import PART

if __name__ == "__main__":
    PART.main()
