"""The reduced face model: tensor, projection and contour."""

from pathlib import Path

import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSIONS, IDENTITIES
from facert_blender.capture.face_shape import JAW, FaceShape

torch = pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.face_model import CANDIDATES, Projection, fullness, source_shapes  # noqa: E402

WEIGHTS = Path(__file__).parents[2] / "models" / "weights"


@pytest.fixture(scope="module")
def shape() -> FaceShape:
    return FaceShape.load(WEIGHTS / "face_shape.npz")


def faces(count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    parameters = rng.normal(0, 0.5, (count, 104)).astype(np.float32)
    parameters[:, 0] = 1
    parameters[:, 50:96] = rng.uniform(0, 1, (count, 46)) ** 3
    parameters[:, 96] = 2
    parameters[:, 96:100] /= np.linalg.norm(parameters[:, 96:100], axis=1, keepdims=True)
    parameters[:, 100:103] *= 0.1
    parameters[:, 103] = 0.5
    return parameters


def test_projection_in_pytorch_is_the_add_ons(shape: FaceShape) -> None:
    parameters = faces(20)
    found = Projection(shape)(torch.from_numpy(parameters)).numpy()
    np.testing.assert_allclose(found, shape.project(parameters), atol=1e-5)


def papers_tensor(shape: FaceShape) -> np.ndarray:
    """The paper's reduced face tensor (204, 50, 47) for the frontal landmarks: contracted with the weights of
    identity (50) and expression (47, of which the first is 1 less the others), it gives x, y, z of all 68.
    """
    points = shape.basis.reshape(len(shape.basis), -1, 3)
    strips = points[:, 68 - JAW :].reshape(len(points), JAW, CANDIDATES, 3)
    flat = np.concatenate([strips[:, :, 0], points[:, : 68 - JAW]], axis=1).reshape(len(points), -1)
    full = np.repeat(flat[:IDENTITIES].T[:, :, None], 1 + len(EXPRESSIONS), axis=2)
    full[:, 0, 1:] += flat[IDENTITIES:].T
    return full


def test_the_papers_tensor_gives_the_same_points(shape: FaceShape) -> None:
    stored = papers_tensor(shape)
    assert stored.shape == (204, 50, 47)
    parameters = faces(3)
    parameters[:, 96:100] = (1, 0, 0, 0)
    parameters[:, 50:96] *= 0.05  # a nearly neutral frontal face keeps its frontal contour points
    weights = np.concatenate([1 - parameters[:, 50:96].sum(1, keepdims=True), parameters[:, 50:96]], axis=1)
    points = np.einsum("rij,ni,nj->nr", stored, parameters[:, :IDENTITIES], weights).reshape(3, 68, 3)
    placed = 0.5 * (points[..., :2] + parameters[:, None, 100:102]) * (1, -1)
    np.testing.assert_allclose(placed[:, 17:], shape.project(parameters)[:, 17:], atol=1e-4)


def test_contour_slides_across_the_cheek_that_turns_away(shape: FaceShape) -> None:
    front, turned = faces(1), faces(1)
    for parameters in (front, turned):
        parameters[:, 1:96] = 0
        parameters[:, 100:103] = 0
        parameters[:, 96:100] = (1, 0, 0, 0)
    half = np.radians(40) / 2
    turned[:, 96:100] = (np.cos(half), 0, np.sin(half), 0)  # the nose points to the right of the picture
    landmarks = shape.project(turned)[0]
    fixed = shape.points(turned[:, :50], turned[:, 50:96])[0][51::8]  # the frontal contour's own vertices
    fixed_x = 0.5 * (np.cos(2 * half) * fixed[:, 0] + np.sin(2 * half) * fixed[:, 2])
    assert landmarks[14, 0] > fixed_x[14] + 0.05  # far cheek: moved out to the silhouette
    np.testing.assert_allclose(landmarks[2, 0], fixed_x[2], atol=0.03)  # near cheek: stays


def test_every_expression_has_a_source() -> None:
    assert source_shapes("eyeBlinkLeft") == ("eyeBlink_L",)
    assert source_shapes("jawLeft") == ("jawLeft",)
    assert source_shapes("mouthRight") == ("mouthRight",)
    assert source_shapes("cheekPuff") == ("cheekPuff_L", "cheekPuff_R")
    assert len({source_shapes(name) for name in EXPRESSIONS}) == 46


def test_full_weights_move_brows_as_far_as_people_do(shape: FaceShape) -> None:
    still = faces(1)
    still[:, 1:96] = 0
    still[:, 96:104] = (1, 0, 0, 0, 0, 0, 0, 0.5)
    at_rest = shape.project(still)[0]
    between_eyes = at_rest[45, 0] - at_rest[36, 0]

    def lowered(stem: str) -> np.ndarray:
        moved = still.copy()
        moved[:, [50 + i for i, name in enumerate(EXPRESSIONS) if name.startswith(stem)]] = 1
        return (shape.project(moved)[0, 17:27, 1] - at_rest[17:27, 1]) / between_eyes

    assert 0.05 < lowered("browDown").max() < 0.09
    assert -0.13 < lowered("browInnerUp").min() < -0.08


def test_only_brows_are_made_fuller() -> None:
    assert {name for name in EXPRESSIONS if fullness(name) != 1} == {
        "browDownLeft",
        "browDownRight",
        "browInnerUpLeft",
        "browInnerUpRight",
    }
