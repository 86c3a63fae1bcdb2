"""From footage to takes, without Blender: footage, networks, tracking, smoothing, takes."""
