"""The paper's measures (section 4.2) and those of tracking, as plain functions of arrays."""

from __future__ import annotations

import numpy as np

from facert_blender.capture.assignment import assign
from facert_blender.capture.network import overlaps

AUC_LIMIT = 0.05
"""Cut-off of the cumulative error curve, in diagonals of the box; a face beyond it has failed."""
STILL = 0.01
"""A curve whose standard deviation is smaller does not move; what correlates in it is noise."""
AP_THRESHOLDS = np.arange(0.5, 0.96, 0.05)


def mean(values: np.ndarray) -> float | None:
    """The mean of values (…); None where there are none."""
    return float(values.mean()) if values.size else None


def landmark_errors(found: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean distance of 68 landmarks (n, 68, 2) over the true box's sqrt(w * h), and over its diagonal: (n,)
    each.
    """
    extent = truth.max(1) - truth.min(1)
    distance = np.linalg.norm(found - truth, axis=2).mean(1)
    return distance / np.sqrt(extent.prod(1)), distance / np.linalg.norm(extent, axis=1)


def area_under_curve(errors: np.ndarray, limit: float = AUC_LIMIT) -> float:
    """Area under the cumulative distribution of errors (n,) up to the limit, as a share; infinite ones have
    failed.
    """
    return float(np.clip(1 - errors / limit, 0, 1).mean()) if len(errors) else 0.0


def average_precision(
    found: list[np.ndarray],
    confidence: list[np.ndarray],
    truth: list[np.ndarray],
    ignored: list[np.ndarray],
    threshold: float,
) -> float:
    """COCO-style AP of boxes, picture by picture, at one overlap threshold; 101 recall points.

    found: (k, 4) per picture, with confidence (k,). truth: (m, 4) per picture. ignored: (j, 4) per picture,
    boxes that need not be found and do not count as wrong.
    """
    order = sorted(
        ((float(c), p, i) for p, cs in enumerate(confidence) for i, c in enumerate(cs)), reverse=True
    )
    taken = [np.zeros(len(t), bool) for t in truth]
    hits = []
    for _, picture, i in order:
        iou = np.where(taken[picture], 0, overlaps(found[picture][i], truth[picture])[0])
        if iou.size and iou.max() >= threshold:
            taken[picture][iou.argmax()] = True
            hits.append(1.0)
        elif (overlaps(found[picture][i], ignored[picture]) < threshold).all():
            hits.append(0.0)
    right = np.array(hits)
    wanted = sum(len(t) for t in truth)
    if not wanted or not len(right):
        return 0.0
    recall = right.cumsum() / wanted
    precision = np.maximum.accumulate((right.cumsum() / np.arange(1, len(right) + 1))[::-1])[::-1]
    places = np.searchsorted(recall, np.linspace(0, 1, 101))
    return float(np.append(precision, 0.0)[places].mean())


def recall(found: list[np.ndarray], truth: list[np.ndarray], threshold: float) -> float:
    """Share of the true boxes that some found box overlaps at least so much, one to one."""
    hits = 0
    for boxes, true in zip(found, truth, strict=True):
        iou = overlaps(boxes, true)
        hits += len(assign(np.where(iou >= threshold, 1 - iou, np.inf)))
    return hits / max(sum(len(t) for t in truth), 1)


def identity(
    truth: list[dict[str, np.ndarray]], found: list[dict[int, np.ndarray]], threshold: float = 0.4
) -> dict[str, float]:
    """Identity switches, IDF1 (Ristani et al. 2016) and coverage of tracks.

    truth: per frame, box (4,) of each person. found: per frame, box (4,) of each performer. Boxes match from
    this overlap on. Coverage is the share of true boxes that any performer matches.
    """
    people = sorted({name for frame in truth for name in frame})
    performers = sorted({number for frame in found for number in frame})
    together = np.zeros((len(people), len(performers)))
    last: dict[str, int] = {}
    switches = matched = 0
    for true, seen in zip(truth, found, strict=True):
        if not true or not seen:
            continue
        names, numbers = list(true), list(seen)
        iou = overlaps(np.array([true[n] for n in names]), np.array([seen[n] for n in numbers]))
        for row, column in np.argwhere(iou >= threshold):
            together[people.index(names[row]), performers.index(numbers[column])] += 1
        for row, column in assign(np.where(iou >= threshold, 1 - iou, np.inf)):
            name, number = names[row], numbers[column]
            matched += 1
            switches += last.get(name, number) != number
            last[name] = number
    true_boxes = sum(len(frame) for frame in truth)
    found_boxes = sum(len(frame) for frame in found)
    identified = sum(together[row, column] for row, column in assign(-together))
    return {
        "id_switches": switches,
        "idf1": float(2 * identified / max(true_boxes + found_boxes, 1)),
        "coverage": matched / max(true_boxes, 1),
    }


def correlation(a: np.ndarray, b: np.ndarray) -> float | None:
    """Pearson's correlation of two curves (n,); None where one of them does not move."""
    if len(a) < 3 or min(a.std(), b.std()) < STILL:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def f1(found: np.ndarray, truth: np.ndarray) -> tuple[float, float, float]:
    """F1, precision and recall of bool arrays of one shape; 0 where there is nothing to count."""
    right = float((found & truth).sum())
    precision, share = right / max(found.sum(), 1), right / max(truth.sum(), 1)
    return 2 * precision * share / max(precision + share, 1e-9), precision, share


def area_under_roc(scores: np.ndarray, positive: np.ndarray) -> float | None:
    """Share of pairs of a positive and a negative (n,) that scores (n,) put in order, ties counting half.

    None where one of both kinds is missing.
    """
    positives, negatives = int(positive.sum()), int((~positive).sum())
    if not positives or not negatives:
        return None
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float((ranks[positive].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def second_differences(frames: np.ndarray, curves: np.ndarray) -> np.ndarray:
    """Mean absolute second difference (k,) of curves (n, k) at frames (n,) whose neighbours are there too."""
    middle = np.flatnonzero((np.diff(frames[:-1]) == 1) & (np.diff(frames[1:]) == 1)) + 1
    if not len(middle):
        return np.zeros(curves.shape[1])
    return np.abs(curves[middle - 1] - 2 * curves[middle] + curves[middle + 1]).mean(0)
