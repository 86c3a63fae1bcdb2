"""What an animator sees: settings, lists, panels and operators. No mathematics."""

from __future__ import annotations

from . import (
    command_line,
    footage_view,
    last_take,
    operators,
    panels,
    preferences,
    previewing,
    properties,
    running,
)

PARTS = (
    properties,
    preferences,
    operators,
    panels,
    running,
    last_take,
    previewing,
    footage_view,
    command_line,
)


def register() -> None:
    """Register every class; what is used by others comes first."""
    for part in PARTS:
        part.register()


def unregister() -> None:
    """Unregister every class, in the opposite order."""
    for part in reversed(PARTS):
        part.unregister()
