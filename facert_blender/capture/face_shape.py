"""The reduced face model: from a face's 104 parameters to its 68 landmarks.

The shape is S = mean + sum(identity_i * mode_i) + sum(weight_j * delta_j): the paper's face tensor (section
3.1) in delta form. Jaw landmarks are not fixed vertices: seen from the side, the contour is wherever the
cheek or chin reaches furthest out, so each of the 17 has a strip of candidates across the face.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .contract import EXPRESSION, EXPRESSIONS, IDENTITIES, IDENTITY, LANDMARKS, ROTATION, SCALE, TRANSLATION
from .errors import WeightsError

JAW = 17
"""The first 17 landmarks lie on the contour of the jaw."""


def rotation_matrices(quaternions: np.ndarray) -> np.ndarray:
    """Rotation matrices float32 (…, 3, 3) of unit quaternions (…, 4) in w, x, y, z order."""
    quaternions = np.asarray(quaternions, np.float32)
    w, x, y, z = (quaternions[..., i] for i in range(4))
    result = np.empty((*quaternions.shape[:-1], 3, 3), np.float32)
    result[..., 0, 0] = 1 - 2 * (y * y + z * z)
    result[..., 0, 1] = 2 * (x * y - w * z)
    result[..., 0, 2] = 2 * (x * z + w * y)
    result[..., 1, 0] = 2 * (x * y + w * z)
    result[..., 1, 1] = 1 - 2 * (x * x + z * z)
    result[..., 1, 2] = 2 * (y * z - w * x)
    result[..., 2, 0] = 2 * (x * z - w * y)
    result[..., 2, 1] = 2 * (y * z + w * x)
    result[..., 2, 2] = 1 - 2 * (x * x + y * y)
    return result


@dataclass(frozen=True)
class FaceShape:
    """The reduced face model; P points are 51 inner landmarks and 17 strips of C jaw candidates.

    basis: float32 (96, P * 3), the 50 identity modes (mode 0 is the mean face) and the 46 expression deltas.
    outward: float32 (17, 2), the direction in which each jaw landmark's strip is searched, y up.
    """

    basis: np.ndarray
    outward: np.ndarray

    @classmethod
    def load(cls, path: Path) -> FaceShape:
        """Read the model from an .npz file.

        Raises:
            WeightsError: the file is missing or damaged.
        """
        try:
            with np.load(path) as stored:
                basis, outward = stored["basis"], stored["outward"]
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise WeightsError(
                f"The face model {path.name} is missing or damaged. Install the add-on again."
            ) from error
        if basis.shape[0] != IDENTITIES + len(EXPRESSIONS) or outward.shape != (JAW, 2):
            raise WeightsError(f"The face model {path.name} is of another version. Install the add-on again.")
        return cls(basis.astype(np.float32), outward.astype(np.float32))

    def points(self, identity: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """All P points of n faces, float32 (n, P, 3), in the head's frame, the mean face within ±1.

        identity: (n, 50); weights: (n, 46). The delta form of the tensor: mode 0 carries the mean.
        """
        factors = np.concatenate([identity, weights], axis=1).astype(np.float32)
        return (factors @ self.basis).reshape(len(factors), self.basis.shape[1] // 3, 3)

    def project(self, parameters: np.ndarray) -> np.ndarray:
        """Landmarks of n faces, float32 (n, 68, 2), in sides from the centre of the box, y down.

        parameters: (n, 104) in the order of the contract. Weak perspective, f * (R * S + t) (paper, equation
        2).
        """
        points = self.points(parameters[:, IDENTITY], parameters[:, EXPRESSION])
        turned = points @ rotation_matrices(parameters[:, ROTATION])[:, :2].transpose(0, 2, 1)
        placed = (turned + parameters[:, None, TRANSLATION][..., :2]) * parameters[:, SCALE, None, None]
        inner = LANDMARKS - JAW
        strips = placed[:, inner:].reshape(len(placed), JAW, (placed.shape[1] - inner) // JAW, 2)
        furthest = np.argmax(np.einsum("njcx,jx->njc", strips, self.outward), axis=2)
        jaw = np.take_along_axis(strips, furthest[..., None, None], axis=2)[:, :, 0]
        landmarks = np.concatenate([jaw, placed[:, :inner]], axis=1)
        return landmarks * np.array([1, -1], np.float32)
