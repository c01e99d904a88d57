"""Measure image beside the original: python -m bench.image [--no-originals] [--rows NAME,…] [--output FILE]."""

from __future__ import annotations

from bench.image.run import PART

if __name__ == "__main__":
    PART.main()
