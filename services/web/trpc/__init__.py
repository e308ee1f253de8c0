"""tRPC over HTTP, at /api/trpc/<paths>: what its own fetch adapter would answer.

reading       a request's calls: their procedures and inputs
running       calls run side by side, each within its time
bodies        what results and errors look like, in one piece or line by line
uploads       files, for the procedures that take them
answering     the handler that puts them together

Subscriptions are the WebSocket service's affair.
"""

from __future__ import annotations

from services.web.trpc.answering import answer, answer_options, answer_problem
from services.web.trpc.reading import UPLOADS

__all__ = [
    "UPLOADS",
    "answer",
    "answer_options",
    "answer_problem",
]
