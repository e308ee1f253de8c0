"""tRPC's messages over WebSocket: what clients send, and the texts that answer them.

Only the envelope is known here; payloads are SuperJSON already and pass as bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Raw, UnsetType

from dashboard.trpc import Kind, ProcedureError, error_shape
from dashboard.trpc.calls import read_given

from . import limits

#: JavaScript's undefined, where a request has none, is an id like any other.
RequestId = int | float | str | UnsetType
Method = Kind | Literal["subscription.stop"]

#: Bare texts, not JSON: tRPC's keep-alive.
PING = b"PING"
PONG = b"PONG"
RECONNECT = b'{"id":null,"method":"reconnect"}'
TOO_SLOW = "The server took too long to answer"
_NO_HEAD = b'{"id":null,'
#: What a request has besides its id and its parameters, and the comma after it.
_FRAME_BYTES = len('"method":"subscription","params":},')


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request of a client."""

    id: RequestId
    method: Method
    #: How every answer begins: the id as it came, and jsonrpc if it was there.
    head: bytes
    path: str = ""
    #: As `call` takes it: also the ProcedureError that tells why it cannot be read.
    input: Any = None
    #: About how much of a message it takes.
    size: int = 0


class _Parameters(msgspec.Struct):
    path: str
    input: Raw
    lastEventId: str | None = None  # noqa: N815  # tracked events, which we have none of


class _Envelope(msgspec.Struct):
    method: Method
    id: RequestId | None = UNSET
    jsonrpc: Literal["2.0"] | None = None
    params: Raw = Raw(b"null")


class _ConnectionParameters(msgspec.Struct):
    method: Literal["connectionParams"]
    data: dict[str, str] | None


_envelopes = msgspec.json.Decoder(_Envelope | list[_Envelope])
_parameters = msgspec.json.Decoder(_Parameters)
_connection_parameters = msgspec.json.Decoder(_ConnectionParameters)


def parse_requests(message: str | bytes) -> list[Request]:
    """Read one request or an array of them.

    Raises ProcedureError: one bad request spoils its array, as in tRPC.
    """
    try:
        decoded = _envelopes.decode(message)
        envelopes = decoded if isinstance(decoded, list) else [decoded]
        if len(envelopes) > limits.MAX_ARRAY_LENGTH:
            raise ValueError(f"More than {limits.MAX_ARRAY_LENGTH} messages at once")

        return [_open_envelope(envelope) for envelope in envelopes]
    except (ValueError, RecursionError) as error:
        raise ProcedureError("PARSE_ERROR", str(error)) from error


def _open_envelope(envelope: _Envelope) -> Request:
    request_id = envelope.id
    if request_id is None:
        raise ValueError("`id` is required")

    if isinstance(request_id, str) and len(request_id) > limits.MAX_ID_LENGTH:
        raise ValueError("Invalid request id")

    if isinstance(request_id, float) and request_id.is_integer():
        request_id = int(request_id)  # JavaScript has one kind of number

    head = b"{"
    if request_id is not UNSET:
        head += b'"id":' + msgspec.json.encode(request_id) + b","

    if envelope.jsonrpc is not None:
        head += b'"jsonrpc":"2.0",'

    if envelope.method == "subscription.stop":
        return Request(id=request_id, method=envelope.method, head=head)

    parameters = _parameters.decode(envelope.params)
    return Request(
        id=request_id,
        method=envelope.method,
        head=head,
        path=parameters.path,
        input=_read_input(bytes(parameters.input)),
        size=len(head) + _FRAME_BYTES + len(bytes(envelope.params)),
    )


def _read_input(document: bytes) -> Any:
    if document == b"null":
        raise ValueError("`input` is required")

    try:
        return read_given(document)
    except ProcedureError as error:
        return error  # for whoever may call and has to give something


def parse_connection_parameters(message: str | bytes) -> dict[str, str]:
    """Read the message that `?connectionParams=1` promises; raises ProcedureError."""
    try:
        return _connection_parameters.decode(message).data or {}
    except (ValueError, RecursionError) as error:
        raise ProcedureError(
            "PARSE_ERROR", "Invalid connection params shape"
        ) from error


def build_started(head: bytes) -> bytes:
    """Say that data may follow."""
    return head + b'"result":{"type":"started"}}'


def build_data(head: bytes, payload: bytes) -> bytes:
    """Carry a payload that is SuperJSON already."""
    return head + b'"result":{"type":"data","data":' + payload + b"}}"


def build_stopped(head: bytes) -> bytes:
    """Say that no data will follow."""
    return head + b'"result":{"type":"stopped"}}'


def build_error(
    error: ProcedureError, *, head: bytes = _NO_HEAD, path: str | None = None
) -> bytes:
    """Say what went wrong with a request, or, without a head, with its message."""
    shape = msgspec.json.encode({"json": error_shape(error, path)})
    return head + b'"error":' + shape + b"}"
