"""How the live preview plays, shows and records."""

# mypy: disable-error-code="valid-type"
import bpy


class LiveProperties(bpy.types.PropertyGroup):
    """The settings of the live preview."""

    loop: bpy.props.BoolProperty(
        name="Loop", description="Begin footage again after its end, instead of stopping", default=True
    )
    picture: bpy.props.BoolProperty(
        name="Picture",
        description="Show in the corner of the viewport what is seen, with names and landmarks",
        default=True,
    )
    picture_size: bpy.props.IntProperty(
        name="Size",
        description="Width of the picture, in parts of the viewport's",
        default=30,
        min=10,
        max=100,
        subtype="PERCENTAGE",
    )
    count_in: bpy.props.IntProperty(
        name="Count-In", description="Seconds from pressing Record to the recording", default=3, min=0, max=60
    )
    play: bpy.props.BoolProperty(
        name="Play Scene",
        description="Play the timeline from the start frame while recording, to act along with what is there",
    )


CLASSES = (LiveProperties,)
