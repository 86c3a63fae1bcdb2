"""How to bake."""

# mypy: disable-error-code="valid-type"
import bpy

from ...capture.contract import EXPRESSIONS
from ...retarget.adjust import REGIONS, region_of
from ...scene.bake import BakeOptions

FACE = tuple(region for region in REGIONS if region != "head")
"""The regions that consist of expressions."""


def choice(region: str) -> bpy.props.EnumProperty:
    """The expressions of a region, any of which may be chosen; all of them at first."""
    names = [name for name in EXPRESSIONS if region_of(name) == region]
    return bpy.props.EnumProperty(
        name=region.title(),
        description=f"Expressions of the {region} to bake. What others do to the same targets comes along",
        items=[(name, name, "") for name in names],
        options={"ENUM_FLAG"},
        default=set(names),
    )


class BakeProperties(bpy.types.PropertyGroup):
    """How to bake, beside the start frame."""

    use_range: bpy.props.BoolProperty(
        name="Range", description="Bake only a part of the footage, at the place where it belongs"
    )
    start: bpy.props.IntProperty(
        name="Start", description="First frame of the footage to bake, counted from 0", min=0
    )
    end: bpy.props.IntProperty(
        name="End", description="Frame of the footage to stop before", min=1, default=250
    )
    regions: bpy.props.EnumProperty(
        name="Parts",
        description="Parts of the performance to bake",
        items=[(region, region.title(), f"Bake the {region}") for region in REGIONS],
        options={"ENUM_FLAG"},
        default=set(REGIONS),
    )
    brows: choice("brows")
    eyes: choice("eyes")
    mouth: choice("mouth")
    jaw: choice("jaw")
    destination: bpy.props.EnumProperty(
        name="To",
        description="Where the keys go. Whatever was there is kept",
        items=[
            ("NEW", "New Action", "An Action of its own; the one before stays in the file"),
            (
                "CURRENT",
                "Current Action",
                "Play the baked frames again in the Action that the character has; its other keys stay",
            ),
            (
                "NLA",
                "NLA Strip",
                "A strip on a new track; the Action before is pushed down and plays below it",
            ),
        ],
    )
    blend_in: bpy.props.IntProperty(
        name="Blend In",
        description="Frames over which the baked ones take over from what plays before",
        min=0,
        soft_max=48,
        default=5,
    )
    blend_out: bpy.props.IntProperty(
        name="Blend Out",
        description="Frames over which the baked ones give back to what plays after",
        min=0,
        soft_max=48,
        default=5,
    )
    tolerance: bpy.props.FloatProperty(
        name="Tolerance",
        description="How far curves may stray where keys are left out, in values of shape keys, radians or "
        "lengths of bones. 0 keeps a key on every frame",
        min=0.0,
        soft_max=0.05,
        default=0.002,
        precision=4,
        step=0.05,
    )
    sound: bpy.props.BoolProperty(
        name="Sound", description="Place the footage's sound in the sequencer, in step", default=True
    )
    silence: bpy.props.StringProperty(
        name="No Sound", description="Why the last bake could not place the footage's sound"
    )
    overwrite: bpy.props.BoolProperty(
        name="Overwrite",
        description="Replace the Actions of an earlier bake of this take, rather than number new ones",
    )

    def options(self, start_frame: int) -> BakeOptions:
        """These settings, for footage that begins at the scene's `start_frame`."""
        into = self.destination != "NEW"
        return BakeOptions(
            start_frame=start_frame,
            frame_range=(self.start, self.end) if self.use_range else None,
            expressions=[name for region in FACE if region in self.regions for name in getattr(self, region)],
            head="head" in self.regions,
            destination=self.destination,
            blend_in=self.blend_in if into else 0,
            blend_out=self.blend_out if into else 0,
            tolerance=self.tolerance,
            overwrite=self.overwrite,
        )


CLASSES = (BakeProperties,)
