"""tRPC over WebSocket, in the trio lane.

service      what the runner calls: the hub's life, and each connection
door         lets clients in, or tells them why not (handshake: its rules)
connection   one client: keep-alive, end of session, goodbye
requests     what it asks for: subscriptions, and calls of queries and mutations
hub          the topics of the bus, and who reads them
watch        whether the sessions of all sockets still stand
messages     tRPC's texts        frames, stream, websocket   RFC 6455 and the socket
"""

from __future__ import annotations

from .hub import Hub
from .service import handle_connection, serve

__all__ = ["Hub", "handle_connection", "serve"]
