"""How fast FaceRT is on this machine: `make bench`, or `python bench.py [VIDEO]`.

Networks run on one thread. Where MediaPipe and its model are installed, it reads the same frames too.
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.errors import FaceRTError
from facert_blender.capture.footage import open_footage
from facert_blender.capture.live import LiveFrame
from facert_blender.capture.network import Face, MultiFaceNetwork, SingleFaceNetwork
from facert_blender.capture.take import Performer, Take
from facert_blender.capture.worker import capture

if TYPE_CHECKING:
    from facert_blender.scene.bake import BakeReport

ROOT = Path(__file__).resolve().parent
CLIPS = (
    ROOT.parent / "shared" / "data" / "clips" / "single_face.mp4",
    ROOT / "build" / "footage" / "laughter.mp4",
)
FRAMES = 60
"""How many frames of the clip the networks are timed on."""
LIVE_CHARACTERS, LIVE_GRID = 3, 71
CHARACTERS, KEYS, BAKE_SECONDS, BAKE_FPS = 10, 52, 100, 30
LONG_SECONDS, PLAYED = 600, ("Fern", "Slate", "Coral")
"""The length of the long take, and the demo characters that its performers play."""


def main() -> None:
    """Measure everything that can be measured here, and say what cannot."""
    clip = Path(sys.argv[1]) if len(sys.argv) > 1 else next((clip for clip in CLIPS if clip.is_file()), None)
    if clip is None:
        print("There is no clip to measure on. Run `make capture` once, or name one: python bench.py VIDEO.")
    else:
        try:
            with open_footage(clip, end=FRAMES) as footage:
                images = [frame.image for frame in footage]
            print(f"{clip.name}: {images[0].shape[1]}x{images[0].shape[0]}, {len(images)} frames timed")
            for line in (*networks(images), *end_to_end(clip)):
                print(line)
        except FaceRTError as error:
            print(f"The networks were not timed: {error}")
        else:
            print(teacher(images))
    print(baking())
    print(live_tick())
    print(
        f"A take of {LONG_SECONDS // 60} minutes, {len(PLAYED)} performers, {LONG_SECONDS * BAKE_FPS} frames:"
    )
    for line in long_take():
        print(f"  {line}")


def networks(images: list[np.ndarray]) -> Iterator[str]:
    """Times of the MFN for one and ten faces and of the SFN, on one thread. images: uint8 (h, w, 3) RGB."""
    multi, single = MultiFaceNetwork(threads=1), SingleFaceNetwork(threads=1)
    height, width = images[0].shape[:2]
    boxes = [face.box for face in multi.read(images[0])] or [np.array([0, 0, width, height])]
    head = around(boxes[0], images[0].shape)
    ten = [np.tile(image[head], (2, 5, 1)) for image in images]
    one_face, ten_faces = median(multi.read, images), median(multi.read, ten)
    found = statistics.mean(len(multi.read(image)) for image in images)
    found_ten = statistics.mean(len(multi.read(image)) for image in ten)
    yield f"MFN, the clip ({found:.1f} faces a frame): {one_face:.1f} ms a frame"
    yield (
        f"MFN, the head ten times in a picture ({found_ten:.1f} faces a frame): {ten_faces:.1f} ms a frame, "
        f"{ten_faces / one_face:.2f} times as long"
    )
    seen = single.read(images[0], np.stack(boxes[:1]))
    yield f"SFN: {median(lambda image: single.follow(image, seen), images):.2f} ms a face that is followed"


def around(box: np.ndarray, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The rows and columns of a whole head in a picture of `shape`, by the box (4,) of its face."""
    margin = (box[2:] - box[:2]) * 0.5
    x0, y0 = np.maximum(box[:2] - margin, 0).astype(int)
    x1, y1 = np.minimum(box[2:] + margin, shape[1::-1]).astype(int)
    return slice(y0, y1), slice(x0, x1)


def end_to_end(clip: Path) -> Iterator[str]:
    """Frames per second of whole captures: decoding, networks, tracking and smoothing."""
    for quality in ("best", "fast"):
        began = time.perf_counter()
        take = capture(clip, quality=quality)
        seconds = time.perf_counter() - began
        yield (
            f"Capture, {quality}: {take.frames / seconds:.0f} frames/s, {take.frames} frames, "
            f"{len(take.performers)} performer(s), loading included"
        )


def teacher(images: list[np.ndarray]) -> str:
    """MediaPipe's time on the same frames, or why there is none."""
    if importlib.util.find_spec("mediapipe") is None:
        return "MediaPipe: not installed; `make setup-training` adds it for comparison."
    from models.shared_data import TEACHER
    from models.teacher import Teacher

    if not TEACHER.is_dir():
        return f"MediaPipe: its model is not in {TEACHER}."
    with Teacher() as landmarker:
        return f"MediaPipe Face Landmarker, one face: {median(landmarker.read, images):.1f} ms a frame"


def baking() -> str:
    """The time to bake a long take onto many characters."""
    import bpy

    from facert_blender.retarget.mapping import Row
    from facert_blender.scene.bake import bake
    from facert_blender.scene.characters import find_character

    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps = BAKE_FPS
    take = made_up_take(1, BAKE_SECONDS)
    cast = []
    for number in range(CHARACTERS):
        thing = bpy.data.objects.new(f"Head {number}", bpy.data.meshes.new(f"Head {number}"))
        scene.collection.objects.link(thing)
        thing.shape_key_add(name="Basis")
        for name in (*EXPRESSIONS, *(f"spare {k}" for k in range(KEYS - len(EXPRESSIONS)))):
            thing.shape_key_add(name=name)
        rows = [Row(expression, expression) for expression in EXPRESSIONS]
        rows += [Row(EXPRESSIONS[0], f"spare {k}") for k in range(KEYS - len(EXPRESSIONS))]
        cast.append((find_character([thing]), rows))
    began = time.perf_counter()
    reports = [bake(take, take.performers[0], character, rows, scene=scene) for character, rows in cast]
    seconds = time.perf_counter() - began
    keys = sum(report.keys for report in reports)
    frames = len(take.performers[0].times)
    return f"Bake, {CHARACTERS} characters x {KEYS} keys x {frames} frames: {seconds:.2f} s, {keys:,} keys"


def long_take() -> Iterator[str]:
    """How long each step with a long take needs, and the most memory that the process has had by then."""
    import bpy

    import facert_blender
    from facert_blender.scene.takes import read
    from facert_blender.ui import casting

    def scene() -> bpy.types.Scene:
        return bpy.context.scene

    def match() -> None:
        for item in scene().facert.characters:
            casting.match_mapping(item)

    def bake(what: str) -> str:
        told: list[str] = []
        line = measured(what, lambda: told.append(stepped(casting.baking_cast(scene()))))
        return f"{line}, {told[0]}"

    facert_blender.register()
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    yield measured("begin", str)
    take = made_up_take(len(PLAYED), LONG_SECONDS)
    yield measured("store it", lambda: casting.keep_take(scene(), take))
    for number, name in enumerate(PLAYED, 1):
        casting.add_demo_character(scene(), name).performer_id = number
    scene().render.fps = 24
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "long.blend")
        yield measured("save", lambda: bpy.ops.wm.save_as_mainfile(filepath=path, compress=True))
        yield measured("reload", lambda: bpy.ops.wm.open_mainfile(filepath=path))
    yield measured("read it", lambda: len(read(scene(), take.name).performers))
    yield measured("match", match)
    yield bake("bake")
    bake_settings = scene().facert.bake
    bake_settings.tolerance = 0
    yield bake("bake every key")
    bake_settings.destination, bake_settings.use_range = "CURRENT", True
    bake_settings.start, bake_settings.end = LONG_SECONDS * BAKE_FPS // 2, LONG_SECONDS * BAKE_FPS // 2 + 300
    yield bake("punch in 300 frames")
    yield measured("a step of undo", lambda: bpy.ops.ed.undo_push(message="bench"))
    facert_blender.unregister()


def live_tick() -> str:
    """The main thread's time for a tick of the live preview, with everything that a bake would key."""
    import bpy

    import facert_blender
    from facert_blender.ui import casting
    from facert_blender.ui.live import LivePreview

    facert_blender.register()
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    scene = bpy.context.scene
    for number in range(1, LIVE_CHARACTERS + 1):
        casting.add_character(scene, [head(number)]).performer_id = number
    live, random = LivePreview(), np.random.default_rng(0)
    ticks, redraws = [], []
    for frame in range(FRAMES):
        faces = {
            number: Face(
                box=np.zeros(4, np.float32),
                weights=random.random(len(EXPRESSIONS), np.float32),
                rotation=np.array([1, 0, 0, 0], np.float32),
                identity=np.zeros(50, np.float32),
                landmarks=np.zeros((68, 2), np.float32),
                confidence=1.0,
                likeness=1.0,
            )
            for number in range(1, LIVE_CHARACTERS + 1)
        }
        began = time.thread_time()
        live.perform(scene, LiveFrame(frame / BAKE_FPS, BAKE_FPS, faces, np.zeros((1, 1, 3), np.uint8), None))
        ticks.append(time.thread_time() - began)
        began = time.thread_time()
        bpy.context.view_layer.update()
        redraws.append(time.thread_time() - began)
    facert_blender.unregister()
    return (
        f"Live, {LIVE_CHARACTERS} characters x {LIVE_GRID**2} vertices x {len(EXPRESSIONS)} keys and bones: "
        f"{statistics.median(ticks) * 1000:.1f} ms a tick (longest {max(ticks[3:]) * 1000:.1f} ms); "
        f"Blender deforms them in {statistics.median(redraws) * 1000:.1f} ms"
    )


def head(number: int) -> Any:
    """A mesh object with a key that moves every vertex for each expression, on an armature with a head."""
    import bpy

    mesh = bpy.data.meshes.new(f"Head {number}")
    places = np.stack(np.meshgrid(*[np.linspace(0, 1, LIVE_GRID)] * 2), axis=-1).reshape(-1, 2)
    corners = np.arange(LIVE_GRID**2).reshape(LIVE_GRID, LIVE_GRID)
    polygons = np.stack([corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]], axis=-1)
    mesh.from_pydata(np.insert(places, 1, 0, axis=1).tolist(), [], polygons.reshape(-1, 4).tolist())
    thing = bpy.data.objects.new(mesh.name, mesh)
    rig = bpy.data.objects.new(f"Rig {number}", bpy.data.armatures.new(f"Rig {number}"))
    for part in (thing, rig):
        bpy.context.scene.collection.objects.link(part)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for name, below, top in (
        ("root", "", 0.1),
        ("neck", "root", 0.2),
        ("head", "neck", 0.9),
        ("jaw", "head", 0.5),
    ):
        bone = rig.data.edit_bones.new(name)
        bone.head, bone.tail = (0.5, 0, top - 0.1), (0.5, 0, top)
        bone.parent = rig.data.edit_bones.get(below)
    bpy.ops.object.mode_set(mode="OBJECT")
    thing.parent = rig
    thing.modifiers.new("Armature", "ARMATURE").object = rig
    thing.vertex_groups.new(name="head").add(range(len(mesh.vertices)), 1.0, "REPLACE")
    thing.shape_key_add(name="Basis")
    for name in EXPRESSIONS:
        key = thing.shape_key_add(name=name)
        moved = np.insert(places + 0.01, 1, 0.1, axis=1).astype(np.float32)
        key.data.foreach_set("co", moved.ravel())
    return thing


def measured(what: str, work: Callable[[], object]) -> str:
    """Do `work`; says how long it took."""
    began, busy = time.perf_counter(), time.process_time()
    work()
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    return f"{what}: {seconds:.2f} s ({busy:.2f} s of processor), peak {peak_memory():.0f} MB"


def stepped(work: Generator[float, None, list[BakeReport]]) -> str:
    """Do a bake step by step; says how many keys were written, and how long a window stands still at most."""
    longest = 0.0
    while True:
        began = time.process_time()
        try:
            next(work)
        except StopIteration as done:
            keys = sum(report.keys for report in done.value)
            return f"{keys:,} keys, longest step {longest:.2f} s of processor"
        finally:
            longest = max(longest, time.process_time() - began)


def peak_memory() -> float:
    """The most memory that this process has had, in MB; 0 where the system does not tell."""
    if importlib.util.find_spec("resource") is None:
        return 0.0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Bytes on a Mac, else kilobytes.
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def made_up_take(performers: int, seconds: int) -> Take:
    """A take of performers with something to do in every frame: slow waves with a little jitter."""
    times = np.arange(seconds * BAKE_FPS) / BAKE_FPS
    random = np.random.default_rng(0)
    found = []
    for number in range(1, performers + 1):
        speed, start = random.uniform(0.5, 5, len(EXPRESSIONS)), random.uniform(0, 6, len(EXPRESSIONS))
        waves = 0.3 + 0.4 * np.sin(times[:, None] * speed + start) + random.normal(0, 0.004, (len(times), 46))
        half = 0.15 * np.sin(0.7 * times + number)
        turns = np.column_stack([np.cos(half), 0 * half, np.sin(half), 0 * half])
        found.append(
            Performer(
                id=number,
                frames=np.arange(len(times), dtype=np.int32),
                times=times,
                weights=np.clip(waves, 0, 1).astype(np.float32),
                rotation=turns.astype(np.float32),
                boxes=np.tile(np.array([0, 0, 100, 100], np.float32), (len(times), 1)),
                confidence=np.ones(len(times), np.float32),
                identity=np.zeros(50, np.float32),
            )
        )
    return Take("Bench", "", BAKE_FPS, (640, 360), len(times), found)


def median(work: Callable[[np.ndarray], object], images: list[np.ndarray]) -> float:
    """The median time of `work` on a picture, in milliseconds, after a few to warm up."""
    for image in images[:3]:
        work(image)
    times = []
    for image in images:
        began = time.perf_counter()
        work(image)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


if __name__ == "__main__":
    main()
