"""What several tests of the training share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from models.editor import Editor


@pytest.fixture(scope="session")
def editor() -> Editor:
    """The painter of faces, which takes seconds to prepare."""
    pytest.importorskip("torch", reason="training is not set up (make setup-training)")
    pytest.importorskip("numba")
    from models.editor import Editor
    from models.face_model import FaceMesh
    from models.shared_data import FACE_MODEL

    if not FACE_MODEL.exists():
        pytest.skip("the face model's source is not here")
    return Editor.make(FaceMesh.load())
