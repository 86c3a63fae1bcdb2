"""Tiny networks that see squares of pure red, green and blue, and footage of such squares; white ones are
like no face.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from facert_blender.capture import contract
from facert_blender.capture.face_shape import FaceShape
from facert_blender.capture.network import Face

RED, GREEN, BLUE = (250, 0, 0), (0, 250, 0), (0, 0, 250)
WHITE = (250, 250, 250)
BRIGHT = 0.7
SHARED = Path(__file__).parents[3] / "shared"

Square = tuple[tuple[int, int, int], tuple[float, float], float]
"""Colour, centre x and y, side in pixels."""


@pytest.fixture(scope="session")
def clips() -> Path:
    """The shared development clips."""
    folder = SHARED / "data" / "clips"
    if not folder.is_dir():
        pytest.skip("the shared clips are not beside this checkout")
    return folder


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a face model whose face fills a square, and networks that find and read coloured squares.

    Red, green and blue people differ in identity; a face's jawOpen is 0.25 and it looks straight ahead.
    """
    folder = tmp_path_factory.mktemp("weights")
    # Landmarks on the left half of a circle, their mirror images on the other; those between above and below.
    opposite = np.array(contract.MIRROR_LANDMARKS)
    (half,) = np.nonzero(np.arange(contract.LANDMARKS) < opposite)
    angles = np.resize([np.pi / 2, -np.pi / 2], contract.LANDMARKS)
    angles[half] = np.linspace(np.pi / 2, 3 * np.pi / 2, len(half))
    angles[opposite[half]] = np.pi - angles[half]
    round_face = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    basis = np.zeros((96, contract.LANDMARKS * 3), np.float32)
    # Inner points first, then one candidate for each point of the jaw: the shape is a circle of radius 1.
    basis[0] = np.roll(round_face, -17, axis=0).ravel()
    np.savez(folder / "face_shape.npz", basis=basis, outward=np.tile([0.0, -1.0], (17, 1)))
    face_shape = FaceShape.load(folder / "face_shape.npz")
    onnx.save(single_network(face_shape), folder / "single.onnx")
    onnx.save(multi_network(face_shape), folder / "multi.onnx")
    return folder


def still(value: object) -> np.ndarray:
    """A constant of a graph."""
    return np.asarray(value, np.float32)


class Graph:
    """A few lines of ONNX, written as calls."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def __call__(
        self, kind: str, *inputs: str | np.ndarray, name: str | None = None, **attributes: object
    ) -> str:
        """Add a node; arrays among its inputs become constants."""
        names = [self._constant(given) if isinstance(given, np.ndarray) else given for given in inputs]
        output = name or f"{kind}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, names, [output], **attributes))
        return output

    def _constant(self, value: np.ndarray) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def bright(self, size: int) -> tuple[str, str, str, str]:
        """Per channel (n, 1, 1, 3): share of bright pixels, their centroid in fractions of the picture, and
        how few of them are white, 1 for none.
        """
        picture = self("Div", self("Cast", "image", to=TensorProto.FLOAT), still(255))
        mask = self("Cast", self("Greater", picture, still(BRIGHT)), to=TensorProto.FLOAT)
        place = (np.arange(size, dtype=np.float32) + 0.5) / size
        area = self("ReduceMean", mask, axes=[1, 2])
        some = self("Max", area, still(1e-9))
        x = self("Div", self("ReduceMean", self("Mul", mask, place[None, None, :, None]), axes=[1, 2]), some)
        y = self("Div", self("ReduceMean", self("Mul", mask, place[None, :, None, None]), axes=[1, 2]), some)
        white = self("ReduceMean", self("ReduceProd", mask, axes=[3]), axes=[1, 2])
        return area, x, y, self("Sub", still(1), self("Div", white, some))

    def model(self, kind: str, size: int, outputs: dict[str, list[object]]) -> onnx.ModelProto:
        """The finished network, stamped with the contract; `faces` are whole numbers."""
        graph = helper.make_graph(
            self.nodes,
            kind,
            [
                *(
                    helper.make_tensor_value_info(name, TensorProto.UINT8, ["n", size >> i, size >> i, 3])
                    for i, name in enumerate(contract.LEVELS if kind == "multi" else ["image"])
                ),
                *(
                    helper.make_tensor_value_info(name, TensorProto.FLOAT, [])
                    for name in (["threshold"] if kind == "multi" else [])
                ),
            ],
            [
                helper.make_tensor_value_info(
                    name, TensorProto.INT64 if name == "faces" else TensorProto.FLOAT, shape
                )
                for name, shape in outputs.items()
            ],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        helper.set_model_props(model, contract.stamp(kind))
        return model


def neutral() -> np.ndarray:
    """Parameters (104,) of a face that looks straight ahead with an open jaw; no size, no place."""
    parameters = np.zeros(contract.PARAMETERS, np.float32)
    parameters[0] = 1
    parameters[contract.EXPRESSION][contract.EXPRESSIONS.index("jawOpen")] = 0.25
    parameters[contract.ROTATION] = 1, 0, 0, 0
    return parameters


def single_network(shape: FaceShape) -> onnx.ModelProto:
    """An SFN whose landmarks fill the bright pixels of its crop."""
    graph = Graph()
    area, x, y, coloured = graph.bright(contract.SINGLE_SIZE)
    total = graph("ReduceSum", area, np.array([3]), keepdims=0)  # (n, 1, 1)
    share = graph("Div", area, graph("Max", graph("Unsqueeze", total, np.array([3])), still(1e-9)))
    margin = contract.CROP_MARGIN
    scale = graph("Mul", graph("Sqrt", total), still(margin / 2))
    safe = graph("Max", scale, still(1e-6))
    moves = []
    for axis, sign in ((x, margin), (y, -margin)):
        mean = graph("ReduceSum", graph("Mul", axis, share), np.array([3]), keepdims=0)
        moves.append(graph("Div", graph("Mul", graph("Sub", mean, still(0.5)), still(sign)), safe))
    features = graph("Concat", *moves, scale, graph("Squeeze", share, np.array([1])), axis=2)  # (n, 1, 6)
    spread = np.zeros((6, contract.PARAMETERS), np.float32)
    spread[[0, 1, 2], [100, 101, 103]] = 1
    spread[[3, 4, 5], [1, 2, 3]] = 1
    flat = graph("Squeeze", graph("MatMul", features, spread), np.array([1]))
    graph("Add", flat, neutral()[None], name="parameters")
    plain = neutral()
    plain[contract.SCALE] = 1
    down = np.array([1, -1], np.float32)
    moved = graph("Add", graph("Concat", *moves, axis=2), shape.project(plain[None]) * down)  # (n, 68, 2)
    turned = graph("Mul", moved, down)
    graph("Mul", turned, scale, name="points")
    graph("ReduceMin", coloured, axes=[1, 2, 3], keepdims=0, name="likeness")
    return graph.model(
        "single",
        contract.SINGLE_SIZE,
        {
            "parameters": ["n", contract.PARAMETERS],
            "points": ["n", contract.LANDMARKS, 2],
            "likeness": ["n"],
        },
    )


def multi_network(shape: FaceShape) -> onnx.ModelProto:
    """An MFN that finds one square of each colour, with confidence 0.95, or 0.5 if it is small, sees red ones
    twice, and reads the first three.
    """
    graph = Graph()
    area, x, y, coloured = graph.bright(contract.MULTI_SIZE)
    side = graph("Sqrt", area)
    people = np.array([0, 1, 2, 0])
    anchors = contract.GRID**2 * contract.ANCHORS
    columns = [graph("Squeeze", column, np.array([1])) for column in (x, y, side, side)]  # (n, 1, 3)
    boxes = graph(
        "Gather", graph("Transpose", graph("Concat", *columns, axis=1), perm=[0, 2, 1]), people, axis=1
    )
    seen = graph("Cast", graph("Greater", area, still(1e-4)), to=TensorProto.FLOAT)
    well = graph("Cast", graph("Greater", area, still(4e-4)), to=TensorProto.FLOAT)
    both = graph("Add", graph("Mul", seen, still(0.5)), graph("Mul", well, still(0.45)))
    certain = graph("Squeeze", both, np.array([1, 2]))
    confidence = graph("Gather", certain, people, axis=1)
    rest = anchors - len(people)
    graph("Pad", boxes, np.array([0, 0, 0, 0, rest, 0]), name="boxes")
    graph("Pad", confidence, np.array([0, 0, 0, rest]), name="confidence")
    read = 3
    parameters = np.tile(neutral(), (1, read, 1))
    parameters[..., contract.SCALE] = 0.5
    for face, person in enumerate(people[:read]):
        parameters[0, face, 1 + person] = 1
    points = shape.project(parameters[0])[None]
    blank = graph(
        "Unsqueeze",
        graph("Mul", graph("ReduceSum", area, np.array([2, 3]), keepdims=0), still(0)),
        np.array([2]),
    )
    graph(
        "Cast",
        graph("Add", graph("Squeeze", blank, np.array([2])), still([np.arange(read)])),
        to=TensorProto.INT64,
        name="faces",
    )
    graph("Add", blank, parameters, name="parameters")
    graph("Add", graph("Unsqueeze", blank, np.array([3])), points, name="points")
    graph("Squeeze", coloured, np.array([1, 2]), name="likeness")
    return graph.model(
        "multi",
        contract.MULTI_SIZE,
        {
            "boxes": ["n", anchors, 4],
            "confidence": ["n", anchors],
            "faces": ["n", read],
            "parameters": ["n", read, contract.PARAMETERS],
            "points": ["n", read, contract.LANDMARKS, 2],
            "likeness": ["n", read],
        },
    )


def paint(size: tuple[int, int], squares: list[Square]) -> np.ndarray:
    """A dark picture uint8 (h, w, 3) RGB of size (w, h) with squares, later ones in front."""
    picture = np.full((size[1], size[0], 3), 20, np.uint8)
    for colour, (x, y), side in squares:
        low, high = (
            np.round(np.array([x, y]) - side / 2).astype(int),
            np.round(np.array([x, y]) + side / 2).astype(int),
        )
        picture[max(low[1], 0) : max(high[1], 0), max(low[0], 0) : max(high[0], 0)] = colour
    return picture


def save_movie(path: Path, pictures: list[np.ndarray], fps: float = 25, codec: str = "mp4v") -> Path:
    """Write RGB pictures as a movie."""
    height, width = pictures[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), fps, (width, height))
    for picture in pictures:
        writer.write(picture[..., ::-1])
    writer.release()
    return path


def damage(movie: Path) -> None:
    """Overwrite the second half of an MP4's pictures; the part that says where they are stays whole."""
    data = bytearray(movie.read_bytes())
    begin = data.index(b"mdat") - 4
    length = int.from_bytes(data[begin : begin + 4], "big")
    data[begin + length // 2 : begin + length] = bytes(length - length // 2)
    movie.write_bytes(data)


@pytest.fixture
def square_movie(tmp_path: Path) -> Callable[..., Path]:
    """Makes a movie of a red square that wanders to the right."""

    def make(name: str = "square.mp4", frames: int = 20, size: tuple[int, int] = (160, 120)) -> Path:
        return save_movie(
            tmp_path / name, [paint(size, [(RED, (50 + 2 * index, 60), 40)]) for index in range(frames)]
        )

    return make


def face_at(
    box: np.ndarray | list[float], identity: np.ndarray | None = None, confidence: float = 0.9
) -> Face:
    """A neutral face in a box (4,)."""
    parameters = neutral()
    return Face(
        box=np.asarray(box, np.float32),
        weights=parameters[contract.EXPRESSION],
        rotation=parameters[contract.ROTATION],
        identity=np.zeros(50, np.float32) if identity is None else identity.astype(np.float32),
        landmarks=np.zeros((68, 2), np.float32),
        confidence=confidence,
        likeness=1.0,
    )
