"""What all panels share: where they are, and how they write sentences."""

from __future__ import annotations

import textwrap

import bpy

LINE = 38
"""Characters that fit on a line of the sidebar as wide as Blender opens it."""


class TabPanel:
    """Where all panels of FaceRT are."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "FaceRT"


class CharacterPanel(TabPanel):
    """A panel about the chosen character."""

    @classmethod
    def poll(cls, context):
        """There must be one."""
        return context.scene.facert.active_character is not None


def draw_names(layout: bpy.types.UILayout, title: str, names: list[str]) -> None:
    """Draw a list of names under a title with their number; nothing when there are none."""
    if names:
        column = layout.column(align=True)
        column.label(text=f"{title} ({len(names)})", icon="ERROR")
        for name in names:
            draw_sentence(column, name, icon="BLANK1")


def draw_sentence(layout: bpy.types.UILayout, sentence: str, icon: str) -> None:
    """Draw a sentence on as many lines as the sidebar needs."""
    column = layout.column(align=True)
    for number, line in enumerate(textwrap.wrap(sentence, LINE)):
        column.label(text=line, icon=icon if number == 0 else "BLANK1")
