"""Who was found in the footage, what is doubtful about them, and how each is adjusted."""

# ruff: noqa: RUF012 (Blender wants bl_options to be a plain set)
from __future__ import annotations

import bpy

from ...retarget.adjust import REGIONS
from ...scene.takes import repairs
from .. import performing
from ..footage_view import footage_view
from .layout import TabPanel, draw_sentence


class PerformerList(bpy.types.UIList):
    """The performers of a take and the frames of the footage between which each was seen."""

    bl_idname = "FACERT_UL_performers"

    def draw_item(self, _context, layout, _data, item, _icon, _active_data, _active_property, _index=0):
        """Draw one performer."""
        row = layout.split(factor=0.6)
        name = row.row()
        if item.picture and item.picture.preview:
            name.label(text="", icon_value=item.picture.preview.icon_id)
        else:
            name.label(text="", icon="USER")
        name.prop(item, "name", text="", emboss=False)
        row.label(text=f"{item.first} – {item.last}")  # noqa: RUF001


class DoubtList(bpy.types.UIList):
    """Places where one performer may have been taken for another."""

    bl_idname = "FACERT_UL_doubts"

    def draw_item(self, _context, layout, _data, item, _icon, _active_data, _active_property, index=0):
        """Draw one place: its frame goes there, and the buttons repair or settle it."""
        row = layout.row(align=True)
        button = row.row(align=True)
        button.ui_units_x = 2.5
        button.operator("facert.show_doubt", text=str(item.frame)).index = index
        row.label(text=item.reason)
        row.operator("facert.repair_doubt", text="", icon="TOOL_SETTINGS").index = index
        row.operator("facert.settle_doubt", text="", icon="CHECKMARK").index = index


class PerformersPanel(TabPanel, bpy.types.Panel):
    """Look at who was found, and mend who is who."""

    bl_idname = "FACERT_PT_performers"
    bl_label = "Performers"

    def draw(self, context):
        """Draw the take and its performers."""
        settings = context.scene.facert
        layout = self.layout
        collection = performing.collection_of(context.scene)
        if collection is None:
            layout.label(text="Capture footage to find its performers", icon="INFO")
            layout.operator("facert.import_take", icon="IMPORT")
            return
        layout.prop(settings, "take_choice", text="", icon="OUTLINER_OB_CAMERA")
        row = layout.row()
        row.template_list(
            "FACERT_UL_performers",
            "",
            collection.facert,
            "performers",
            settings,
            "performer_index",
            rows=4,
            maxrows=6,
        )
        column = row.column(align=True)
        column.operator("facert.jump_to_performer", text="", icon="REW").end = "FIRST"
        column.operator("facert.jump_to_performer", text="", icon="FF").end = "LAST"
        column.operator("facert.refresh_pictures", text="", icon="FILE_REFRESH")
        column.separator()
        column.operator("facert.delete_performer", text="", icon="X")
        layout.operator("facert.show_footage", icon="IMAGE_DATA", depress=footage_view.active)
        if footage_view.sentence:
            draw_sentence(layout, footage_view.sentence, icon="ERROR")
        row = layout.row()
        item = performing.chosen(context.scene)
        if item and item.picture and item.picture.preview:
            row.template_icon(item.picture.preview.icon_id, scale=3.3)
        column = row.column(align=True)
        column.operator("facert.split_performer")
        column.operator_menu_enum("facert.swap_performers", "other")
        column.operator_menu_enum("facert.merge_performers", "other", text="Merge With")


class TakePanel(TabPanel):
    """A part of the panel that is there once there is a take."""

    bl_parent_id = "FACERT_PT_performers"

    @classmethod
    def poll(cls, context):
        """There must be a take."""
        return performing.collection_of(context.scene) is not None


class DoubtsPanel(TakePanel, bpy.types.Panel):
    """See where one performer may have been taken for another."""

    bl_idname = "FACERT_PT_doubts"
    bl_label = "Doubtful Places"

    def draw_header_preset(self, context):
        """Say how many there are, also while the panel is closed."""
        self.layout.label(text=str(len(performing.collection_of(context.scene).facert.doubts) or "none"))

    def draw(self, context):
        """Draw the list."""
        stored = performing.collection_of(context.scene).facert
        layout = self.layout
        if not len(stored.doubts):
            layout.label(text="Nobody was taken for somebody else", icon="CHECKMARK")
            return
        layout.template_list(
            "FACERT_UL_doubts", "", stored, "doubts", stored, "doubt_index", rows=2, maxrows=6
        )
        if 0 <= stored.doubt_index < len(stored.doubts):
            draw_sentence(layout, stored.doubts[stored.doubt_index].reason, icon="QUESTION")


class RepairsPanel(TakePanel, bpy.types.Panel):
    """See what was repaired, and take it back. What was captured is kept."""

    bl_idname = "FACERT_PT_repairs"
    bl_label = "Repairs"
    bl_options = {"DEFAULT_CLOSED"}

    def draw_header_preset(self, context):
        """Say how many there are, also while the panel is closed."""
        self.layout.label(text=str(len(repairs(performing.collection_of(context.scene))) or "none"))

    def draw(self, context):
        """Draw a line for each repair."""
        collection = performing.collection_of(context.scene)
        column = self.layout.column(align=True)
        for index, repair in enumerate(repairs(collection)):
            row = column.row(align=True)
            row.label(text=performing.described(collection, repair))
            row.operator("facert.remove_repair", text="", icon="X", emboss=False).index = index


class AdjustPanel(TakePanel, bpy.types.Panel):
    """Adjust what the chosen performer does, for every character they play."""

    bl_idname = "FACERT_PT_adjust"
    bl_label = "Adjust"
    bl_options = {"DEFAULT_CLOSED"}

    def draw_header_preset(self, context):
        """Say who is adjusted."""
        item = performing.chosen(context.scene)
        if item:
            self.layout.label(text=item.name)

    def draw(self, context):
        """Draw neutral, gaps and smoothing."""
        item = performing.chosen(context.scene)
        layout = self.layout
        if item is None:
            layout.label(text="Choose a performer in the list", icon="INFO")
            return
        layout.use_property_split = True
        layout.use_property_decorate = False
        column = layout.column()
        column.prop(item, "neutral")
        if item.neutral == "FRAME":
            column.prop(item, "neutral_frame", text="Frame")
        if item.neutral != "NONE":
            column.prop(item, "neutral_head")
        column.operator("facert.neutral_from_frame", icon="EYEDROPPER")
        layout.prop(item, "gaps")
        column = layout.column(align=True)
        column.label(text="Smoothing by Region")
        for region in REGIONS:
            column.prop(item.smoothing, region)


CLASSES = (PerformerList, DoubtList, PerformersPanel, DoubtsPanel, RepairsPanel, AdjustPanel)
