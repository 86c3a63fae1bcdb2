"""What the buttons do: each gathers, calls one plain function, and reports."""

import bpy

from . import bake, characters, footage, live, mapping, performers, takes

PARTS = (footage, live, performers, characters, mapping, bake, takes)

register, unregister = bpy.utils.register_classes_factory([kind for part in PARTS for kind in part.CLASSES])
