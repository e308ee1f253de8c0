"""How many bytes a unit has."""

from __future__ import annotations

KIB, MIB = 1024, 1024 * 1024
