"""What several tests of the training share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from torch import nn

    from models.painting.head import Head
    from models.single_face import SingleFaceNetwork


@pytest.fixture(scope="session")
def head() -> Head:
    """The head that is painted, which takes seconds to prepare."""
    pytest.importorskip("torch", reason="training is not set up (make setup-training)")
    pytest.importorskip("numba")
    from models.face_model import FaceMesh
    from models.painting.head import Head
    from models.shared_data import FACE_MODEL

    if not FACE_MODEL.exists():
        pytest.skip("the face model's source is not here")
    return Head.make(FaceMesh.load())


@pytest.fixture(scope="session")
def narrow_networks() -> Callable[[], tuple[nn.Module, SingleFaceNetwork]]:
    """Makes the same two each time: what finds faces and what reads them in an MFN, as shipped but narrow,
    with normalisations that do something, as training leaves them.
    """
    torch = pytest.importorskip("torch", reason="training is not set up (make setup-training)")
    from models.multi_face import MultiFaceConfig, multi_face_network
    from models.single_face import SingleFaceConfig, SingleFaceNetwork

    def make() -> tuple[nn.Module, SingleFaceNetwork]:
        torch.manual_seed(0)
        narrow = MultiFaceConfig(16, (32, 32, 32, 32), (8, 8, 8, 8), branch=16, finer=16, reads=False)
        finder = multi_face_network(narrow)
        reader = SingleFaceNetwork(SingleFaceConfig(56, 16, 1, (32, 32, 32), (8, 8, 8), seen=4))
        for part in (*finder.modules(), *reader.modules()):
            if isinstance(part, torch.nn.BatchNorm2d):
                torch.nn.init.uniform_(part.weight, 0.5, 1.5)
                torch.nn.init.uniform_(part.bias, -0.5, 0.5)
        torch.nn.init.normal_(reader.expression.at_points.weight, std=0.1)
        return finder.eval(), reader.eval()

    return make
