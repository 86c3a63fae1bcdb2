"""Scenes: what is composed, and that the labels go where the pictures go."""

from pathlib import Path

import numpy as np
import pytest

from facert_blender.capture.contract import FINDING_SIZE, PARAMETERS

pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.datasets import SHARD_SIZE, SHARD_SPAN, Shard
from models.scenes import LEAST_FACE, MOST_FACES, Composer, Photograph, Scene
from models.shared_data import landmark_box

MAGENTA = np.array([255, 0, 255], np.uint8)


def marks(rng: np.random.Generator) -> np.ndarray:
    """68 points (68, 2) that fill a square of side one around zero."""
    points = rng.uniform(-0.5, 0.5, (68, 2))
    points[:4] = [[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]]
    return points.astype(np.float32)


def photograph(side: int, rng: np.random.Generator, *, known: bool = True) -> Photograph:
    """A grey picture with one magenta face of `side` pixels, labelled or only found."""
    image = np.full((300, 400, 3), 90, np.uint8)
    image[150 - side // 2 : 150 + side // 2, 200 - side // 2 : 200 + side // 2] = MAGENTA
    faces = 1 if known else 0
    box = np.array([[200 - side / 2, 150 - side / 2, 200 + side / 2, 150 + side / 2]], np.float32)
    return Photograph(
        image,
        np.zeros((faces, PARAMETERS), np.float32),
        (marks(rng)[None] * side + (200, 150))[:faces],
        np.ones(faces, np.float32),
        False,
        box[faces:],
        1.0,
    )


def made_faces(rng: np.random.Generator, folder: Path) -> Shard:
    """Three made faces: a magenta square on grey."""
    side = round(SHARD_SIZE / SHARD_SPAN)
    low = (SHARD_SIZE - side) // 2
    images = np.full((3, SHARD_SIZE, SHARD_SIZE, 3), 90, np.uint8)
    images[:, low : low + side, low : low + side] = MAGENTA
    shard = Shard.writable(folder, 3)
    shard.images[:] = images
    shard.landmarks[:] = marks(rng)
    shard.confidence[:] = 1
    shard.exact[:] = True
    return shard


@pytest.fixture
def composer(tmp_path: Path) -> Composer:
    rng = np.random.default_rng(0)
    photographs = [photograph(side, rng) for side in (40, 90, 160)]
    photographs.append(photograph(90, rng, known=False))
    shard = made_faces(rng, tmp_path)
    made = [(shard, np.array([0, 2]), np.array([0.5, 0.5]))]
    return Composer(photographs, made)


def scenes(composer: Composer, count: int) -> list[Scene]:
    return [composer.scene(np.random.default_rng(i)) for i in range(count)]


def magenta(image: np.ndarray) -> np.ndarray:
    """How magenta each pixel is: its red and blue over its green."""
    pixels = image.astype(np.float32)
    return pixels[..., 0] + pixels[..., 2] - 2 * pixels[..., 1]


def test_scenes_hold_few_to_many_faces_of_many_sizes_within_the_limits(composer: Composer) -> None:
    made = scenes(composer, 60)
    counts = [len(scene.parameters) for scene in made]
    sides = np.concatenate(
        [np.ptp(scene.landmarks, axis=1).max(1) for scene in made if len(scene.parameters)]
    )
    assert min(counts) <= 1 and 10 <= max(counts) <= MOST_FACES
    assert sides.min() > LEAST_FACE * FINDING_SIZE
    assert sides.min() < 12 and sides.max() > 150
    assert {bool(flag) for scene in made for flag in scene.exact} == {True, False}


def test_the_landmarks_lie_on_the_faces(composer: Composer) -> None:
    inside, outside = [], []
    for scene in scenes(composer, 30):
        colour = magenta(scene.image)
        for box in landmark_box(scene.landmarks.reshape(-1, 68, 2)):
            middle = ((box[:2] + box[2:]) / 2).astype(int)
            if box[2] - box[0] > 25:
                inside.append(colour[middle[1], middle[0]])
                edge = int(min(max(box[0] - 0.2 * (box[2] - box[0]), 0), FINDING_SIZE - 1))
                outside.append(colour[middle[1], edge])
    assert np.median(inside) > 150 > np.median(outside)
    assert np.mean(np.array(inside) > 60) > 0.75  # some pictures are made grey


def test_shrunk_photographs_lie_where_their_window_says(composer: Composer) -> None:
    face = composer.photographs[2]
    scales, off = [], []
    for seed in range(60):
        window, tile = composer._window(face, 36, 40, np.random.default_rng(seed))
        middle, half = window[:, :2] @ np.array([199.5, 149.5]) + window[:, 2], 80 * window[0, 0]
        if (middle < half + 1).any() or (middle > np.array([36, 40]) - half - 1).any():
            continue  # not all of the face is in the tile
        shown = magenta(tile).clip(min=0)
        seen = [(shown * places).sum() / shown.sum() for places in np.indices(shown.shape)[::-1]]
        off.append(seen - middle)
        scales.append(window[0, 0])
    assert np.abs(off).max() < 0.2 and np.abs(np.mean(off, 0)).max() < 0.03  # edges fall between pixels
    assert len(scales) > 30 and min(scales) < 0.14  # halved twice at least


def test_faces_without_labels_are_ignored_not_background(composer: Composer) -> None:
    unlabelled = 0
    for scene in scenes(composer, 60):
        colour = magenta(scene.image)
        boxes = landmark_box(scene.landmarks.reshape(-1, 68, 2))
        for zone in scene.ignored:
            x, y = ((zone[:2] + zone[2:]) / 2).astype(int).clip(0, FINDING_SIZE - 1)
            apart = not ((boxes[:, :2] < (x, y)) & ((x, y) < boxes[:, 2:])).all(1).any()
            unlabelled += bool(apart and zone[2] - zone[0] > 30 and colour[y, x] > 100)
    assert unlabelled >= 5


def test_most_tiles_show_no_frame(composer: Composer) -> None:
    framed = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        face = composer.photographs[int(rng.integers(3))]
        window, _ = composer._window(face, 60, 50, rng)
        corners = window[:, :2] @ np.array([[0, 400], [0, 300]]) + window[:, 2:]
        framed.append((corners[:, 0] > 0.5).any() or (corners[:, 1] < (59.5, 49.5)).any())
    assert 0.02 < np.mean(framed) < 0.35


def test_people_stand_beside_each_other_and_hide_little_of_each_other(composer: Composer) -> None:
    near = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        canvas = np.full((FINDING_SIZE, FINDING_SIZE, 3), 60, np.uint8)
        nobody = (np.zeros((0, PARAMETERS)), np.zeros((0, 68, 2)), np.zeros(0), np.zeros(0, bool))
        added = composer._bystanders(canvas, [nobody], np.zeros((0, 4)), rng)
        colour = magenta(canvas)
        boxes = np.concatenate([landmark_box(part[1]) for part in added])
        for number, (x0, y0, x1, y1) in enumerate(boxes):
            side = x1 - x0
            seen = colour[round(y0) + 1 : round(y1) - 1, round(x0) + 1 : round(x1) - 1]
            assert not seen.size or np.mean(seen > 150) > 0.55
            others = np.delete(boxes, number, axis=0)
            gaps = np.abs((others[:, :2] + others[:, 2:]) / 2 - ((x0 + x1) / 2, (y0 + y1) / 2)).max(1)
            near.append(bool((gaps < 2 * side).any()))
    assert 0.3 < np.mean(near) < 0.9


def test_a_scene_depends_on_its_generator_alone(composer: Composer) -> None:
    first, again = (composer.scene(np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.landmarks, again.landmarks)
