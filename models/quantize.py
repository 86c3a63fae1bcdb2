"""Whole numbers for the MFN's convolutions: a fifth less time for nearly the same function.

Weights and what passes between layers become integers of 8 bits, in steps that are chosen once, from what the
layers give for photographs and made faces (Jacob et al. 2018, "Quantization and Training of Neural Networks
for Efficient Integer-Arithmetic-Only Inference"). Where points are located and weights decided stays in
floating point. The file keeps the weights as they were trained; ONNX Runtime rounds them when a session is
created.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from facert_blender.capture.contract import MULTI_SIZE
from facert_blender.capture.view import inputs

from .datasets import EDITED, PHOTOGRAPHS, RENDERED, Shard, able

PARTS = re.compile(
    r"/(stem|level\d|branch\d|box/hidden)/|/finer/(near|same|deep|mix|Add|Resize)"
    r"|/points/(fine|middle|coarse|mix|look|Add|Resize)"
)
"""What is computed in whole numbers, by the names of its nodes."""
KINDS = {"Add", "Concat", "Conv", "GlobalAveragePool", "MaxPool", "Mul", "Relu", "Resize", "Sigmoid"}
SHOWN = (PHOTOGRAPHS, EDITED, RENDERED)
"""The shards whose faces steps are chosen by, each as often: made ones for what is rare in photographs."""
COLUMNS = (1, 2, 3, 4, 5, 6)
"""How many faces stand side by side in the pictures from which steps are chosen."""
PICTURES = 48
"""How many of them there are."""
MEMORY = 0.05
"""How fast the range of a layer follows what it gives for the next picture: the rarest values are cut off."""

Given = dict[str, np.ndarray]
"""A network's inputs by name."""


def mosaics(seed: int) -> Iterator[Given]:
    """What the MFN is given: faces of training people side by side, as many read as can be.

    Raises:
        FileNotFoundError: a shard of those that are SHOWN has not been made.
    """
    shards = [Shard.open(folder) for folder in SHOWN]
    rows = [able(shard, held=False, least=0.4) for shard in shards]
    rng = np.random.default_rng(seed)
    for number in range(PICTURES):
        columns = COLUMNS[number % len(COLUMNS)]
        picture = np.empty((MULTI_SIZE, MULTI_SIZE, 3), np.uint8)
        edges = list(pairwise(np.linspace(0, MULTI_SIZE, columns + 1).astype(int)))
        for top, bottom in edges:
            for left, right in edges:
                source = rng.integers(len(shards))
                face = np.asarray(shards[source].images[rng.choice(rows[source])])
                across = (int(right - left), int(bottom - top))
                picture[top:bottom, left:right] = cv2.resize(face, across, interpolation=cv2.INTER_AREA)
        yield inputs(picture, threshold=0)


class _Pictures(CalibrationDataReader):
    def __init__(self, given: Iterable[Given]) -> None:
        self.given = iter(given)

    def get_next(self) -> Given | None:
        return next(self.given, None)


def quantize(content: bytes, given: Iterable[Given]) -> bytes:
    """An ONNX file of float32 with the convolutions of PARTS in whole numbers.

    given: inputs from which the steps are chosen. Weights have 7 bits instead of 8, since processors without
    instructions for it add products of 8 bits in 16, which would overflow.
    """
    model = onnx.load_from_string(content)
    parts = [node.name for node in model.graph.node if node.op_type in KINDS and PARTS.search(node.name)]
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder, "before.onnx"), Path(folder, "after.onnx")
        before.write_bytes(content)
        quant_pre_process(before, before, skip_optimization=True, skip_symbolic_shape=True)
        quantize_static(
            before,
            after,
            _Pictures(given),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            nodes_to_quantize=parts,
            extra_options={
                "AddQDQPairToWeight": True,
                "CalibMovingAverage": True,
                "CalibMovingAverageConstant": MEMORY,
            },
        )
        quantized = onnx.load(after)
    round_once(quantized.graph)
    del quantized.metadata_props[:]
    quantized.metadata_props.extend(model.metadata_props)
    quantized.producer_name, quantized.producer_version = model.producer_name, model.producer_version
    onnx.checker.check_model(quantized)
    result: bytes = quantized.SerializeToString()
    return result


def round_once(graph: onnx.GraphProto) -> None:
    """Give what is joined the steps of what comes of it.

    Where both have their own, the halves of each Fire module are rounded twice, in steps of nearly the same
    size, and converted where they might be copied.
    """
    makers = {name: node for node in graph.node for name in node.output}
    users = Counter(name for node in graph.node for name in node.input)
    steps = {node.input[0]: node.input[1:] for node in graph.node if node.op_type == "QuantizeLinear"}
    for joined in graph.node:
        if joined.op_type != "Concat" or joined.output[0] not in steps:
            continue
        for name in joined.input:
            restored = makers[name]
            if users[name] == users[restored.input[0]] == 1:
                for node in (makers[restored.input[0]], restored):
                    node.input[1:] = steps[joined.output[0]]
    used = {name for node in graph.node for name in node.input}
    kept = [weights for weights in graph.initializer if weights.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
