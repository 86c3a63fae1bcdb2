"""The demo characters that come with the add-on."""

from __future__ import annotations

from importlib.resources import files

import bpy

NAMES = ("Fern", "Slate", "Coral")
"""Fern's shape keys are named as in ARKit, Slate's as in Character Creator, Coral's end in _L and _R."""

SPACING = 0.4
"""Metres from one demo character to the next."""

MARK = "facert_demo_character"
"""Custom property of a demo character's collection: which of NAMES it is."""


def append_demo_character(scene: bpy.types.Scene, name: str) -> bpy.types.Collection:
    """Append the demo character `name` to `scene`, beside those already there; returns its collection."""
    path = files(__package__.rpartition(".")[0]) / "assets" / "demo_characters.blend"
    with bpy.data.libraries.load(str(path)) as (_, wanted):
        wanted.collections = [name]
    (collection,) = wanted.collections
    places = [
        part.location.x
        for other in scene.collection.children
        if MARK in other
        for part in other.objects
        if part.parent is None
    ]
    for part in collection.objects:
        if part.parent is None:
            part.location.x = max(places) + SPACING if places else 0.0
    collection[MARK] = name
    scene.collection.children.link(collection)
    return collection
