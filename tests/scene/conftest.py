"""A take and characters small enough to reason about."""

import math

import bpy
import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.take import Performer, Take


@pytest.fixture(autouse=True)
def scene():
    """An empty file's scene at 30 frames per second."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 30, 1.0
    return scene


@pytest.fixture
def make_take():
    """Builds a take of performers seen at given times, with smoothly changing weights and rotations."""

    def make(*seen, fps=30.0, name="Take 1"):
        performers = []
        for number, times in enumerate(seen, 1):
            times = np.asarray(times, np.float64)
            waves = np.sin(times[:, None] * (1 + np.arange(len(EXPRESSIONS))) + number)
            angle = 0.3 * np.sin(times + number)
            zero = np.zeros_like(angle)
            performers.append(
                Performer(
                    id=number,
                    frames=np.rint(times * fps).astype(np.int32),
                    times=times,
                    weights=(0.5 + 0.5 * waves).astype(np.float32),
                    rotation=np.stack([np.cos(angle / 2), zero, np.sin(angle / 2), zero], 1).astype(
                        np.float32
                    ),
                    boxes=np.tile(np.array([10, 20, 110, 140], np.float32), (len(times), 1)),
                    confidence=np.linspace(0.5, 1, len(times)).astype(np.float32),
                    identity=np.arange(50, dtype=np.float32) / 7,
                )
            )
        return Take(
            name, "clip.mp4", fps, (640, 360), 1 + max(int(p.frames[-1]) for p in performers), performers
        )

    return make


@pytest.fixture
def make_mesh():
    """Builds an octahedral head with shape keys, nose at -Y, in the scene's collection or a given one."""

    def make(mesh_name, keys, collection=None):
        mesh = bpy.data.meshes.new(mesh_name)
        corners = [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)]
        faces = [(a, b, c) for a in (0, 1) for b in (2, 3) for c in (4, 5)]
        mesh.from_pydata(corners, [], faces)
        thing = bpy.data.objects.new(mesh_name, mesh)
        (collection or bpy.context.scene.collection).objects.link(thing)
        if keys:
            thing.shape_key_add(name="Basis")
        for number, name in enumerate(keys):
            key = thing.shape_key_add(name=name)
            key.data[number % 6].co.z -= 0.5
            key.value = 0.0  # Blender 5.2 begins with 1
        return thing

    return make


@pytest.fixture
def make_armature():
    """Builds an armature: a root, a head bone of any roll and direction, and a jaw bone pointing forward."""

    def make(name="Rig", *, roll=0.0, tail=(0, 0, 2), jaw=True, collection=None):
        armature = bpy.data.objects.new(name, bpy.data.armatures.new(name))
        (collection or bpy.context.scene.collection).objects.link(armature)
        bpy.context.view_layer.objects.active = armature
        bpy.ops.object.mode_set(mode="EDIT")
        bones = armature.data.edit_bones
        root = bones.new("root")
        root.head, root.tail = (0, 0, 0), (0, 0.5, 0)
        head = bones.new("head")
        head.head, head.tail, head.roll, head.parent = (0, 0, 1), tail, math.radians(roll), root
        if jaw:
            jaw_bone = bones.new("jaw")
            jaw_bone.head, jaw_bone.tail, jaw_bone.parent = (0, 0, 1), (0, -1, 1), head
            jaw_bone.roll = math.radians(37)
        bpy.ops.object.mode_set(mode="OBJECT")
        return armature

    return make


@pytest.fixture
def bind():
    """Parents meshes to an armature and binds all their points to one of its bones."""

    def bind(armature, bone, *meshes):
        for mesh in meshes:
            mesh.parent = armature
            mesh.modifiers.new("Armature", "ARMATURE").object = armature
            group = mesh.vertex_groups.new(name=bone)
            group.add(range(len(mesh.data.vertices)), 1.0, "REPLACE")

    return bind
