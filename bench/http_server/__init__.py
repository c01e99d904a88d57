"""Benchmark behind docs/decisions/0002-http-server.md.

Run it with ``.venv/bin/python -m bench.http_server``; candidates that are not
installed are skipped and the reason is printed.
"""
