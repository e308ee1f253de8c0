"""What one client may ask of us. Sizes in bytes, times in seconds."""

from __future__ import annotations

#: How long a client may take for its request …
HEAD_TIMEOUT = 4.0
#: … and until it is answered, or has said its connection parameters.
HANDSHAKE_TIMEOUT = 10.0
#: As at the front door, for the service that has a port for itself.
MAX_HEAD_BYTES = 16 * 1024
#: How long the database may take to find a session.
SESSION_TIMEOUT = 5.0
#: How often at most it is asked whether the sessions of all sockets still stand …
WATCH_INTERVAL = 0.5
#: … and how long it is waited for a write that may have ended one …
WATCH_PATIENCE = 3.0
#: … and how often at most whether each subscription may still be heard.
RECHECK_INTERVAL = 5.0
#: How long a subscription may take to be allowed.
SUBSCRIBE_TIMEOUT = 10.0
#: How long a query or a mutation may run, and its answer wait to be written.
CALL_TIMEOUT = 30.0
#: How long calls in flight may still be answered when their session is closed …
LAST_CALLS_TIMEOUT = 0.5
#: … and when the server drains.
DRAIN_CALLS_TIMEOUT = 5.0
#: A closing handshake that takes longer ends with a closed socket.
CLOSE_TIMEOUT = 2.0
#: How long queued messages may take to leave before a drain closes the socket.
FLUSH_TIMEOUT = 1.0
#: How long to wait for a client's end of a socket that we have closed, so that
#: the system does not answer its last bytes with a reset that eats our last words.
LINGER_TIMEOUT = 1.0

#: PING is sent to a client that was silent for so long …
PING_INTERVAL = 30.0
#: … or up to so much longer …
PING_GRID = 2.0
#: … and one that stays silent for so much longer is gone.
PONG_TIMEOUT = 5.0

MAX_MESSAGE_BYTES = 64 * 1024
#: What a fragment counts for at least: many small ones weigh more than they carry.
FRAGMENT_BYTES = 16
#: More calls than fit into a message: tRPC's client sends those of a tick together.
MAX_ARRAY_LENGTH = 1024
MAX_ID_LENGTH = 256
MAX_SOCKETS = 1024
MAX_SOCKETS_PER_USER = 64
MAX_SUBSCRIPTIONS = 256
#: … and what asking for them takes: tRPC's client asks for all of them in one message
#: when it has connected again, and where that is too big it never comes back. Most of
#: Homarr's take 130 to 170 bytes, so a larger message would only let each of the 1024
#: sockets make us hold more. A quarter is left for calls of the same moment.
MAX_SUBSCRIPTION_BYTES = MAX_MESSAGE_BYTES * 3 // 4
#: Queries and mutations in flight; we read no further while there are so many.
MAX_CALLS = 16
#: Session cookies looked up for one handshake.
MAX_TOKENS = 4

#: What waits for a client that does not keep up, before the client is closed.
MAX_QUEUED_MESSAGES = 256
MAX_QUEUED_BYTES = 256 * 1024
#: A crowd of such clients is closed one by one, so far apart: a goodbye takes a third
#: of a millisecond, and as much again where it is not heard.
GOODBYE_INTERVAL = 0.002
#: Of what the bus says in one turn of the loop, how much is written together.
MAX_WRITE_BYTES = 16 * 1024
#: Received messages that trio-websocket holds until we take them.
RECEIVE_QUEUE_LENGTH = 8
