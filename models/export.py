"""Export a trained network to ONNX: `python -m models.export RUN`.

Writes `models/weights/single.onnx` or `multi.onnx`, one file with the contract in its metadata, after
checking that ONNX Runtime gives what PyTorch gives. Weights are stored as float16, which halves the file, and
made float32 when a session is created: the arithmetic stays that of float32, but for the convolutions of the
shipped MFN (see `quantize`).
"""

from __future__ import annotations

import argparse
import io
import math
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn
from torch.nn import functional

from facert_blender.capture.contract import (
    EXPRESSION,
    FINDING_SIZE,
    LEVELS,
    MULTI_SIZE,
    ROTATION,
    SINGLE_SIZE,
    stamp,
)
from facert_blender.capture.face_shape import JAW, FaceShape
from facert_blender.capture.output import replacing

from .blocks import Fire, SqueezeExcite, Stem
from .face_model import Projection
from .face_reader import given, in_sides, read, read_twice, views
from .multi_face import Detections, MultiFaceConfig, multi_face_network, overlaps, to_read
from .quantize import Given, mosaics, quantize
from .shared_data import CHECKOUT, RUNS, WEIGHTS
from .single_face import SingleFaceConfig, SingleFaceNetwork
from .train import TrainConfig

CONFIGS = CHECKOUT / "models" / "configs"
OPSET = 17
IR_VERSION = 8
"""Old enough for every ONNX Runtime that the add-on ships."""
TOLERANCE = 1e-4
STORED_TOLERANCE = 2e-2
"""The same once the weights are rounded to float16, for outputs of about unit size."""
SAME = 0.7
"""Two files of an MFN see the same face where their boxes overlap by this much."""
QUANTIZED_TOLERANCE = 2e-2
"""How far expression weights may move in the mean when convolutions are computed in whole numbers."""
INPUTS = {"single": ["image"], "multi": [*LEVELS, "threshold"]}
"""What a kind of network is given, in order."""
FOUND_ON = int(math.log2(MULTI_SIZE / FINDING_SIZE))
"""The level of the picture's pyramid on which the MFN finds faces."""
LEAST_STORED = 256
"""Smaller tensors (grids) stay float32, as do biases and steps, which have one dimension."""


class SingleFaceOutputs(nn.Module):
    """The SFN with its outputs as the contract names them: parameters, the landmarks among its points, and
    likeness.
    """

    def __init__(self, network: SingleFaceNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Parameters (n, 104), points (n, 68, 2) in sides from the crop's centre, y down; likeness (n,)."""
        parameters, points, odds = self.network(image)
        return parameters, self.network.marks(points, parameters[:, ROTATION]), torch.sigmoid(odds)


class MultiFaceOutputs(nn.Module):
    """The MFN with its outputs as the contract names them: boxes, confidence, faces, parameters, points,
    likeness.

    network: what finds the faces. reader: what reads them, in views of its size; where there is none,
    they are read in the network's cells as in the paper, the points are the face model's, and everything is
    like a face. confidence: the network's own that comes out as 0.5 (see `models.calibrate`).
    """

    def __init__(
        self, network: nn.Module, reader: SingleFaceNetwork | None = None, confidence: float = 0.5
    ) -> None:
        super().__init__()
        self.network = network
        self.reader = reader
        self.projection = Projection(FaceShape.load(WEIGHTS / "face_shape.npz"))
        self.shift = math.log(confidence / (1 - confidence))

    def forward(self, *levels_and_threshold: Tensor) -> tuple[Tensor, ...]:
        """Of pictures uint8 (n, s, s, 3) at all LEVELS, and of the confidence from which to read faces: boxes
        (n, m, 4) and confidence (n, m); which k of these predictions were read (n, k), their parameters
        (n, k, 104), points (n, k, 68, 2) in sides from the box's centre, y down, and likeness (n, k).
        """
        *levels, threshold = levels_and_threshold
        seen: Detections = self.network(levels[FOUND_ON])
        confidence = torch.sigmoid(seen.logits - self.shift)
        faces = to_read(seen.boxes, confidence, threshold)
        if self.reader is None:
            assert seen.parameters is not None
            parameters = _rows(seen.parameters, faces).flatten(0, 1)
            points = self.projection(parameters)
            likeness = confidence.gather(1, faces).flatten().clamp(min=1)  # ones; ones_like is not traced
        else:
            shown = views(levels, _rows(seen.boxes, faces), self.reader.config.size)
            parameters, marks, likeness = read(self.reader, shown, read_twice(faces, confidence, threshold))
            parameters, points = in_sides(parameters, marks)
        of_faces = (each.unflatten(0, faces.shape) for each in (parameters, points, likeness))
        return seen.boxes, confidence, faces, *of_faces


def _rows(values: Tensor, rows: Tensor) -> Tensor:
    """The rows (n, k) of values (n, m, c)."""
    return values.gather(1, rows[..., None].expand(-1, -1, values.shape[2]))


def make_network(config: TrainConfig) -> nn.Module:
    """The network of a configuration, untrained."""
    if config.network == "multi":
        return multi_face_network(MultiFaceConfig(**config.model))
    return SingleFaceNetwork(SingleFaceConfig(**config.model))


def load_trained(config: TrainConfig) -> nn.Module:
    """The best weights of a configuration's run, in its network, ready to be used.

    Raises:
        FileNotFoundError: the run has no weights.
    """
    network = make_network(config)
    network.load_state_dict(torch.load(RUNS / config.name / "best.pt", map_location="cpu", weights_only=True))
    return network.eval()


def system(config: TrainConfig) -> tuple[nn.Module, str]:
    """The best weights of a configuration's run with outputs as above, and the contract's kind of network.

    Raises:
        FileNotFoundError: the run, or what finds the faces for it, has no weights.
        ValueError: the run only finds faces.
    """
    if not config.model.get("reads", True):
        raise ValueError(f"{config.name} only finds faces. Export the run that reads what it finds.")
    network = load_trained(config)
    if config.network == "single":
        return SingleFaceOutputs(cast(SingleFaceNetwork, network)).eval(), "single"
    if config.network == "multi":
        return MultiFaceOutputs(network, confidence=config.confidence).eval(), "multi"
    finder = load_trained(TrainConfig.read(CONFIGS / f"{config.finder}.toml"))
    return MultiFaceOutputs(finder, cast(SingleFaceNetwork, network), config.confidence).eval(), "multi"


def to_onnx(graph: nn.Module, kind: str) -> bytes:
    """Outputs as above as the bytes of an ONNX file, with the contract in its metadata.

    The graph's Fire modules are folded, and an SFN's weights of channels spread; what it computes stays the
    same.
    """
    for module in graph.modules():
        if isinstance(module, Fire):
            module.fold()
        if isinstance(module, SqueezeExcite) and kind == "single":
            module.spread()
    inputs, outputs, per_face = INPUTS[kind], ["parameters", "points", "likeness"], []
    example: tuple[Tensor, ...] = (torch.zeros((1, SINGLE_SIZE, SINGLE_SIZE, 3), dtype=torch.uint8),)
    if kind == "multi":
        per_face = ["faces", *outputs]
        outputs = ["boxes", "confidence", *per_face]
        black = np.zeros((1, MULTI_SIZE, MULTI_SIZE, 3), np.uint8)
        example = (*given(black), torch.tensor(0.0))
    stored: Any = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph.eval(),
            example,
            stored,
            opset_version=OPSET,
            input_names=inputs,
            output_names=outputs,
            dynamic_axes={
                name: {0: "n", 1: "k"} if name in per_face else {0: "n"}
                for name in [*inputs, *outputs]
                if name != "threshold"
            },
            dynamo=False,
        )
    model = onnx.load_from_string(stored.getvalue())
    # What reads faces in its cells looks at one level; it is given all of them like any other MFN.
    declared = {each.name for each in model.graph.input}
    model.graph.input.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.UINT8, ["n", *picture.shape[1:]])
        for name, picture in zip(inputs, example, strict=True)
        if name not in declared
    )
    model.ir_version = IR_VERSION
    model.producer_name, model.producer_version, model.doc_string = "facert", "", ""
    for key, value in stamp(kind).items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def halve(content: bytes) -> bytes:
    """The same ONNX file with its large float32 weights stored as float16, each behind a cast."""
    model = onnx.load_from_string(content)
    graph = model.graph
    casts = []
    for weights in list(graph.initializer):
        values = onnx.numpy_helper.to_array(weights)
        if values.dtype != np.float32 or values.ndim < 2 or values.size < LEAST_STORED:
            continue
        stored = f"{weights.name}_float16"
        graph.initializer.remove(weights)
        graph.initializer.append(onnx.numpy_helper.from_array(values.astype(np.float16), stored))
        casts.append(onnx.helper.make_node("Cast", [stored], [weights.name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    halved: bytes = model.SerializeToString()
    return halved


def difference(graph: nn.Module, kind: str, content: bytes) -> float:
    """The largest difference between PyTorch's outputs and ONNX Runtime's, on pictures of noise, which is
    soft for the MFN: in hard noise a view looks different from a hair's breadth beside it. The MFN reads as
    many faces there as it can, and then the likeliest alone.
    """
    rng = np.random.default_rng(0)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])

    def outputs(*inputs: Tensor) -> tuple[list[np.ndarray], list[np.ndarray]]:
        with torch.no_grad():
            expected = [output.numpy() for output in graph(*inputs)]
        named = zip(INPUTS[kind], (value.numpy() for value in inputs), strict=True)
        return expected, session.run(None, dict(named))

    if kind == "single":
        crops = rng.integers(0, 255, (3, SINGLE_SIZE, SINGLE_SIZE, 3), np.uint8)
        compared = [outputs(torch.from_numpy(crops))]
    else:
        hard = torch.from_numpy(rng.uniform(0, 255, (3, 3, MULTI_SIZE // 16, MULTI_SIZE // 16)))
        soft = functional.interpolate(hard, scale_factor=16, mode="bilinear").to(torch.uint8)
        levels = given(soft.permute(0, 2, 3, 1).numpy())
        many = outputs(*levels, torch.tensor(0.0))
        likeliest = torch.tensor(many[0][1].max() - TOLERANCE, dtype=torch.float32)
        compared = [_read_by_both(*each) for each in (many, outputs(*levels, likeliest))]
    return max(float(np.abs(a - b).max()) for pair in compared for a, b in zip(*pair, strict=True))


def _read_by_both(
    first: list[np.ndarray], second: list[np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Two outputs of an MFN without the faces that only one has read: those of nearly the same confidence.

    Landmarks on the jaw are left out: where they are the face model's, they jump from vertex to vertex.

    Raises:
        RuntimeError: they hardly have a face in common.
    """
    shared: tuple[list[np.ndarray], list[np.ndarray]] = (first[:2], second[:2])
    for picture in range(len(first[0])):
        both, *rows = np.intersect1d(first[2][picture], second[2][picture], return_indices=True)
        if len(both) < 0.7 * first[2].shape[1]:
            raise RuntimeError("ONNX Runtime reads other faces than PyTorch; nothing was written.")
        for outputs, own, order in zip(shared, (first, second), rows, strict=True):
            parameters, points, likeness = (each[picture, order] for each in own[3:])
            outputs += [parameters, points[:, JAW:], likeness]
    return shared


def moved(first: bytes, second: bytes, shown: Iterable[Given]) -> float:
    """How far apart two files of an MFN see expression weights, in the mean of the faces that both read.

    Raises:
        RuntimeError: there are none.
    """
    sessions = [
        onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"]) for file in (first, second)
    ]
    apart = []
    for inputs in shown:
        seen = []
        for session in sessions:
            boxes, _, faces, parameters, *_ = session.run(None, inputs)
            seen.append((torch.from_numpy(boxes[:, faces[0]]), parameters[0][:, EXPRESSION]))
        (places, weights), (others, other_weights) = seen
        nearest, row = overlaps(places, others)[0].max(1)
        same = nearest.numpy() > SAME
        apart.append(np.abs(weights - other_weights[row])[same])
    if not any(map(len, apart)):
        raise RuntimeError("In whole numbers other faces are read; nothing was written.")
    return float(np.concatenate(apart).mean())


def export(run: str, folder: Path = WEIGHTS) -> Path:
    """Write a run's best weights as ONNX; the file's path.

    Stems are factored, which changes outputs by thousandths. What finds and reads faces in the MFN computes
    in whole numbers (`quantize`).

    Raises:
        FileNotFoundError: the run has no weights or no configuration; or there are no faces to choose the
            steps of whole numbers by.
        ValueError: the run only finds faces.
        RuntimeError: ONNX Runtime does not give what PyTorch gives, or too little of it in whole numbers.
    """
    config = TrainConfig.read(CONFIGS / f"{run}.toml")
    graph, kind = system(config)
    for module in graph.modules():
        if isinstance(module, Stem):
            module.factor()
    whole = to_onnx(graph, kind)
    content = halve(whole)
    for version, tolerance in ((whole, TOLERANCE), (content, STORED_TOLERANCE)):
        off = difference(graph, kind, version)
        if off > tolerance:
            raise RuntimeError(f"ONNX Runtime differs from PyTorch by {off:.2e}; nothing was written.")
    if config.network == "reader":
        content = halve(quantize(whole, mosaics(seed=0)))
        off = moved(whole, content, mosaics(seed=1))
        if off > QUANTIZED_TOLERANCE:
            raise RuntimeError(f"Whole numbers move expression weights by {off:.2e}; nothing was written.")
    path = folder / f"{kind}.onnx"
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    print(f"{path}: {len(content) / 1e6:.2f} MB, off by {off:.1e}")
    return path


def main() -> None:
    """Export a run."""
    parser = argparse.ArgumentParser(prog="python -m models.export", description=main.__doc__)
    parser.add_argument("run")
    parser.add_argument("--folder", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    export(options.run, options.folder)


if __name__ == "__main__":
    main()
