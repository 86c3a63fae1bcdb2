"""Watching the cast act live, and recording it."""

from __future__ import annotations

import bpy

from ..live import live, players
from ..running import running
from .layout import TabPanel, draw_sentence


class LivePanel(TabPanel, bpy.types.Panel):
    """See the cast act live."""

    bl_idname = "FACERT_PT_live"
    bl_label = "Live"

    def draw(self, context):
        """Draw the one button that starts and stops, and what is seen."""
        settings = context.scene.facert
        layout = self.layout
        row = layout.row()
        row.scale_y = 1.5
        if live.active:
            row.operator("facert.stop_live", text="Stop Live (Esc)", icon="PAUSE")
            draw_seen(layout, settings)
        else:
            row.enabled = not running.active
            row.operator("facert.start_live", icon="PLAY")
        if live.sentence:
            draw_sentence(layout, live.sentence, icon="ERROR")


class LiveSettingsPanel(TabPanel, bpy.types.Panel):
    """How the live preview plays, shows and records."""

    bl_idname = "FACERT_PT_live_settings"
    bl_label = "Live Settings"
    bl_parent_id = "FACERT_PT_live"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 (Blender wants a plain set)

    def draw(self, context):
        """Draw the settings."""
        settings = context.scene.facert
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        column = layout.column()
        column.enabled = settings.kind == "FILE" and not live.active
        column.prop(settings.live, "loop")
        row = layout.row(heading="Picture")
        row.prop(settings.live, "picture", text="")
        size = row.row()
        size.active = settings.live.picture
        size.prop(settings.live, "picture_size", text="")
        column = layout.column(align=True)
        column.prop(settings.live, "count_in")
        column.prop(settings, "start_frame")
        column.prop(settings.live, "play")


def draw_seen(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    """Draw who is seen and who plays, and what can be done with it."""
    frame = live.frame
    if frame is None:
        layout.label(text="Starting", icon="TIME")
        return
    seen = ", ".join(str(number) for number in sorted(frame.faces)) or "nobody"
    layout.label(text=f"{frame.fps:.0f} frames/s · seen: {seen}", icon="HIDE_OFF")
    items = settings.characters
    if not items:
        layout.label(text="Add a character under Cast", icon="INFO")
    elif not any(item.performer_id for item in items):
        for name, number in players(items).items():
            layout.label(text=f"{number} plays {name}", icon="BLANK1")
    row = layout.row(align=True)
    if live.counting:
        row.operator("facert.finish_recording", text=f"Recording in {live.counting}", icon="CANCEL")
    elif live.recording:
        row.operator(
            "facert.finish_recording", text=f"Finish · {frame.recorded or 0:.0f} s", icon="SNAP_FACE"
        )
    else:
        row.operator("facert.record_live", icon="REC")
    row.operator("facert.rest_live", icon="USER")


CLASSES = (LivePanel, LiveSettingsPanel)
