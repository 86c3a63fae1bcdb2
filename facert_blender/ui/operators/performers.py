"""Who is who, when they are there, and what is their face at rest."""

# mypy: disable-error-code="valid-type"
# ruff: noqa: RUF012 (Blender wants bl_options to be a plain set)
from functools import cache

import bpy

from ...capture.repair import Repair
from ...scene.takes import names_in, repairs
from .. import performing
from ..footage_view import footage_view, start_ticking
from ..last_take import last_take
from ..live import live, redraw
from ..previewing import refresh
from .reporting import Explained, reported, without_take


def without_performer(context: bpy.types.Context) -> str:
    """Why nothing can be done with the chosen performer."""
    return without_take(context) or (
        "" if performing.chosen(context.scene) else "Choose a performer in the list first"
    )


def without_another(context: bpy.types.Context) -> str:
    """Why nothing can be done with two performers."""
    sentence = without_performer(context)
    if sentence:
        return sentence
    people = performing.collection_of(context.scene).facert.performers
    return "" if len(people) > 1 else "There is only one performer in this take"


@cache
def choice(number: int, name: str) -> tuple[str, str, str, int]:
    """One entry of the menu of performers, kept because Blender wants its strings to outlive the call."""
    return (str(number), name, "", number)


def others(_self, context: bpy.types.Context) -> list[tuple[str, str, str, int]]:
    """All performers of the take but the chosen one."""
    collection = performing.collection_of(context.scene)
    item = performing.chosen(context.scene)
    people = names_in(collection).items() if collection else ()
    return [choice(number, name) for number, name in people if item is None or number != item.number]


def here(context: bpy.types.Context) -> int:
    """The frame of the footage at the current frame."""
    return performing.footage_frame(context.scene, last_take.of(context.scene))


def mend(context: bpy.types.Context, wanted: Repair) -> str:
    """Add a repair to the take; returns what to tell."""
    sentence = performing.repair(context.scene, wanted)
    refresh(context.scene.facert, context)
    return sentence


def go_to(context: bpy.types.Context, frame: int) -> None:
    """Go to where a frame of the footage lies on the timeline."""
    context.scene.frame_set(performing.scene_frame_of(context.scene, last_take.of(context.scene), frame))


class JumpToPerformer(Explained, bpy.types.Operator):
    """Go to the first or last frame in which the performer is seen"""

    bl_idname = "facert.jump_to_performer"
    bl_label = "Go to Performer"
    bl_options = {"REGISTER", "UNDO"}
    refusal = staticmethod(without_performer)
    end: bpy.props.EnumProperty(
        name="End",
        description="Which end of the performance",
        items=[("FIRST", "First", "The first frame"), ("LAST", "Last", "The last frame")],
    )

    def execute(self, context):
        """Set the current frame."""
        item = performing.chosen(context.scene)
        frame = item.first if self.end == "FIRST" else item.last
        return reported(self, lambda: self.go(context, frame))

    def go(self, context: bpy.types.Context, frame: int) -> str:
        """Go to a frame of the footage."""
        go_to(context, frame)
        return f"Frame {frame} of the footage."


class SplitPerformer(Explained, bpy.types.Operator):
    """Make the chosen performer somebody else from the current frame on"""

    bl_idname = "facert.split_performer"
    bl_label = "Split Here"
    bl_options = {"REGISTER", "UNDO"}
    refusal = staticmethod(without_performer)

    def execute(self, context):
        """Add the repair."""
        number = performing.chosen(context.scene).number
        return reported(self, lambda: mend(context, Repair("SPLIT", number, here(context))))


class SwapPerformers(Explained, bpy.types.Operator):
    """Exchange the chosen performer and another one from the current frame on"""

    bl_idname = "facert.swap_performers"
    bl_label = "Swap From Here"
    bl_options = {"REGISTER", "UNDO"}
    refusal = staticmethod(without_another)
    other: bpy.props.EnumProperty(name="With", description="The other performer", items=others)

    def execute(self, context):
        """Add the repair."""
        number = performing.chosen(context.scene).number
        return reported(
            self,
            lambda: mend(context, Repair("SWAP", number, here(context), int(self.other or 0))),
        )


class MergePerformers(Explained, bpy.types.Operator):
    """Say that another performer is the chosen one all along"""

    bl_idname = "facert.merge_performers"
    bl_label = "Merge"
    bl_options = {"REGISTER", "UNDO"}
    refusal = staticmethod(without_another)
    other: bpy.props.EnumProperty(
        name="With", description="The performer who is the chosen one as well", items=others
    )

    def execute(self, context):
        """Add the repair."""
        number = performing.chosen(context.scene).number
        wanted = Repair("MERGE", number, other=int(self.other or 0))
        return reported(self, lambda: mend(context, wanted))


class DeletePerformer(Explained, bpy.types.Operator):
    """Take the chosen performer out of the take. What was captured is kept, and the repair can be removed"""

    bl_idname = "facert.delete_performer"
    bl_label = "Delete Performer"
    bl_options = {"REGISTER", "UNDO"}
    refusal = staticmethod(without_performer)

    def execute(self, context):
        """Add the repair."""
        wanted = Repair("DELETE", performing.chosen(context.scene).number)
        return reported(self, lambda: mend(context, wanted))


class RemoveRepair(Explained, bpy.types.Operator):
    """Take this repair back, and later ones that need it"""

    bl_idname = "facert.remove_repair"
    bl_label = "Remove Repair"
    bl_options = {"REGISTER", "UNDO"}
    index: bpy.props.IntProperty(name="Repair", description="Which one of the list, from 0", min=0)

    @staticmethod
    def refusal(context):
        """There must be a repair."""
        collection = performing.collection_of(context.scene)
        if collection is None:
            return without_take(context)
        return "" if repairs(collection) else "This take has no repairs"

    def execute(self, context):
        """Take it back."""
        return reported(self, lambda: self.take_back(context))

    def take_back(self, context: bpy.types.Context) -> str:
        """Take the repair back."""
        sentence = performing.take_back(context.scene, self.index)
        refresh(context.scene.facert, context)
        return sentence


class AboutDoubt(Explained):
    """A button of one of the doubtful places."""

    index: bpy.props.IntProperty(name="Place", description="Which one of the list, from 0", min=0)

    @staticmethod
    def refusal(context):
        """There must be a doubtful place."""
        collection = performing.collection_of(context.scene)
        if collection is None:
            return without_take(context)
        return "" if len(collection.facert.doubts) else "Nothing is doubtful in this take"

    def line(self, context: bpy.types.Context) -> bpy.types.PropertyGroup:
        """The place; the last one where the index leads beyond."""
        lines = performing.collection_of(context.scene).facert.doubts
        return lines[min(self.index, len(lines) - 1)]


class ShowDoubt(AboutDoubt, bpy.types.Operator):
    """Go to this place and choose the performer it is about"""

    bl_idname = "facert.show_doubt"
    bl_label = "Show"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        """Go there."""
        line = self.line(context)
        return reported(self, lambda: self.show(context, line))

    def show(self, context: bpy.types.Context, line: bpy.types.PropertyGroup) -> str:
        """Go to a doubtful place."""
        go_to(context, line.frame)
        people = performing.collection_of(context.scene).facert.performers
        numbers = [item.number for item in people]
        if line.performer in numbers:
            context.scene.facert.performer_index = numbers.index(line.performer)
        return f"{line.reason}."


class RepairDoubt(AboutDoubt, bpy.types.Operator):
    """Repair this place as offered"""

    bl_idname = "facert.repair_doubt"
    bl_label = "Repair"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def description(cls, context, properties):
        """Say what it would do."""
        collection = performing.collection_of(context.scene)
        if collection is None or properties.index >= len(collection.facert.doubts):
            return ""
        line = collection.facert.doubts[properties.index]
        return performing.described(collection, performing.offer(line))

    def execute(self, context):
        """Add the repair."""
        wanted = performing.offer(self.line(context))
        return reported(self, lambda: mend(context, wanted))


class SettleDoubt(AboutDoubt, bpy.types.Operator):
    """Say that this place is right as it is"""

    bl_idname = "facert.settle_doubt"
    bl_label = "Right as It Is"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        """Strike it off the list."""
        wanted = performing.settle(self.line(context))
        return reported(self, lambda: mend(context, wanted))


class NeutralFromFrame(Explained, bpy.types.Operator):
    """Take the performer's face at the current frame for the face at rest"""

    bl_idname = "facert.neutral_from_frame"
    bl_label = "Set From This Frame"
    bl_options = {"REGISTER", "UNDO"}
    refusal = staticmethod(without_performer)

    def execute(self, context):
        """Note the frame."""
        item = performing.chosen(context.scene)
        return reported(self, lambda: self.note(context, item))

    def note(self, context: bpy.types.Context, item: bpy.types.PropertyGroup) -> str:
        """Note the current frame for a performer."""
        item.neutral_frame = here(context)
        item.neutral = "FRAME"
        return f"{item.name} is at rest in frame {item.neutral_frame} of the footage."


class ShowFootage(Explained, bpy.types.Operator):
    """Show the footage in the corner of the viewport, with who is who; the chosen performer stands out"""

    bl_idname = "facert.show_footage"
    bl_label = "Show Footage"

    @staticmethod
    def refusal(context):
        """There must be a take, and no live preview in that corner."""
        return (
            "The live preview shows its own picture. Stop it first" if live.active else without_take(context)
        )

    def execute(self, context):
        """Show it, or show it no more."""
        if footage_view.active:
            footage_view.close()
            redraw()
            return {"FINISHED"}
        return reported(self, lambda: self.open(context))

    def open(self, context: bpy.types.Context) -> str:
        """Show the footage of the active take."""
        footage_view.open(context.scene)
        start_ticking()
        return "Scrub the timeline to look at the footage."


class RefreshPictures(Explained, bpy.types.Operator):
    """Cut the performers' pictures from the footage again, for those that were split or swapped"""

    bl_idname = "facert.refresh_pictures"
    bl_label = "Refresh Pictures"
    bl_options = {"REGISTER", "UNDO"}
    refusal = staticmethod(without_take)

    def execute(self, context):
        """Read the footage where each is clearest."""
        return reported(self, lambda: performing.take_pictures(context.scene))


CLASSES = (
    JumpToPerformer,
    SplitPerformer,
    SwapPerformers,
    MergePerformers,
    DeletePerformer,
    RemoveRepair,
    ShowDoubt,
    RepairDoubt,
    SettleDoubt,
    NeutralFromFrame,
    ShowFootage,
    RefreshPictures,
)
