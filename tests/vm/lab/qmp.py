# SPDX-License-Identifier: GPL-2.0
"""A QMP client: commands, and all events with their wall-clock times."""
import json
import socket
import threading
import time

from . import LabError, run
from .run import wait_until


class QmpError(LabError):
    """QEMU refused a command."""


class Qmp:
    """Connects to a QMP socket; a thread reads, so no event is ever missed."""

    def __init__(self, path, log, alive):
        self.events = []
        self._alive, self._path = alive, path
        self._log = open(log, "w", encoding="utf-8")
        self._cond = threading.Condition()
        self._replies, self._closed, self._serial = {}, False, 0
        self._answers = {}         # event -> command that the reader sends at once
        self.answered = {}         # event -> when QEMU had carried it out
        self._sock = wait_until(self._connect, 20, "QEMU's QMP socket")
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        self.execute("qmp_capabilities")

    def _connect(self):
        if not self._alive():
            raise LabError("QEMU ended at once, see its log in the evidence folder")
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(self._path)
        except OSError:
            sock.close()
            return None
        return sock

    def _read(self):
        with self._sock.makefile("r", encoding="utf-8") as lines:
            try:
                for line in lines:
                    self._take(json.loads(line), line)
            except (OSError, ValueError):
                pass
        with self._cond:
            self._closed = True
            self._cond.notify_all()

    def _take(self, message, line):
        with self._cond:
            self._log.write(f"{time.time():.6f} {line}")
            self._log.flush()
            if "event" in message:
                stamp = message["timestamp"]
                message["time"] = stamp["seconds"] + stamp["microseconds"] / 1e6
                self.events.append(message)
                if message["event"] in self._answers:
                    serial = self._send(*self._answers.pop(message["event"]))
                    self._answers[serial] = message["event"]
            elif message.get("id") in self._answers:
                self.answered[self._answers.pop(message["id"])] = time.time()
            elif "id" in message:
                self._replies[message["id"]] = message
            self._cond.notify_all()

    def _send(self, command, arguments):
        self._serial += 1
        request = {"execute": command, "id": self._serial}
        if arguments:
            request["arguments"] = {k.replace("_", "-") if command.startswith("migrate") else k: v
                                    for k, v in arguments.items()}
        self._log.write(f"{time.time():.6f} -> {json.dumps(request)}\n")
        self._sock.sendall(json.dumps(request).encode())
        return self._serial

    def execute(self, command, timeout=20, **arguments):
        """Run a command and return what it returns."""
        with self._cond:
            serial = self._send(command, arguments)
            self._cond.wait_for(lambda: serial in self._replies or self._closed, timeout)
            reply = self._replies.pop(serial, None)
        if reply is None:
            raise QmpError(f"{command}: no answer from QEMU")
        if "error" in reply:
            raise QmpError(f"{command}: {reply['error']['desc']}")
        return reply["return"]

    def at_event(self, name, command, **arguments):
        """Send a command as soon as the event comes, once; `answered` tells when it was done."""
        with self._cond:
            self._answers[name] = command, arguments

    def mark(self):
        """A point in the stream of events, for `wait_event` and `find`."""
        return len(self.events)

    def find(self, name, since=0, **data):
        """The first event of that name, with such data, after the mark."""
        for event in self.events[since:]:
            if event["event"] == name and data.items() <= event.get("data", {}).items():
                return event
        return None

    def wait_event(self, name, timeout, since=0, **data):
        """Wait for an event; it may have come already."""
        with self._cond:
            self._cond.wait_for(lambda: self.find(name, since, **data) or self._closed,
                                timeout * run.PATIENCE)
            event = self.find(name, since, **data)
        if event is None:
            raise TimeoutError(f"QEMU did not say {name} {data or ''} within {timeout} s")
        return event

    def close(self):
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._thread.join(5)
        self._sock.close()
        self._log.close()
