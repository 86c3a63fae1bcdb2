"""From a performer's weights to a character's targets, without Blender: mappings, presets, matching, CSV."""
