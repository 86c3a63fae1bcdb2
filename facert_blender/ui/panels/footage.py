"""Choosing footage and capturing it."""

from __future__ import annotations

import bpy

from ..running import running
from ..wheels import missing_part
from .layout import TabPanel, draw_sentence


class FootagePanel(TabPanel, bpy.types.Panel):
    """Choose footage and capture it."""

    bl_idname = "FACERT_PT_footage"
    bl_label = "Footage"

    def draw(self, context):
        """Draw the settings, and the button or the progress of the capture."""
        settings = context.scene.facert
        layout = self.layout
        column = layout.column()
        column.enabled = not running.active
        column.row().prop(settings, "kind", expand=True)
        column.prop(settings, "camera" if settings.kind == "CAMERA" else "path", text="")
        column.row().prop(settings, "quality", expand=True)
        row = column.row(align=True, heading="Range")
        row.prop(settings, "use_range", text="")
        limits = row.row(align=True)
        limits.active = settings.use_range
        limits.prop(settings, "start", text="")
        limits.prop(settings, "end", text="")

        if missing_part():
            draw_sentence(layout, missing_part(), icon="ERROR")
        if running.active:
            draw_progress(layout)
        else:
            row = layout.row()
            row.scale_y = 1.5
            row.operator("facert.capture", icon="REC")


def draw_progress(layout: bpy.types.UILayout) -> None:
    """Draw how far the capture in progress is, and how to end it."""
    progress = running.progress
    if progress is None:
        layout.progress(text="Starting", factor=0.0)
    else:
        of_total = f" of {progress.total}" if progress.total else ""
        text = f"Frame {progress.done}{of_total} · faces: {progress.faces} · {progress.fps:.0f} frames/s"
        layout.progress(text=text, factor=min(1.0, progress.done / progress.total) if progress.total else 0.0)
    row = layout.row(align=True)
    row.scale_y = 1.5
    row.operator("facert.finish_capture", icon="CHECKMARK")
    row.operator("facert.cancel_capture", text="Cancel (Esc)", icon="X")


CLASSES = (FootagePanel,)
