"""Takes, characters and Actions in the .blend: everything that reads or changes Blender's data."""
