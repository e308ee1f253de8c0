"""What can go wrong while a client shakes hands."""

from __future__ import annotations


class RefusedError(Exception):
    """A handshake is answered with something else than 101."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason
