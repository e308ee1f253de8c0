"""RFC 6455 text frames, as a server sends them: unfragmented and unmasked."""

from __future__ import annotations

_FINAL_TEXT = 0x81
_CLOSE = 0x08


def build_text_frame(payload: bytes) -> bytes:
    """Wrap UTF-8 text in one frame; any number of clients can be sent the same."""
    size = len(payload)
    if size < 126:
        return bytes((_FINAL_TEXT, size)) + payload

    if size < 65536:
        return bytes((_FINAL_TEXT, 126)) + size.to_bytes(2) + payload

    return bytes((_FINAL_TEXT, 127)) + size.to_bytes(8) + payload


def is_close_frame(frame: bytes) -> bool:
    """Tell whether a frame is the last one that its sender may send."""
    return bool(frame) and frame[0] & 0x0F == _CLOSE
