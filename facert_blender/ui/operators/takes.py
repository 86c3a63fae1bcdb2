"""Takes in and out of files."""

# mypy: disable-error-code="valid-type"
# ruff: noqa: RUF012 (Blender wants bl_options to be a plain set)
from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper, ImportHelper

from ...capture.take import Take, load_take, save_take
from ...retarget.live_link import load_csvs, save_csvs
from ...scene.takes import read
from .. import casting
from ..preferences import takes_path
from .reporting import Explained, counted, reported, without_take


def kept(scene: bpy.types.Scene, take: Take) -> str:
    """Keep a finished take in `scene`; returns what to tell about it."""
    name = casting.keep_take(scene, take)
    found = f"{name}: {counted(len(take.performers), 'performer')} in {counted(take.frames, 'frame')}."
    return f"{found} {take.notice}".rstrip()


class AmongTakes:
    """Begins to choose a file in the folder where takes go."""

    def invoke(self, context, event):
        """Choose the file."""
        if not self.filepath:
            self.filepath: str = takes_path(self.proposed(context))
        return super().invoke(context, event)  # type: ignore[misc]

    def proposed(self, _context: bpy.types.Context) -> str:
        """The name for a new file; none where a file is read."""
        return ""


class ImportTake(AmongTakes, bpy.types.Operator, ImportHelper):
    """Read a take from a JSON file, captured elsewhere or before, and keep it in the scene"""

    bl_idname = "facert.import_take"
    bl_label = "Import Take"
    bl_options = {"REGISTER", "UNDO"}
    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})

    def execute(self, context):
        """Read the file."""
        return reported(self, lambda: kept(context.scene, load_take(self.filepath)))


class ImportTables(AmongTakes, bpy.types.Operator, ImportHelper):
    """Read recordings of the Live Link Face app. Several that phones made at once become one take"""

    bl_idname = "facert.import_csv"
    bl_label = "Import Live Link CSV"
    bl_options = {"REGISTER", "UNDO"}
    filename_ext = ".csv"
    filter_glob: bpy.props.StringProperty(default="*.csv", options={"HIDDEN"})
    directory: bpy.props.StringProperty(subtype="DIR_PATH", options={"HIDDEN", "SKIP_SAVE"})
    files: bpy.props.CollectionProperty(
        type=bpy.types.OperatorFileListElement, options={"HIDDEN", "SKIP_SAVE"}
    )
    fps: bpy.props.FloatProperty(
        name="Frame Rate",
        description="Frames per second that the timecodes count; 0 tells it from them",
        min=0.0,
        max=240.0,
        default=0.0,
    )

    def execute(self, context):
        """Read the files."""
        chosen = [Path(self.directory) / file.name for file in self.files if file.name]
        paths = chosen or [Path(self.filepath)]
        return reported(self, lambda: kept(context.scene, load_csvs(paths, self.fps or None)))


class ExportTake(Explained, AmongTakes, bpy.types.Operator, ExportHelper):
    """Write the take with all its performers to a JSON file"""

    bl_idname = "facert.export_take"
    bl_label = "Export Take"
    refusal = staticmethod(without_take)
    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})

    def proposed(self, context):
        """The name of the take."""
        return f"{context.scene.facert.take}.json"

    def execute(self, context):
        """Write the file."""
        return reported(self, lambda: self.write(context.scene))

    def write(self, scene: bpy.types.Scene) -> str:
        """Write the active take of `scene`."""
        save_take(read(scene, scene.facert.take), self.filepath)
        return f"Wrote {self.filepath}."


class ExportTables(Explained, bpy.types.Operator):
    """Write a table for each performer, as the Live Link Face app does, into a folder"""

    bl_idname = "facert.export_csv"
    bl_label = "Export Live Link CSV"
    refusal = staticmethod(without_take)
    directory: bpy.props.StringProperty(
        name="Folder", description="Folder that gets one table for each performer", subtype="DIR_PATH"
    )
    filter_folder: bpy.props.BoolProperty(default=True, options={"HIDDEN"})

    def invoke(self, context, _event):
        """Choose the folder."""
        if not self.directory:
            self.directory = takes_path()
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context):
        """Write the files."""
        return reported(self, lambda: self.write(context.scene))

    def write(self, scene: bpy.types.Scene) -> str:
        """Write the tables of the active take of `scene`."""
        written = save_csvs(read(scene, scene.facert.take), self.directory)
        return f"Wrote {counted(len(written), 'table')} to {self.directory}."


CLASSES = (ImportTake, ImportTables, ExportTake, ExportTables)
