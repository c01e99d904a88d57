"""Replaying a trace of servers that came and went against the real scheduler and the real index, on fake hosts."""
