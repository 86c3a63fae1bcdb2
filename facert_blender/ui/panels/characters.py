"""Who plays which character."""

from __future__ import annotations

import bpy

from .layout import TabPanel


class CastList(bpy.types.UIList):
    """The characters and who plays them."""

    bl_idname = "FACERT_UL_cast"

    def draw_item(self, _context, layout, _data, item, _icon, _active_data, _active_property, _index=0):
        """Draw one character."""
        row = layout.split(factor=0.45)
        row.prop(item, "name", text="", icon="OUTLINER_OB_ARMATURE", emboss=False)
        row.prop(item, "performer", text="")


class CastPanel(TabPanel, bpy.types.Panel):
    """Say who plays which character."""

    bl_idname = "FACERT_PT_cast"
    bl_label = "Cast"

    def draw(self, context):
        """Draw the characters and how to add more."""
        settings = context.scene.facert
        layout = self.layout
        if settings.characters:
            row = layout.row()
            row.template_list(
                "FACERT_UL_cast", "", settings, "characters", settings, "character_index", rows=2, maxrows=6
            )
            row.operator("facert.remove_character", text="", icon="REMOVE")
        row = layout.row(align=True)
        row.operator("facert.add_character", icon="ADD")
        row.operator_menu_enum("facert.add_demo_character", "character", text="Add Demo", icon="MONKEY")
        if settings.take and any(item.performer_id for item in settings.characters):
            layout.prop(settings, "preview", toggle=True, icon="PLAY")


CLASSES = (CastList, CastPanel)
