from __future__ import annotations

import asyncio
import threading
from contextlib import closing

import pytest

from pileus.kit.http.threads import Threads
from pileus.kit.patience import TakesLong, require_patience


def name() -> str:
    require_patience()
    return threading.current_thread().name


def test_what_takes_long_runs_on_no_thread_in_a_hurry() -> None:
    async def run() -> str:
        with closing(Threads(1, is_hurried=True)) as hurried, closing(Threads(1, "patient")) as patient:
            with pytest.raises(TakesLong):
                await hurried.run(name)
            return await patient.run(name)

    assert asyncio.run(run()) == "patient-0"
    assert name() == threading.current_thread().name
