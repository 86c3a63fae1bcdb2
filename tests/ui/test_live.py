"""The live preview: the cast moves, and afterwards everything is as it was."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

import facert_blender
from facert_blender.capture import camera
from facert_blender.capture.live import LiveWorker
from facert_blender.retarget.mapping import Row
from facert_blender.scene.drive import BORROWED
from facert_blender.ui import casting
from facert_blender.ui.live import live, on_timer, start_ticking
from facert_blender.ui.picture import picture
from facert_blender.ui.properties.characters import performer_choices

MovieMaker = Callable[..., Path]
OPEN = pytest.approx(0.25)
"""What the made-up networks see of every jaw."""


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    live.close()
    live.sentence = ""
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("FaceRT")]


@pytest.fixture
def start(scene: bpy.types.Scene, square_movie: MovieMaker, weights: Path) -> Callable[..., None]:
    """Starts the preview of a movie of one performer; by default one that plays again and again."""

    def start(source: Path | int | None = None, **options: Any) -> None:
        live.start(LiveWorker(source or square_movie(frames=40), weights=weights, **options), scene)

    return start


@pytest.fixture
def ana(scene: bpy.types.Scene, make_face: Callable[..., bpy.types.Object]) -> bpy.types.Object:
    """A character in the cast, whose jaw is a little open of its own."""
    face = make_face("Ana", "jawOpen", "mouthFunnel")
    face.data.shape_keys.key_blocks["jawOpen"].value = 0.5
    casting.add_character(scene, [face], "Ana")
    return face


def jaw(name: str = "Ana", key: str = "jawOpen") -> float:
    """Where a shape key is now; asked by name, for undo makes references invalid."""
    return float(bpy.data.objects[name].data.shape_keys.key_blocks[key].value)


def tick_until(condition: Callable[[], bool]) -> None:
    """Tick, as the timer does, until something has come about."""
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        live.tick()
        time.sleep(0.002)


def seen() -> bool:
    """Whether somebody is seen."""
    return live.frame is not None and bool(live.frame.faces)


def test_the_cast_moves_and_is_given_back(
    scene: bpy.types.Scene, ana: bpy.types.Object, start: Callable[..., None]
) -> None:
    start()
    assert live.active and jaw() == 0.5
    tick_until(seen)
    assert jaw() == OPEN
    live.close()
    assert not live.active and jaw() == 0.5 and BORROWED not in scene


def test_who_is_cast_plays_and_nobody_else(
    scene: bpy.types.Scene,
    ana: bpy.types.Object,
    make_face: Callable[..., bpy.types.Object],
    start: Callable[..., None],
) -> None:
    casting.add_character(scene, [make_face("Bo", "jawOpen")], "Bo")
    scene.facert.characters["Bo"].performer_id = 1
    start()
    tick_until(seen)
    assert jaw("Bo") == OPEN and jaw() == 0.5
    assert (1, "Performer 1") in [
        (choice[3], choice[1]) for choice in performer_choices(scene.facert.characters["Ana"], None)
    ]
    scene.facert.characters["Ana"].performer_id = 1
    scene.facert.characters["Bo"].performer_id = 0
    tick_until(lambda: jaw() == OPEN)
    assert jaw("Bo") == 0


def test_a_mapping_that_changes_takes_effect(
    scene: bpy.types.Scene, ana: bpy.types.Object, start: Callable[..., None]
) -> None:
    start()
    tick_until(seen)
    item = scene.facert.characters["Ana"]
    next(row for row in item.rows if row.target == "jawOpen").gain = 1.5
    tick_until(lambda: jaw() == pytest.approx(0.375))
    casting.write_rows(item, [Row("jawOpen", "mouthFunnel")])
    tick_until(lambda: jaw(key="mouthFunnel") == OPEN)
    assert jaw() == 0.5
    live.close()
    assert (jaw(), jaw(key="mouthFunnel")) == (0.5, 0)


def test_neutral_is_what_is_seen_now(
    scene: bpy.types.Scene, ana: bpy.types.Object, start: Callable[..., None]
) -> None:
    start()
    tick_until(seen)
    assert bpy.ops.facert.rest_live() == {"FINISHED"}
    tick_until(lambda: jaw() == pytest.approx(0, abs=1e-6))


def test_undo_and_redo_while_it_runs(
    scene: bpy.types.Scene, ana: bpy.types.Object, start: Callable[..., None]
) -> None:
    bpy.ops.ed.undo_push(message="before")
    start()
    tick_until(seen)
    ana.location.x = 1
    bpy.ops.ed.undo_push(message="moved")
    bpy.ops.ed.undo()
    assert live.active and jaw() == 0.5
    tick_until(lambda: jaw() == OPEN)
    bpy.ops.ed.redo()
    tick_until(lambda: jaw() == OPEN and bpy.data.objects["Ana"].location.x == 1)
    live.close()
    assert jaw() == 0.5


def test_undo_into_a_moment_in_which_it_ran(
    scene: bpy.types.Scene, ana: bpy.types.Object, start: Callable[..., None]
) -> None:
    start()
    tick_until(seen)
    ana.location.x = 1
    bpy.ops.ed.undo_push(message="moved while live")
    live.close()
    bpy.data.objects["Ana"].location.x = 2
    bpy.ops.ed.undo_push(message="moved afterwards")
    bpy.ops.ed.undo()
    assert bpy.data.objects["Ana"].location.x == 1
    assert jaw() == 0.5 and BORROWED not in bpy.context.scene


def test_characters_come_and_go_while_it_runs(
    scene: bpy.types.Scene,
    ana: bpy.types.Object,
    make_face: Callable[..., bpy.types.Object],
    start: Callable[..., None],
) -> None:
    start()
    tick_until(seen)
    bpy.data.objects.remove(ana)
    for _ in range(20):
        assert live.tick()
        time.sleep(0.01)
    scene.facert.characters.clear()
    casting.add_character(scene, [make_face("Bo", "jawOpen")], "Bo")
    tick_until(lambda: jaw("Bo") == OPEN)
    scene.facert.characters.clear()
    tick_until(lambda: jaw("Bo") == 0)
    assert live.active


def test_what_is_saved_is_the_characters_own(
    scene: bpy.types.Scene, ana: bpy.types.Object, start: Callable[..., None], tmp_path: Path
) -> None:
    start()
    tick_until(seen)
    path = str(tmp_path / "saved.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    assert jaw() == 0.5
    tick_until(lambda: jaw() == OPEN)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert not live.active and jaw() == 0.5 and BORROWED not in bpy.context.scene


def test_another_file_or_scene_or_no_add_on_ends_it(
    scene: bpy.types.Scene, ana: bpy.types.Object, start: Callable[..., None]
) -> None:
    start()
    tick_until(seen)
    facert_blender.unregister()
    try:
        assert not live.active and jaw() == 0.5
    finally:
        facert_blender.register()
    start()
    tick_until(seen)
    bpy.data.scenes.new("Other")
    bpy.data.scenes.remove(scene)
    assert not live.tick() and not live.active


def test_footage_that_ends_stops_it(ana: bpy.types.Object, start: Callable[..., None]) -> None:
    start(loop=False)
    tick_until(lambda: not live.active)
    assert jaw() == 0.5 and live.sentence == ""


def test_what_is_wrong_is_a_sentence(
    ana: bpy.types.Object, start: Callable[..., None], tmp_path: Path
) -> None:
    for source, sentence in ((tmp_path / "gone.mp4", "does not exist"), (63, "Camera 63 ")):
        start(source)
        tick_until(lambda: not live.active)
        assert sentence in live.sentence and jaw() == 0.5


def test_a_camera_that_is_unplugged_is_a_sentence(
    ana: bpy.types.Object,
    start: Callable[..., None],
    square_movie: MovieMaker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    movie, children = str(square_movie(frames=500)), []

    def child(_device: str) -> Any:
        children.append(open_child(movie))
        return children[-1]

    open_child = camera._child
    monkeypatch.setattr(camera, "_child", child)
    start(7)
    tick_until(seen)
    assert jaw() == OPEN
    bpy.ops.facert.record_live()
    live._record_at = 1.0
    tick_until(lambda: live.frame is not None and bool(live.frame.recorded))
    children[0].kill()
    tick_until(lambda: not live.active)
    assert "gives no more pictures. Plug it in again" in live.sentence
    assert jaw() == 0.5
    assert bpy.context.scene.facert.take == "Camera 7 live"


def test_recordings_become_takes(
    scene: bpy.types.Scene, ana: bpy.types.Object, start: Callable[..., None]
) -> None:
    scene.facert.live.count_in = 0
    start()
    tick_until(seen)
    assert bpy.ops.facert.record_live() == {"FINISHED"}
    assert live.recording
    tick_until(lambda: live.frame is not None and (live.frame.recorded or 0) > 0.2)
    assert bpy.ops.facert.finish_recording() == {"FINISHED"}
    assert scene.facert.take == "square.mp4 live" and not live.recording and live.active
    scene.facert.characters["Ana"].performer_id = 1
    live.close()
    assert bpy.ops.facert.bake() == {"FINISHED"}
    assert bpy.data.objects["Ana"].data.shape_keys.animation_data.action


def test_a_recording_is_counted_in(
    scene: bpy.types.Scene, ana: bpy.types.Object, start: Callable[..., None]
) -> None:
    scene.facert.live.count_in = 60
    start()
    tick_until(seen)
    bpy.ops.facert.record_live()
    assert live.counting == 60
    live.tick()
    assert live.frame is not None and live.frame.recorded is None
    with pytest.raises(RuntimeError, match="Nobody was seen while recording"):
        bpy.ops.facert.finish_recording()
    assert not live.recording and scene.facert.take == ""


def test_a_recording_ends_with_its_footage(
    scene: bpy.types.Scene,
    ana: bpy.types.Object,
    start: Callable[..., None],
    square_movie: MovieMaker,
) -> None:
    scene.facert.live.count_in = 0
    start(square_movie(frames=100), loop=False)
    tick_until(seen)
    bpy.ops.facert.record_live()
    tick_until(lambda: not live.active)
    assert scene.facert.take == "square.mp4 live"


def left_over(scene: bpy.types.Scene) -> dict[str, int]:
    """How much there is of everything that the preview may leave behind."""
    gc.collect()
    handlers = [getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers)]
    own = Path("/proc/self")
    return {
        "threads": threading.active_count(),
        "system threads": len(list((own / "task").iterdir())) if own.exists() else 0,
        "files": len(list((own / "fd").iterdir())) if own.exists() else 0,
        "handlers": sum(len(one) for one in handlers if isinstance(one, list)),
        "images": len(bpy.data.images),
        "timers": bpy.app.timers.is_registered(on_timer),
        "drawing": picture.drawing,
        "properties": len(scene.keys()),
    }


def test_a_hundred_starts_and_stops_leave_nothing(
    scene: bpy.types.Scene, ana: bpy.types.Object, square_movie: MovieMaker, weights: Path
) -> None:
    movie = square_movie(frames=3, size=(64, 48))
    counts = []
    for cycle in range(101):
        live.start(LiveWorker(movie, weights=weights, threads=1), scene)
        start_ticking()
        tick_until(lambda: live.frame is not None)
        assert bpy.ops.facert.stop_live() == {"FINISHED"}
        if cycle % 50 == 0:
            counts.append(left_over(scene))
    # The first time loads what stays.
    assert counts[0] == counts[1] == counts[2]
    assert not counts[2]["timers"] and not counts[2]["drawing"]
    assert jaw() == 0.5
