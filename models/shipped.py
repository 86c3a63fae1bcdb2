"""Train on from the shipped weights: `python -m models.shipped RUN` makes them the best weights of a run.

`models/runs` is not kept with the project, its exported networks are. RUN is the configuration of what was
shipped: `ms_sfn`, or what finds faces (`ms_mfn_find_finer`) or reads them (`ms_mfn`) in the MFN. Exports fold
normalisation into convolutions; here it is taken out again, with the means and spreads that the network has
on photographs, so that training goes on as it would have.
"""

from __future__ import annotations

import argparse

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from facert_blender.capture.contract import FINDING_SIZE
from facert_blender.capture.output import replacing

from .blocks import ConvBlock, Fire
from .datasets import PHOTOGRAPHS, SHARD_SIZE, SURE, Shard, able
from .export import CONFIGS, make_network
from .shared_data import RUNS, WEIGHTS
from .single_face import SingleFaceNetwork
from .train import TrainConfig

EXAMPLES = 64
"""Photographs of training people from which the means and spreads are taken."""


def exported(content: onnx.ModelProto) -> dict[str, Tensor]:
    """The weights in an exported network by their names in PyTorch, float32.

    A convolution that had its normalisation folded into it has lost its own name, as has a linear layer
    without a bias, which is stored transposed; its node's tells it. The factors of a stem's filters are
    multiplied again, and biases in whole numbers by their steps.
    """
    stored = {w.name: onnx.numpy_helper.to_array(w) for w in content.graph.initializer}
    weights = {
        name.removesuffix("_float16"): torch.from_numpy(value.astype(np.float32))
        for name, value in stored.items()
        if value.dtype in (np.float16, np.float32)
    }
    for name, value in stored.items():
        if value.dtype == np.int32 and f"{name}_scale" in stored:
            bias = (value * stored[f"{name}_scale"]).astype(np.float32)
            weights[name.removesuffix("_quantized")] = torch.from_numpy(bias)
    for node in content.graph.node:
        if node.op_type == "Conv" and node.input[1].startswith("onnx::"):
            scopes = node.name.strip("/").split("/")[:-1]
            place = ".".join(scope.rpartition(".")[2] for scope in scopes)
            weights[f"{place}.weight"] = weights[node.input[1].removesuffix("_DequantizeLinear_Output")]
            weights[f"{place}.bias"] = weights[node.input[2]]
        if node.op_type == "MatMul" and node.input[1].startswith("onnx::"):
            place = ".".join(node.name.strip("/").split("/")[:-1])
            weights[f"{place}.weight"] = weights[node.input[1]].T
    for name in [name for name in weights if name.endswith("stem.0.0.0.weight")]:
        place = name.removesuffix(".0.weight")
        few, mixture = weights.pop(name), weights.pop(f"{place}.1.weight")
        weights[f"{place}.weight"] = torch.einsum("of,fchw->ochw", mixture[:, :, 0, 0], few)
        weights[f"{place}.bias"] = weights.pop(f"{place}.1.bias")
    return weights


def parts_of(weights: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    """The weights of one of an exported file's networks: `network`, or an MFN's `reader`."""
    return {k.removeprefix(f"{name}."): v for k, v in weights.items() if k.startswith(f"{name}.")}


def adopt(network: nn.Module, weights: dict[str, Tensor]) -> int:
    """Give a network the exported weights that it has places for; the number of its modules that got some.

    Normalisations that were folded are set to do nothing but add what the folded convolution added.
    """
    filled = 0
    with torch.no_grad():
        for name, module in network.named_modules():
            own = {
                **dict(module.named_parameters(recurse=False)),
                **dict(module.named_buffers(recurse=False)),
            }
            found = {n: weights[f"{name}.{n}"] for n in own if f"{name}.{n}" in weights}
            fitting = {n: value for n, value in found.items() if value.shape == own[n].shape}
            for n, value in fitting.items():
                own[n].copy_(value)
            filled += bool(fitting)
            if isinstance(module, ConvBlock):
                folded, added = module[1], [weights.get(f"{name}.0.bias")]
            elif isinstance(module, Fire):
                folded = module.norm
                added = [weights.get(f"{name}.expand{kernel}.bias") for kernel in (1, 3)]
            else:
                continue
            biases = [bias for bias in added if bias is not None]
            if biases and folded.bias.shape == torch.cat(biases).shape:
                folded.weight.fill_(1)
                folded.bias.copy_(torch.cat(biases))
                folded.running_mean.zero_()
                folded.running_var.fill_(1 - folded.eps)
    return filled


@torch.no_grad()
def unfold(network: nn.Module, image: Tensor) -> None:
    """Let every normalisation have the mean and spread of what it gets for pictures; it does the same."""

    def spread(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(norm, nn.BatchNorm2d) and norm.running_mean is not None
        assert norm.running_var is not None
        (x,) = inputs
        mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3))
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        norm.bias += scale * (mean - norm.running_mean)
        norm.weight.copy_(scale * torch.sqrt(variance + norm.eps))
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)

    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    hooks = [norm.register_forward_pre_hook(spread) for norm in norms]
    network.eval()(image)
    for hook in hooks:
        hook.remove()


def photographs(size: int) -> Tensor:
    """Photographs uint8 (n, size, size, 3), as far as shards show them."""
    shard = Shard.open(PHOTOGRAPHS)
    rows = np.random.default_rng(0).permutation(able(shard, held=False, least=SURE))[:EXAMPLES]
    images = torch.from_numpy(np.stack([np.asarray(shard.images[row]) for row in rows]))
    start = max((SHARD_SIZE - size) // 2, 0)
    images = images[:, start : SHARD_SIZE - start, start : SHARD_SIZE - start].permute(0, 3, 1, 2)
    resized = nn.functional.interpolate(images.float(), size=(size, size), mode="bilinear")
    return resized.to(torch.uint8).permute(0, 2, 3, 1)


def main() -> None:
    """Make the shipped weights the best weights of a run."""
    parser = argparse.ArgumentParser(prog="python -m models.shipped", description=main.__doc__)
    parser.add_argument("run")
    options = parser.parse_args()
    config = TrainConfig.read(CONFIGS / f"{options.run}.toml")
    kind = "single" if config.network == "single" else "multi"
    stored = exported(onnx.load(WEIGHTS / f"{kind}.onnx"))
    network = make_network(config)
    filled = adopt(network, parts_of(stored, "reader" if config.network == "reader" else "network"))
    size = network.config.size if isinstance(network, SingleFaceNetwork) else FINDING_SIZE
    unfold(network, photographs(size))
    folder = RUNS / options.run
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / "best.pt") as temporary:
        torch.save(network.state_dict(), temporary)
    print(f"{folder}/best.pt: {filled} parts of the network from the shipped weights")


if __name__ == "__main__":
    main()
