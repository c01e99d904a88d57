"""A listener as other people write it, with oslo.messaging: prints the first notifications of a topic as JSON lines."""

from __future__ import annotations

import json
import sys
import threading

import oslo_messaging
from oslo_config import cfg


class Printer:
    """Is called by oslo.messaging, which finds the priority in a method's name."""

    def __init__(self, wanted: int) -> None:
        self._left = wanted
        self.done = threading.Event()

    def info(self, ctxt: object, publisher_id: str, event_type: str, payload: object, metadata: object) -> None:
        sys.stdout.write(json.dumps([publisher_id, event_type, payload, metadata]) + "\n")
        sys.stdout.flush()
        self._left -= 1
        if not self._left:
            self.done.set()

    error = info


def main(url: str, topic: str, wanted: int, exchange: str) -> None:
    conf = cfg.ConfigOpts()
    conf([])
    oslo_messaging.set_transport_defaults(control_exchange=exchange)
    transport = oslo_messaging.get_notification_transport(conf, url=url)
    printer = Printer(wanted)
    listener = oslo_messaging.get_notification_listener(
        transport, [oslo_messaging.Target(topic=topic, exchange=exchange)], [printer], executor="threading"
    )
    conf.set_override("executor_thread_pool_size", 1)  # one after the other, as they came
    listener.start()
    printer.done.wait(60)
    listener.stop()
    listener.wait()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
