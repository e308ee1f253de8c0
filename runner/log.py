"""Where lines go: events and `logging` records, one line each, to standard error."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import msgspec

from .events import Emit, Event, LogLine

_LEVELS = {"error": 40, "warn": 30, "warning": 30, "info": 20, "debug": 10}


def configure_logging(log_format: str, level: str) -> Emit:
    """Send all log records and events to standard error; return how to emit one.

    `log_format` is "text" or "json", and `level` error, warn, info or debug.
    """

    threshold = _LEVELS[level]
    encode = msgspec.json.Encoder().encode

    def emit(event: Event) -> None:
        severity = event.severity if isinstance(event, LogLine) else event.level
        if _LEVELS[severity] < threshold:
            return

        if log_format == "json":
            line = encode(event.record()).decode()
        else:
            line = event.render_text()

        try:
            # One write: lines of different threads do not mix.
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
        except BrokenPipeError:
            # Whoever read the log has gone. That must not end the services, nor keep
            # them from draining, nor be the process's last word.
            with Path(os.devnull).open("wb") as nowhere:
                os.dup2(nowhere.fileno(), sys.stderr.fileno())
        except OSError:
            pass  # no room left on the log's disk, for example: the next line may fit

    root = logging.getLogger()
    root.handlers[:] = [_Handler(emit)]
    root.setLevel(threshold)
    return emit


class _Handler(logging.Handler):
    """Turns log records into events."""

    def __init__(self, emit: Emit) -> None:
        super().__init__()
        self._emit = emit

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; a broken one is reported by `logging` itself."""

        try:
            severity = record.levelname.lower()
            severity = severity if severity in _LEVELS else "error"
            line = LogLine(
                severity=severity, logger=record.name, message=self.format(record)
            )
            self._emit(line)
        except Exception:  # noqa: BLE001
            self.handleError(record)
