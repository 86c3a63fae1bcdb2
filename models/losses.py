"""The losses of the paper (equations 3 and 4), and the box losses of the MFN."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from facert_blender.capture.contract import EXPRESSION, EXPRESSIONS, IDENTITY, ROTATION

from .expressions import without_side
from .face_model import Projection
from .fitting import LID_PAIRS, LIP_PAIRS

# How much a channel counts in the expression term, by where its label comes from; the others count 1. A
# fitted label says little of channels in which the teacher is dead.
FITTED_EMPHASIS = {
    "eyeBlink": 3.0, "jawOpen": 2.0, "mouthSmile": 1.5,
    "browInnerUp": 6.0, "browOuterUp": 4.0, "browDown": 6.0, "mouthPucker": 5.0,
    "mouthPress": 4.0, "mouthRollLower": 4.0, "mouthRollUpper": 4.0,
    "mouthShrugLower": 3.0, "mouthShrugUpper": 2.0, "mouthStretch": 2.0,
    "eyeSquint": 2.0, "eyeLookDown": 2.0, "jawLeft": 10.0, "jawRight": 10.0,
    "cheekPuff": 0.3, "cheekSquint": 0.3, "eyeWide": 0.3, "noseSneer": 0.3,
    "jawForward": 0.3, "mouthFrown": 0.3, "mouthClose": 0.3,
}  # fmt: skip
EXACT_EMPHASIS = {
    "eyeBlink": 3.0, "jawOpen": 2.0, "jawLeft": 6.0, "jawRight": 6.0,
    "eyeWide": 3.0, "mouthSmile": 1.5, "cheekPuff": 2.0, "noseSneer": 1.5,
    "browInnerUp": 1.5, "browDown": 3.0, "mouthPucker": 2.5,
}  # fmt: skip

FOCUS = 1.5
"""How much less what is easily told counts in objectness: the exponent of its error (Lin et al. 2017)."""
SHARPNESS = 6.0
"""How much less likely a picture at the mean squared distance is to show the same person, as a logarithm."""


def emphasis(table: dict[str, float]) -> Tensor:
    """The 46 channels' factors (46,) from a table by name without its side."""
    return torch.tensor([table.get(name, table.get(without_side(name), 1.0)) for name in EXPRESSIONS])


@dataclass(frozen=True)
class LossWeights:
    """Weights of the loss terms.

    tau: the paper's factor on the parameter terms, divided by the epoch down to a floor; `floor` on
    photographs, whose labels are fits, `exact_floor` where labels are exact. landmark, distance: of the
    landmark term and of the lid and lip distances. points: of the SFN's located points. twins: of
    what differs wrongly between two pictures of one face. people: of identities that are nearer to another
    person's than to another photograph of the same. strong: how much more an exact expression weight
    of 1 counts than one of 0, since most are 0. aside: how much more than EXACT_EMPHASIS says an exact jaw
    that moves aside counts, and how much more often such a face is shown (`chances`): the fewer pixels show
    it, the more readily it is taken for none. entropy: of the cross-entropy beside the absolute difference
    of expression weights (see `expression_cost`) where labels are exact, `fitted_entropy` on photographs.
    """

    tau: float = 10.0
    floor: float = 2.0
    exact_floor: float = 4.0
    landmark: float = 12.0
    distance: float = 4.0
    points: float = 8.0
    twins: float = 2.0
    people: float = 0.5
    identity: float = 0.25
    expression: float = 1.0
    rotation: float = 1.5
    strong: float = 1.0
    aside: float = 1.0
    entropy: float = 1.0
    fitted_entropy: float = 1.0


class FaceLoss(nn.Module):
    """Equation 3 on n faces: tau * (identity + expression + rotation) + landmarks, plus lid and lip
    distances.
    """

    fitted: Tensor
    exact: Tensor
    upper: Tensor
    lower: Tensor

    def __init__(self, projection: Projection, weights: LossWeights) -> None:
        super().__init__()
        self.projection = projection
        self.weights = weights
        self.register_buffer("fitted", emphasis(FITTED_EMPHASIS), persistent=False)
        jaws = {name: weights.aside * EXACT_EMPHASIS[name] for name in ("jawLeft", "jawRight")}
        self.register_buffer("exact", emphasis({**EXACT_EMPHASIS, **jaws}), persistent=False)
        pairs = torch.tensor(LID_PAIRS + LIP_PAIRS)
        self.register_buffer("upper", pairs[:, 0], persistent=False)
        self.register_buffer("lower", pairs[:, 1], persistent=False)

    def forward(
        self,
        predicted: Tensor,
        parameters: Tensor,
        landmarks: Tensor,
        confidence: Tensor,
        exact: Tensor,
        epoch: int,
    ) -> Tensor:
        """The mean loss.

        predicted, parameters: (n, 104). landmarks: (n, 68, 2) in sides. confidence: (n,). exact: bool (n,).
        epoch: from 1.
        """
        w = self.weights
        floor = torch.where(exact, w.exact_floor, w.floor)
        tau = torch.maximum(torch.full_like(floor, w.tau / epoch), floor)
        identity = (predicted[:, IDENTITY] - parameters[:, IDENTITY]).abs().mean(1)
        shown = parameters[:, EXPRESSION]
        factors = torch.where(exact[:, None], self.exact * (1 + w.strong * shown), self.fitted)
        entropy = torch.where(exact, w.entropy, w.fitted_entropy)[:, None]
        cost = expression_cost(predicted[:, EXPRESSION], shown, entropy)
        expression = (cost * factors).mean(1)
        rotation = quaternion_distance(predicted[:, ROTATION], parameters[:, ROTATION])
        found = self.projection(predicted)
        off = ((found - landmarks) ** 2).sum(2)
        points = torch.sqrt(off.mean(1) + 1e-8)
        gaps = (found[:, self.upper] - found[:, self.lower]) - (
            landmarks[:, self.upper] - landmarks[:, self.lower]
        )
        distance = gaps.abs().sum(2).mean(1)
        labels = w.identity * identity + w.expression * expression + w.rotation * rotation
        return (confidence * (tau * labels + w.landmark * points + w.distance * distance)).mean()


def points_distance(found: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Mean distance (n,) of located points (n, k, 2) from where they are, weighed by (n, k)."""
    off = torch.sqrt(((found - truth) ** 2).sum(2) + 1e-8)
    return (off * weight).sum(1) / weight.sum(1).clamp(min=1e-6)


def twins_confusion(predicted: Tensor, parameters: Tensor, twin: Tensor) -> Tensor:
    """How wrongly twins (see `SingleFaceTask`) differ in identity and expression, over the batch.

    predicted, parameters: (n, 104). twin: int (n,). Two pictures of one face must differ in what was
    changed, by as much, and in nothing else.
    """
    rows = (twin >= 0).nonzero()[:, 0]
    wrong = (predicted[rows] - predicted[twin[rows]]) - (parameters[rows] - parameters[twin[rows]])
    return (wrong[:, IDENTITY].abs().mean(1) + wrong[:, EXPRESSION].abs().mean(1)).sum() / len(twin)


def people_confusion(identity: Tensor, person: Tensor) -> Tensor:
    """How hard it is to tell by identity weights which pictures show the same person, over the batch.

    identity: (n, 50). person: int (n,). The contrastive cross-entropy of Khosla et al. (2020) on squared
    distances, in units of the batch's mean, so that it turns on their order and leaves their size alone.
    """
    apart = ((identity[:, None] - identity[None]) ** 2).sum(2)
    itself = torch.eye(len(identity), dtype=torch.bool, device=identity.device)
    likely = -SHARPNESS * apart / apart.mean().clamp(min=1e-6)
    likely = likely.masked_fill(itself, -torch.inf).log_softmax(1)
    same = (person[:, None] == person[None]) & ~itself
    mean = likely.masked_fill(~same, 0).sum(1) / same.sum(1).clamp(min=1)
    return -mean[same.any(1)].sum() / len(identity)


def expression_cost(predicted: Tensor, weights: Tensor, entropy: float | Tensor) -> Tensor:
    """The paper's absolute difference plus `entropy` (one, or (n, 1)) times a cross-entropy, elementwise on
    weights (n, 46).

    Behind a sigmoid the absolute difference alone has almost no slope where a channel rests near zero, and
    what it settles on is the median, which for rare expressions is zero; with the cross-entropy smiles and
    brows are learned from the first epoch. What that settles on is the mean: a face that may be angry is
    half angry. A network that has learned to see is therefore trained on with little of it.
    """
    p = predicted.clamp(1e-4, 1 - 1e-4)
    least = -(torch.xlogy(weights, weights) + torch.xlogy(1 - weights, 1 - weights))
    crossed = functional.binary_cross_entropy(p, weights, reduction="none") - least
    return (predicted - weights).abs() + entropy * crossed


def quaternion_distance(a: Tensor, b: Tensor) -> Tensor:
    """Mean absolute difference (n,) of unit quaternions (n, 4), whichever sign is nearer."""
    return torch.minimum((a - b).abs().mean(1), (a + b).abs().mean(1))


def complete_iou(a: Tensor, b: Tensor) -> Tensor:
    """CIoU (n,) of boxes (n, 4), centre and size (Zheng et al. 2020)."""
    a_low, a_high = a[:, :2] - a[:, 2:] / 2, a[:, :2] + a[:, 2:] / 2
    b_low, b_high = b[:, :2] - b[:, 2:] / 2, b[:, :2] + b[:, 2:] / 2
    shared = (torch.minimum(a_high, b_high) - torch.maximum(a_low, b_low)).clamp(min=0).prod(1)
    iou = shared / (a[:, 2:].prod(1) + b[:, 2:].prod(1) - shared + 1e-9)
    hull = torch.maximum(a_high, b_high) - torch.minimum(a_low, b_low)
    apart = ((a[:, :2] - b[:, :2]) ** 2).sum(1) / ((hull**2).sum(1) + 1e-9)
    shape = (4 / torch.pi**2) * (torch.atan(a[:, 2] / a[:, 3]) - torch.atan(b[:, 2] / b[:, 3])) ** 2
    alpha = (shape / (1 - iou + shape + 1e-9)).detach()
    return iou - apart - alpha * shape


def objectness(logits: Tensor, target: Tensor, counted: Tensor) -> Tensor:
    """Focal binary cross-entropy per face.

    logits, target, counted: (n, m); target is the overlap that a positive anchor reaches, 0 elsewhere;
    anchors that are not counted (another face's near misses, ignore zones) cost nothing.
    """
    cost = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    easy = (target - torch.sigmoid(logits)).abs() ** FOCUS
    return (cost * easy * counted).sum() / (target > 0).sum().clamp(min=1)
