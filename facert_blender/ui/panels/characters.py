"""Who plays which character."""

# ruff: noqa: RUF012 (Blender wants bl_options to be a plain set)
from __future__ import annotations

import bpy

from ...capture.errors import FaceRTError
from ...scene.orientation import stiff
from .. import casting
from ..live import live
from .layout import CharacterPanel, TabPanel, draw_sentence


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
        column = layout.column(align=True)
        column.operator("facert.add_character", icon="ADD")
        row = column.row(align=True)
        row.operator_menu_enum("facert.add_source", "source", text="Add From", icon="OUTLINER_COLLECTION")
        row.operator_menu_enum("facert.add_demo_character", "character", text="Add Demo", icon="MONKEY")
        if settings.take and any(item.performer_id for item in settings.characters):
            row = layout.row()
            row.enabled = not live.active
            row.prop(settings, "preview", toggle=True, icon="PLAY")


class PartsPanel(CharacterPanel, bpy.types.Panel):
    """Tell what the chosen character consists of, and choose the bones that turn its head and jaw."""

    bl_idname = "FACERT_PT_parts"
    bl_label = "Parts"
    bl_options = {"DEFAULT_CLOSED"}
    bl_parent_id = "FACERT_PT_cast"

    def draw(self, context):
        """Draw the objects and the bones."""
        item = context.scene.facert.active_character
        layout = self.layout
        try:
            character = casting.character_of(item)
        except FaceRTError as error:
            draw_sentence(layout, str(error), icon="ERROR")
            return
        column = layout.column(align=True)
        for mesh in character.meshes:
            column.label(text=mesh.name, icon="SHAPEKEY_DATA" if mesh.data.shape_keys else "MESH_DATA")
        layout.operator("facert.add_parts", icon="ADD")
        if character.armature is None:
            turning = character.head_object.name if character.head_object else "Nothing"
            draw_sentence(layout, f"{turning} turns the head: there is no armature", icon="INFO")
            return
        layout.label(text=character.armature.name, icon="ARMATURE_DATA")
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        for bone in casting.BONES:
            # What was found by name is shown in grey until another one is chosen.
            column.prop(item, bone, icon="BONE_DATA", placeholder=getattr(character, bone) or "none")
        for what, reason in stiff(character).items():
            draw_sentence(layout, f"{what} does not turn: {reason}", icon="ERROR")


CLASSES = (CastList, CastPanel, PartsPanel)
