"""`blender --command facert …`: the command line inside a full Blender."""

from __future__ import annotations

import bpy

from ..command import main

_handles: list[object] = []
"""Blender's handle of the registered command, needed to take it back."""


def register() -> None:
    """Offer the command."""
    _handles.append(
        bpy.utils.register_cli_command(
            "facert", lambda arguments: main(arguments, prog="blender --command facert")
        )
    )


def unregister() -> None:
    """Take the command back."""
    bpy.utils.unregister_cli_command(_handles.pop())
