"""Makes docs/panel.png: the panel in a real window, after a capture and a bake.

Run inside Blender with the add-on installed, footage beside this script (`clip.mp4`), and a window.
When the window shows what it should, the file `ready` appears beside the script.
"""

from pathlib import Path

import bpy

FOLDER = Path(__file__).parent
FRAME = 40


def prepare() -> None:
    """Capture the footage, cast two demo characters, and bake."""
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    scene = bpy.context.scene
    scene.facert.path = str(FOLDER / "clip.mp4")
    scene.facert.use_range, scene.facert.end = True, 90
    bpy.ops.facert.capture()
    for number, name in enumerate(("Fern", "Slate"), 1):
        bpy.ops.facert.add_demo_character(character=name)
        scene.facert.characters[name].performer_id = number
    bpy.ops.facert.bake()
    scene.frame_end = 90
    scene.frame_set(FRAME)


def arrange() -> None:
    """Show the characters and the tab of FaceRT, and nothing that draws the eye away."""
    window = bpy.context.window_manager.windows[0]
    area = next(area for area in window.screen.areas if area.type == "VIEW_3D")
    space = area.spaces.active
    space.show_region_ui = True
    space.overlay.show_overlays = False
    space.shading.color_type = "TEXTURE"
    view = space.region_3d
    view.view_perspective = "PERSP"
    view.view_rotation = (0.7071, 0.7071, 0.0, 0.0)
    view.view_location = (0.25, 0.0, 0.08)
    view.view_distance = 0.9


def begin() -> None:
    """Do everything, with time for the window to draw in between."""
    prepare()
    arrange()
    others = other_tabs()
    for panel in reversed(others):
        bpy.utils.unregister_class(panel)
    bpy.app.timers.register(lambda: finish(others), first_interval=1)


def other_tabs() -> list[type]:
    """The panels of the other tabs. Blender 4.3 has no call to choose a tab, but keeps the only one."""
    return sorted(
        (
            panel
            for panel in bpy.types.Panel.__subclasses__()
            if panel.is_registered
            and (panel.bl_space_type, panel.bl_region_type) == ("VIEW_3D", "UI")
            and getattr(panel, "bl_category", "FaceRT") != "FaceRT"
        ),
        key=lambda panel: hasattr(panel, "bl_parent_id"),
    )


def finish(others: list[type]) -> None:
    """Put the other tabs back, and say that the picture may be taken."""
    for panel in others:
        bpy.utils.register_class(panel)
    bpy.app.timers.register((FOLDER / "ready").touch, first_interval=2)


bpy.app.timers.register(begin, first_interval=2)
