"""Measure identity beside the original: python -m bench.identity [--no-originals] [--rows NAME,…] [--output FILE]."""

from __future__ import annotations

from bench.identity.run import PART

if __name__ == "__main__":
    PART.main()
