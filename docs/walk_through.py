"""Walks through FaceRT in a real window and makes the pictures of docs/walk-through.md, one for each step.

Run in Blender with a window and the add-on installed, footage beside this script as `duet_crossing.mp4`.
Buttons are pressed as a person presses them, so captures, bakes and live run behind the window. The pictures
lie in `pictures/` beside this script; when the last is there, the file `ready` appears. If anything fails,
it holds why.
"""

from __future__ import annotations

import importlib
import subprocess
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy
import numpy as np

FOLDER = Path(__file__).parent
PICTURES = FOLDER / "pictures"
FOOTAGE = "duet_crossing.mp4"

Wait = float | Callable[[], bool]
"""Seconds, or what to wait for."""


def story() -> Iterator[Wait]:
    """The steps of the walk-through. Yields what to wait for, so that the window draws in between."""
    settings = prepare()
    scene = bpy.context.scene
    hide_faces_of_live()
    show("footage")
    settings.path = str(FOLDER / FOOTAGE)
    yield 1.0
    picture("footage", sidebar())

    press("capture")
    yield lambda: captured_frames() > 60
    picture("capture", sidebar())
    yield lambda: bool(settings.take)
    hide_faces_of_take()
    show("performers", "doubts", "repairs")
    yield 1.0
    picture("performers", sidebar())

    right = settings.take
    mix_up()
    yield 1.0
    picture("mixed_up", sidebar())
    press("repair_doubt", index=[doubt.repair for doubt in take().doubts].index("SWAP"))
    yield 1.0
    picture("repaired", sidebar())
    assert same_people(right, settings.take), "The repair did not bring the take back."

    for number, name in enumerate(("Fern", "Slate"), 1):
        press("add_demo_character", character=name)
        settings.characters[-1].performer_id = number
    look_at_characters()
    show("cast")
    yield 1.0
    picture("cast", sidebar())

    show("mapping", "report")
    yield 1.0
    picture("mapping", sidebar())

    show("cast")
    settings.preview = True
    scene.frame_set(40)
    yield 1.0
    picture("preview", view())

    settings.preview = False
    show("bake")
    press("bake")
    yield lambda: all(item.baked for item in settings.characters)
    scene.frame_set(40)
    yield 1.0
    picture("baked", view())

    show("live")
    press("start_live")
    yield lambda: len(seen_live()) == 2
    yield 1.0
    picture("live", view())
    press("stop_live")
    yield 1.0


def prepare() -> bpy.types.PropertyGroup:
    """An empty scene and an area that shows only the tab of FaceRT; returns the settings."""
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    space = area().spaces.active
    space.show_region_ui = True
    space.overlay.show_overlays = False
    space.shading.color_type = "TEXTURE"
    return bpy.context.scene.facert


def look_at_characters() -> None:
    """Turn the view to the faces of the demo characters."""
    region = area().spaces.active.region_3d
    region.view_perspective = "PERSP"
    region.view_rotation = (0.7071, 0.7071, 0.0, 0.0)
    region.view_location = (0.25, 0.0, 0.08)
    region.view_distance = 0.9


def show(*parts: str) -> None:
    """Show these parts of the panel, open, in the order of the panel, and no other part or tab."""
    for panel in reversed(sidebar_panels()):
        if panel.is_registered:
            bpy.utils.unregister_class(panel)
    ours = [panel for part in addon("ui.panels").PARTS for panel in part.CLASSES]
    for panel in ours:
        if panel.bl_idname in [f"FACERT_PT_{part}" for part in parts]:
            panel.bl_options = getattr(panel, "bl_options", set()) - {"DEFAULT_CLOSED"}
            bpy.utils.register_class(panel)


def sidebar_panels() -> list[type[bpy.types.Panel]]:
    """All panels of the 3D view's sidebar, each before the parts within it."""
    place = ("VIEW_3D", "UI")
    panels = (one for one in bpy.types.Panel.__subclasses__() if hasattr(one, "bl_space_type"))
    return sorted(
        (one for one in panels if (one.bl_space_type, one.bl_region_type) == place),
        key=lambda one: hasattr(one, "bl_parent_id"),
    )


def mix_up() -> None:
    """Keep the take once more, with the two exchanged after they have crossed, as a tracker might do it."""
    repair, takes, casting = addon("capture.repair"), addon("scene.takes"), addon("ui.casting")
    scene = bpy.context.scene
    right = takes.read(scene, scene.facert.take)
    both_seen = np.intersect1d(*(performer.frames for performer in right.performers))
    crossed = int(both_seen[np.diff(both_seen).argmax() + 1])  # where both are seen again
    wrong = repair.repaired(right, [repair.Repair("SWAP", 1, crossed, 2)])
    wrong.name = "mixed up"
    pictures = [performer.picture for performer in take().performers]
    casting.keep_take(scene, wrong)
    for performer, coarse_picture in zip(take().performers, pictures, strict=True):
        performer.picture = coarse_picture


def same_people(*names: str) -> bool:
    """Whether performers of the same numbers are in the same places in two takes."""
    read = addon("scene.takes").read
    first, second = (read(bpy.context.scene, name).performers for name in names)
    return all(np.array_equal(one.boxes, other.boxes) for one, other in zip(first, second, strict=True))


def take() -> bpy.types.PropertyGroup:
    """What the panel knows about the active take."""
    return bpy.data.collections[bpy.context.scene.facert.take].facert


def hide_faces_of_take() -> None:
    """Coarsen the performers' pictures: the people of the footage did not ask to be in a manual."""
    for performer in take().performers:
        preview = performer.picture.preview
        width, height = preview.image_size
        pixels = np.empty(width * height * 4, np.float32)
        preview.image_pixels_float.foreach_get(pixels)
        preview.image_pixels_float.foreach_set(coarse(pixels.reshape(height, width, 4)).ravel())


def hide_faces_of_live() -> None:
    """Coarsen the live picture before faces are marked in it, and the faces most."""
    module = addon("capture.live")
    draw = module.draw

    def hidden(image: np.ndarray, boxes: np.ndarray, *others: object) -> np.ndarray:
        image = coarse(image, 18)
        for left, top, right, bottom in np.maximum(boxes, 0).astype(int):
            image[top:bottom, left:right] = coarse(image[top:bottom, left:right])
        return draw(image, boxes, *others)

    module.draw = hidden


def coarse(picture: np.ndarray, squares: int = 6) -> np.ndarray:
    """The same picture (h, w, channels) with so many squares on its longer side."""
    height, width = picture.shape[:2]
    step = max(1, max(height, width) // squares)
    return np.ascontiguousarray(picture[::step, ::step].repeat(step, 0).repeat(step, 1)[:height, :width])


def seen_live() -> dict:
    """Whom the live preview sees."""
    frame = addon("ui.live").live.frame
    return frame.faces if frame else {}


def captured_frames() -> int:
    """How many frames the capture in progress has read."""
    running = addon("ui.running").running
    return running.progress.done if running.progress else 0


def addon(module: str):
    """A module of the add-on as Blender has installed it."""
    enabled = (one.module for one in bpy.context.preferences.addons)
    package = next(name for name in enabled if name.endswith(".facert_blender"))
    return importlib.import_module(f"{package}.{module}")


def window() -> bpy.types.Window:
    """Blender's window."""
    return bpy.context.window_manager.windows[0]


def area() -> bpy.types.Area:
    """The 3D view."""
    return next(area for area in window().screen.areas if area.type == "VIEW_3D")


def press(button: str, **arguments: object) -> None:
    """Press a button of the panel."""
    region = next(region for region in area().regions if region.type == "UI")
    with bpy.context.temp_override(window=window(), area=area(), region=region):
        getattr(bpy.ops.facert, button)("INVOKE_DEFAULT", True, **arguments)


Box = tuple[int, int, int, int]
"""Left, bottom, width, height in pixels of the window."""


def sidebar() -> Box:
    """Where the sidebar is."""
    region = next(region for region in area().regions if region.type == "UI")
    return (region.x + 4, region.y + 4, region.width - 8, region.height - 8)


def view() -> Box:
    """Where the 3D view is, with its sidebar."""
    return (area().x, area().y, area().width, area().height)


def picture(name: str, box: Box) -> None:
    """Save what the screen shows within `box` as pictures/NAME.png, without empty margins.

    ImageMagick looks at the screen: Blender's own screenshots are black where a processor draws the window.
    """
    PICTURES.mkdir(exist_ok=True)
    whole = FOLDER / "screen.png"
    subprocess.run(["import", "-window", "root", whole], check=True)
    tidy = ["-bordercolor", "#303030", "-trim", "+repage", "-border", "6", "+dither", "-colors", "250"]
    cut = ["-crop", from_top(box), "+repage", *tidy]
    subprocess.run(["magick", whole, *cut, PICTURES / f"{name}.png"], check=True)


def from_top(box: Box) -> str:
    """A box as ImageMagick counts: from the top of the screen."""
    left, bottom, wide, high = box
    return f"{wide}x{high}+{left}+{window().height - bottom - high}"


def tell(steps: Iterator[Wait]) -> None:
    """Go through `steps`, each when what the one before waits for has come."""
    waiting: list[Callable[[], bool]] = []

    def go_on() -> float | None:
        try:
            if waiting and not waiting[0]():
                return 0.2
            waiting.clear()
            wait = next(steps)
            area().tag_redraw()
        except StopIteration:
            (FOLDER / "ready").touch()
            return None
        except Exception:
            (FOLDER / "ready").write_text(traceback.format_exc())
            raise
        if callable(wait):
            waiting.append(wait)
            return 0.2
        return wait

    bpy.app.timers.register(go_on, first_interval=2)


tell(story())
