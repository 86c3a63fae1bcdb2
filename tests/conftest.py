"""What the tests of several packages share."""

from tests.capture.conftest import square_movie, weights

__all__ = ["square_movie", "weights"]
