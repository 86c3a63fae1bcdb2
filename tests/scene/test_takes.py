"""Takes in the .blend: nothing lost, nothing overwritten, open to animators."""

import bpy
import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.errors import RepairError, TakeError
from facert_blender.capture.repair import Repair
from facert_blender.scene import takes

SEEN = [np.array([0, 1, 2, 30, 31]) / 30, np.arange(7) / 30 + 0.5]


def assert_same(read, take):
    assert (read.footage, read.fps, read.size, read.frames) == (
        take.footage,
        take.fps,
        take.size,
        take.frames,
    )
    assert [performer.id for performer in read.performers] == [performer.id for performer in take.performers]
    for one, other in zip(read.performers, take.performers, strict=True):
        for name in ("frames", "weights", "rotation", "boxes", "confidence", "identity", "change"):
            assert getattr(one, name).dtype == getattr(other, name).dtype
            assert (getattr(one, name) == getattr(other, name)).all(), name
        assert one.times.dtype == np.float64
        assert (one.times == other.times.astype(np.float32)).all()


def test_round_trip_through_a_saved_file(scene, make_take, tmp_path):
    take = make_take(*SEEN, fps=29.97, name="Prüfung 1")
    takes.store(take, scene)
    path = str(tmp_path / "saved.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=path)
    scene = bpy.context.scene
    assert takes.names(scene) == ["Prüfung 1"]
    assert takes.performer_names(scene, "Prüfung 1") == {1: "Performer 1", 2: "Performer 2"}
    assert_same(takes.read(scene, "Prüfung 1"), take)


def test_performers_are_named_curves(scene, make_take):
    collection = takes.store(make_take(*SEEN), scene)
    empty = next(thing for thing in collection.objects if thing["performer"] == 2)
    assert empty.name == "Take 1 · Performer 2"
    assert empty.animation_data.action.use_fake_user
    assert set(EXPRESSIONS) <= set(empty.keys())
    for parent in scene.collection.children:
        parent.hide_viewport = False
    scene.frame_set(17)
    assert empty["jawOpen"] == pytest.approx(takes.read(scene, "Take 1").performers[1].weights[2, 19])


def test_takes_of_one_name_are_both_kept(scene, make_take):
    first, second = make_take(SEEN[0]), make_take(SEEN[1])
    takes.store(first, scene)
    name = takes.store(second, scene).name
    assert takes.names(scene) == ["Take 1", name]
    assert_same(takes.read(scene, "Take 1"), first)
    assert_same(takes.read(scene, name), second)


def test_takes_belong_to_their_scene(scene, make_take):
    takes.store(make_take(SEEN[0]), scene)
    other = bpy.data.scenes.new("Other")
    assert takes.names(other) == []
    assert takes.performer_names(other, "Take 1") == {}
    takes.store(make_take(SEEN[1], name="Take 2"), other)
    assert (takes.names(scene), takes.names(other)) == (["Take 1"], ["Take 2"])


def test_takes_are_out_of_sight(scene, make_take):
    collection = takes.store(make_take(SEEN[0]), scene)
    assert not any(thing.visible_get() for thing in collection.objects)


def test_frames_deleted_in_the_graph_editor_are_gaps(scene, make_take):
    take = make_take(SEEN[0])
    collection = takes.store(take, scene)
    [empty] = collection.objects
    for path in ('["time"]', '["jawOpen"]'):
        empty.keyframe_delete(path, frame=1)
    performer = takes.read(scene, "Take 1").performers[0]
    kept = take.performers[0].frames != 1
    assert performer.frames.tolist() == take.performers[0].frames[kept].tolist()
    assert (performer.weights == take.performers[0].weights[kept]).all()


def test_repairs_are_replayed_on_reading_and_saved(scene, make_take, tmp_path):
    take = make_take(*SEEN)
    collection = takes.store(take, scene)
    wanted = [Repair("SPLIT", 1, 30, other=3), Repair("RENAME", 2, name="Zoë")]
    takes.set_repairs(collection, wanted)
    path = str(tmp_path / "saved.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=path)
    scene = bpy.context.scene
    collection = bpy.data.collections["Take 1"]
    assert takes.repairs(collection) == wanted
    assert takes.performer_names(scene, "Take 1") == {1: "Performer 1", 2: "Zoë", 3: "Performer 3"}
    assert [performer.frames.tolist() for performer in takes.read(scene, "Take 1").performers] == [
        [0, 1, 2],
        list(range(15, 22)),
        [30, 31],
    ]
    assert_same(takes.read(scene, "Take 1", raw=True), take)
    takes.set_repairs(collection, [])
    assert_same(takes.read(scene, "Take 1"), take)


def test_repairs_that_do_not_fit_are_not_kept(scene, make_take):
    collection = takes.store(make_take(*SEEN), scene)
    takes.set_repairs(collection, [Repair("DELETE", 2)])
    with pytest.raises(RepairError, match="no performer 2"):
        takes.set_repairs(collection, [Repair("DELETE", 2), Repair("RENAME", 2, name="Ana")])
    assert takes.repairs(collection) == [Repair("DELETE", 2)]


def test_names_given_before_are_stored(scene, make_take):
    take = make_take(*SEEN)
    take.performers[1].name = "Ana"
    takes.store(take, scene)
    assert takes.read(scene, "Take 1").performers[1].name == "Ana"
    assert takes.performer_names(scene, "Take 1") == {1: "Performer 1", 2: "Ana"}


def test_missing_take_says_so(scene):
    with pytest.raises(TakeError, match="no take called 'Gone'"):
        takes.read(scene, "Gone")


def test_incomplete_take_says_what_is_missing(scene, make_take):
    collection = takes.store(make_take(SEEN[0]), scene)
    collection.objects[0].animation_data_clear()
    with pytest.raises(TakeError, match="Take 1 is incomplete"):
        takes.read(scene, "Take 1")
    del collection["fps"]
    with pytest.raises(TakeError, match="Take 1 is incomplete"):
        takes.read(scene, "Take 1")
