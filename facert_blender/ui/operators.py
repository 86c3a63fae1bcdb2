"""What the buttons do: each gathers, calls one plain function, and reports."""

# mypy: disable-error-code="valid-type"
# ruff: noqa: RUF012 (Blender wants bl_options to be a plain set)
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import bpy
from bpy_extras.io_utils import ExportHelper, ImportHelper

from ..capture.contract import EXPRESSIONS
from ..capture.errors import CancelledError, FaceRTError
from ..capture.take import Take, load_take, save_take
from ..capture.worker import CaptureWorker, capture
from ..retarget.live_link import save_csvs
from ..retarget.mapping import Row, load_mapping, save_mapping
from ..scene.bake import BakeReport
from ..scene.demo import NAMES
from ..scene.takes import read
from . import casting
from .preferences import threads
from .running import running
from .wheels import missing_part

TICK = 0.1
"""Seconds between two looks at the capture in progress."""


def reported(operator: bpy.types.Operator, work: Callable[[], str]) -> set[str]:
    """Do `work` and report the sentence it returns, or why it could not be done."""
    try:
        sentence = work()
    except FaceRTError as error:
        return refused(operator, error)
    operator.report({"INFO"}, sentence)
    return {"FINISHED"}


def refused(operator: bpy.types.Operator, error: FaceRTError) -> set[str]:
    """Report `error`, without alarm where the person stopped the work."""
    operator.report({"INFO" if isinstance(error, CancelledError) else "ERROR"}, str(error))
    return {"CANCELLED"}


def counted(number: int, thing: str) -> str:
    """`number` of `thing`, in words for people: "1 key", "6,240 keys"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


class Explained:
    """A button that says why it is grey: `refusal` is a sentence, or "" when it may be pressed."""

    poll_message_set: ClassVar[Callable[[str], None]]

    @classmethod
    def poll(cls, context):
        """Grey the button and say why."""
        sentence = cls.refusal(context)
        if sentence:
            cls.poll_message_set(sentence)
        return not sentence

    @staticmethod
    def refusal(context: bpy.types.Context, /) -> str:
        """Why the button is grey."""
        raise NotImplementedError


def without_take(context: bpy.types.Context) -> str:
    """Why nothing can be done with a take."""
    return "" if context.scene.facert.take else "There is no take yet. Capture footage first"


def without_character(context: bpy.types.Context) -> str:
    """Why nothing can be done with the chosen character."""
    return "" if context.scene.facert.active_character else "Add a character under Cast first"


def without_capture(_context: bpy.types.Context) -> str:
    """Why there is nothing to stop."""
    return "" if running.active else "No capture is running"


# Footage


def capture_arguments(context: bpy.types.Context) -> dict[str, Any]:
    """The settings of the footage as the arguments of a capture."""
    settings = context.scene.facert
    return {
        "source": settings.source,
        "quality": settings.quality,
        "start": settings.start if settings.use_range else None,
        "end": settings.end if settings.use_range else None,
        "threads": threads(context),
    }


def kept(scene: bpy.types.Scene, take: Take) -> str:
    """Keep a finished take in `scene`; returns what to tell about it."""
    name = casting.keep_take(scene, take)
    found = f"{name}: {counted(len(take.performers), 'performer')} in {counted(take.frames, 'frame')}."
    return f"{found} {take.notice}".rstrip()


class Capture(Explained, bpy.types.Operator):
    """Find every performer in the footage and keep what their faces do as a take"""

    bl_idname = "facert.capture"
    bl_label = "Capture"
    bl_options = {"UNDO"}

    @staticmethod
    def refusal(context):
        """There must be footage and nothing else running."""
        settings = context.scene.facert
        if missing_part():
            return missing_part()
        if running.active:
            return "A capture is running. Press Esc to cancel it"
        if settings.kind == "FILE" and not settings.path:
            return "Choose a movie or a sequence of pictures first"
        return ""

    def execute(self, context):
        """Capture and wait: for scripts."""
        arguments = capture_arguments(context)
        if isinstance(arguments["source"], int) and arguments["end"] is None:
            self.report(
                {"ERROR"}, "A camera does not end by itself. Set a range, or press Capture in the panel."
            )
            return {"CANCELLED"}
        return reported(self, lambda: kept(context.scene, capture(**arguments)))

    def invoke(self, context, _event):
        """Capture behind the window."""
        running.start(CaptureWorker(**capture_arguments(context)))
        self.scene_name = context.scene.name
        self.timer = context.window_manager.event_timer_add(TICK, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        """Look at the capture at every tick; Esc cancels; everything else is Blender's."""
        if event.type == "ESC" and event.value == "PRESS":
            running.cancel()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        redraw_panels(context)
        try:
            told = tick(bpy.data.scenes.get(self.scene_name, context.scene))
        except FaceRTError as error:
            return refused(self, error)
        finally:
            if not running.active:
                context.window_manager.event_timer_remove(self.timer)
        if not told:
            return {"PASS_THROUGH"} if running.active else {"CANCELLED"}
        self.report({"INFO"}, told)
        return {"FINISHED"}

    def cancel(self, _context):
        """Blender takes the operator away: a file is loaded, or Blender ends."""
        running.close()


def tick(scene: bpy.types.Scene) -> str:
    """The work of one tick: once the capture is finished, keep its take in `scene` and say so; else "".

    Raises:
        FaceRTError: why the capture ended without a take.
    """
    take = running.poll()
    return kept(scene, take) if take else ""


def redraw_panels(context: bpy.types.Context) -> None:
    """Show the progress wherever the panel is."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


class FinishCapture(Explained, bpy.types.Operator):
    """Take the footage to end here and keep what was captured so far"""

    bl_idname = "facert.finish_capture"
    bl_label = "Finish Now"
    refusal = staticmethod(without_capture)

    def execute(self, _context):
        """Stop reading; the next tick keeps the take."""
        running.stop()
        return {"FINISHED"}


class CancelCapture(Explained, bpy.types.Operator):
    """Stop the capture and keep nothing of it"""

    bl_idname = "facert.cancel_capture"
    bl_label = "Cancel"
    refusal = staticmethod(without_capture)

    def execute(self, _context):
        """Stop; the next tick says so."""
        running.cancel()
        return {"FINISHED"}


# Performers


class ExportTake(Explained, bpy.types.Operator, ExportHelper):
    """Write the take with all its performers to a JSON file"""

    bl_idname = "facert.export_take"
    bl_label = "Export Take"
    refusal = staticmethod(without_take)
    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})

    def execute(self, context):
        """Write the file."""
        return reported(self, lambda: self.write(context.scene))

    def write(self, scene: bpy.types.Scene) -> str:
        """Write the active take of `scene`."""
        save_take(read(scene, scene.facert.take), self.filepath)
        return f"Wrote {self.filepath}."


class ImportTake(bpy.types.Operator, ImportHelper):
    """Read a take from a JSON file, captured elsewhere or before, and keep it in the scene"""

    bl_idname = "facert.import_take"
    bl_label = "Import Take"
    bl_options = {"REGISTER", "UNDO"}
    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})

    def execute(self, context):
        """Read the file."""
        return reported(self, lambda: kept(context.scene, load_take(self.filepath)))


class ExportTables(Explained, bpy.types.Operator):
    """Write a table for each performer, as the Live Link Face app does, into a folder"""

    bl_idname = "facert.export_csv"
    bl_label = "Export Live Link CSV"
    refusal = staticmethod(without_take)
    directory: bpy.props.StringProperty(name="Folder", subtype="DIR_PATH")
    filter_folder: bpy.props.BoolProperty(default=True, options={"HIDDEN"})

    def invoke(self, context, _event):
        """Choose the folder."""
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context):
        """Write the files."""
        return reported(self, lambda: self.write(context.scene))

    def write(self, scene: bpy.types.Scene) -> str:
        """Write the tables of the active take of `scene`."""
        written = save_csvs(read(scene, scene.facert.take), self.directory)
        return f"Wrote {counted(len(written), 'table')} to {self.directory}."


# Cast


class AddCharacter(Explained, bpy.types.Operator):
    """Add the character that the selected objects belong to, and match its mapping by name"""

    bl_idname = "facert.add_character"
    bl_label = "Add Selected"
    bl_options = {"REGISTER", "UNDO"}

    @staticmethod
    def refusal(context):
        """Something must be selected."""
        return "" if context.selected_objects else "Select a mesh of the character in the viewport first"

    def execute(self, context):
        """Add the character."""
        return reported(self, lambda: matched(casting.add_character(context.scene, context.selected_objects)))


class AddDemoCharacter(bpy.types.Operator):
    """Add a head that comes with FaceRT, ready to be cast"""

    bl_idname = "facert.add_demo_character"
    bl_label = "Add Demo Character"
    bl_options = {"REGISTER", "UNDO"}
    character: bpy.props.EnumProperty(name="Character", items=[(name, name, "") for name in NAMES])

    def execute(self, context):
        """Append it and add it to the cast."""
        return reported(self, lambda: matched(casting.add_demo_character(context.scene, self.character)))


class RemoveCharacter(Explained, bpy.types.Operator):
    """Take the character off the cast. Its objects and Actions stay"""

    bl_idname = "facert.remove_character"
    bl_label = "Remove Character"
    bl_options = {"REGISTER", "UNDO"}
    refusal = staticmethod(without_character)

    def execute(self, context):
        """Forget the character and its mapping."""
        settings = context.scene.facert
        settings.characters.remove(settings.character_index)
        settings.character_index = max(0, settings.character_index - 1)
        return {"FINISHED"}


# Mapping


def matched(item: bpy.types.PropertyGroup) -> str:
    """What to tell about a character whose mapping was matched."""
    missing = len(casting.unmapped(item))
    found = counted(len(EXPRESSIONS) - missing, "expression")
    return f"{item.name}: {found} matched, {missing} without a target."


class MatchMapping(Explained, bpy.types.Operator):
    """Fill the table again, by the names of the character's shape keys and bones"""

    bl_idname = "facert.match_mapping"
    bl_label = "Match"
    bl_options = {"REGISTER", "UNDO"}
    refusal = staticmethod(without_character)

    def execute(self, context):
        """Match the chosen character."""
        item = context.scene.facert.active_character
        return reported(self, lambda: self.match(item))

    def match(self, item: bpy.types.PropertyGroup) -> str:
        """Match one character."""
        casting.match_mapping(item)
        return matched(item)


class LoadMapping(Explained, bpy.types.Operator, ImportHelper):
    """Replace the table by one from a JSON file"""

    bl_idname = "facert.load_mapping"
    bl_label = "Load Mapping"
    bl_options = {"REGISTER", "UNDO"}
    refusal = staticmethod(without_character)
    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})

    def execute(self, context):
        """Read the file."""
        return reported(self, lambda: self.load(context.scene.facert.active_character))

    def load(self, item: bpy.types.PropertyGroup) -> str:
        """Give the rows of the file to a character."""
        casting.use_rows(item, load_mapping(self.filepath))
        return matched(item)


class SaveMapping(Explained, bpy.types.Operator, ExportHelper):
    """Write the table to a JSON file, for other characters of this kind"""

    bl_idname = "facert.save_mapping"
    bl_label = "Save Mapping"
    refusal = staticmethod(without_character)
    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})

    def execute(self, context):
        """Write the file."""
        return reported(self, lambda: self.save(context.scene.facert.active_character))

    def save(self, item: bpy.types.PropertyGroup) -> str:
        """Write the rows of a character."""
        save_mapping(casting.read_rows(item), self.filepath)
        return f"Wrote {self.filepath}."


class AddRow(Explained, bpy.types.Operator):
    """Add a row to the table, as a copy of the chosen one"""

    bl_idname = "facert.mapping_row_add"
    bl_label = "Add Row"
    bl_options = {"REGISTER", "UNDO"}
    refusal = staticmethod(without_character)

    def execute(self, context):
        """Add the row below the chosen one."""
        item = context.scene.facert.active_character
        rows = casting.read_rows(item)
        chosen = item.active_row_index
        rows.insert(chosen + 1, replace(rows[chosen]) if item.active_row else Row(EXPRESSIONS[0], ""))
        casting.write_rows(item, rows)
        item.active_row_index = min(chosen + 1, len(rows) - 1)
        return {"FINISHED"}


class RemoveRow(Explained, bpy.types.Operator):
    """Remove the chosen row from the table"""

    bl_idname = "facert.mapping_row_remove"
    bl_label = "Remove Row"
    bl_options = {"REGISTER", "UNDO"}

    @staticmethod
    def refusal(context):
        """A row must be chosen."""
        item = context.scene.facert.active_character
        return "" if item and item.active_row else "Choose a row of the table first"

    def execute(self, context):
        """Remove the row."""
        item = context.scene.facert.active_character
        item.rows.remove(item.active_row_index)
        item.active_row_index = max(0, item.active_row_index - 1)
        return {"FINISHED"}


# Bake


class Bake(Explained, bpy.types.Operator):
    """Write the performance of everyone in the cast as Actions of the characters they play"""

    bl_idname = "facert.bake"
    bl_label = "Bake"
    bl_options = {"REGISTER", "UNDO"}

    @staticmethod
    def refusal(context):
        """There must be a take, and somebody who plays a character."""
        if without_take(context) or without_character(context):
            return without_take(context) or without_character(context)
        if not any(item.performer_id for item in context.scene.facert.characters):
            return "Choose who plays a character under Cast first"
        return ""

    def execute(self, context):
        """Bake the whole cast."""
        return reported(self, lambda: baked(casting.bake_cast(context.scene)))


def baked(reports: list[BakeReport]) -> str:
    """What to tell about a bake."""
    keys = sum(report.keys for report in reports)
    return f"Baked {counted(len(reports), 'character')} with {counted(keys, 'key')}."


CLASSES = (
    Capture,
    FinishCapture,
    CancelCapture,
    ImportTake,
    ExportTake,
    ExportTables,
    AddCharacter,
    AddDemoCharacter,
    RemoveCharacter,
    MatchMapping,
    LoadMapping,
    SaveMapping,
    AddRow,
    RemoveRow,
    Bake,
)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
