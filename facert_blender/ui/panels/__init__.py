"""The FaceRT tab of the sidebar: the way from footage to an animated character, from top to bottom."""

import bpy

from . import acting, bake, characters, footage, live, mapping, performers, takes

PARTS = (footage, live, performers, characters, acting, mapping, bake, takes)

register, unregister = bpy.utils.register_classes_factory([kind for part in PARTS for kind in part.CLASSES])
