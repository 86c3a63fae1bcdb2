"""What a take says beside its keys: who is called what, how each is adjusted, and what is doubtful."""

# mypy: disable-error-code="valid-type"
import bpy

from .. import performing
from ..previewing import refresh

STRENGTH = {"default": 1.0, "min": 0.0, "soft_max": 2.0, "step": 5, "update": refresh}


class RegionProperties(bpy.types.PropertyGroup):
    """A factor for each region of the face."""

    brows: bpy.props.FloatProperty(name="Brows", description="For the brows", **STRENGTH)
    eyes: bpy.props.FloatProperty(name="Eyes", description="For lids and gaze", **STRENGTH)
    mouth: bpy.props.FloatProperty(name="Mouth", description="For lips, cheeks and nose", **STRENGTH)
    jaw: bpy.props.FloatProperty(name="Jaw", description="For the jaw", **STRENGTH)
    head: bpy.props.FloatProperty(name="Head", description="For the rotation of the head", **STRENGTH)


class PerformerProperties(bpy.types.PropertyGroup):
    """A performer of a take as it is after its repairs."""

    number: bpy.props.IntProperty(name="Number", description="The number that the cast refers to")
    name: bpy.props.StringProperty(
        name="Name",
        description="Double-click to give the performer a name",
        get=performing.name_of,
        set=performing.rename,
    )
    first: bpy.props.IntProperty(name="First Frame", description="Frame of the footage of the first sight")
    last: bpy.props.IntProperty(name="Last Frame", description="Frame of the footage of the last sight")
    picture: bpy.props.PointerProperty(
        name="Picture", description="The performer's face, cut from the footage", type=bpy.types.Image
    )
    neutral: bpy.props.EnumProperty(
        name="Neutral",
        description="What counts as the performer's face at rest and is taken off",
        items=[
            ("NONE", "As Captured", "Take nothing off"),
            ("AUTOMATIC", "Automatic", "The face in still frames with the lids apart"),
            ("FRAME", "From Frame", "The face in a chosen frame"),
        ],
        default="AUTOMATIC",
        update=refresh,
    )
    neutral_frame: bpy.props.IntProperty(
        name="Neutral Frame", description="Frame of the footage with the face at rest", min=0, update=refresh
    )
    neutral_head: bpy.props.BoolProperty(
        name="Head Too",
        description="Take off how the head is turned at rest as well, as for a camera at the side",
        update=refresh,
    )
    gaps: bpy.props.EnumProperty(
        name="Gaps",
        description="What the character does while the performer cannot be seen",
        items=[
            ("HOLD", "Hold", "Hold the last face until the performer is about to be back"),
            ("EASE", "Ease", "Ease to neutral, and back when the performer is"),
            ("UNKEYED", "No Keys", "Leave it without keys"),
        ],
        default="UNKEYED",
        update=refresh,
    )
    smoothing: bpy.props.PointerProperty(
        name="Smoothing", description="How much jitter is removed; blinks stay", type=RegionProperties
    )


class DoubtProperties(bpy.types.PropertyGroup):
    """A place of a take where one performer may have been taken for another, and the repair for that."""

    frame: bpy.props.IntProperty(name="Frame", description="Frame of the footage")
    performer: bpy.props.IntProperty(name="Performer", description="Who is doubtful")
    other: bpy.props.IntProperty(name="Other", description="Who else it may be; 0 is nobody known")
    reason: bpy.props.StringProperty(name="Reason", description="Why it is doubtful")
    repair: bpy.props.StringProperty(name="Repair", description="What would mend it")


class TakeProperties(bpy.types.PropertyGroup):
    """What FaceRT keeps on a take's collection beside its keys."""

    performers: bpy.props.CollectionProperty(type=PerformerProperties)
    doubts: bpy.props.CollectionProperty(type=DoubtProperties)
    doubt_index: bpy.props.IntProperty(name="Place", description="A doubtful place of the take")


CLASSES = (RegionProperties, PerformerProperties, DoubtProperties, TakeProperties)
