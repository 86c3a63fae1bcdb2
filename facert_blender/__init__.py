"""FaceRT: real-time facial motion capture for many faces at once."""

# Blender is imported only on registration: capture, retarget and the command line work without it.


def register() -> None:
    """Add FaceRT to Blender."""
    from . import ui

    ui.register()


def unregister() -> None:
    """Take FaceRT out of Blender, and stop what it runs."""
    from . import ui

    ui.unregister()
