"""Homarr's tRPC router: every procedure declared once, delivered by the services.

procedure    what a procedure is, and how a router declares its own
guards       who may call it
calls        one call, from its path to its result or its ProcedureError
validation   inputs, checked by msgspec and refused in Zod's words
failures     which error of ours a client is told as what
routers/     the procedures, a file for each of Homarr's routers, loaded when called
not_offered  those of Homarr's that need what there is none of here
"""

from __future__ import annotations

from dashboard.errors import ProcedureError
from dashboard.trpc.calls import (
    admit,
    call,
    error_shape,
    find_procedure,
    find_topics,
    read_given,
)
from dashboard.trpc.procedure import Context, Kind, Procedure

__all__ = [
    "Context",
    "Kind",
    "Procedure",
    "ProcedureError",
    "admit",
    "call",
    "error_shape",
    "find_procedure",
    "find_topics",
    "read_given",
]
