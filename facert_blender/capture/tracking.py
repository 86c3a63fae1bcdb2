"""Who is who: from faces per frame to performers over time.

Frame by frame, faces continue the tracks that they overlap and resemble. A track ends when its face is
covered or leaves. At the end, tracks that were never seen together and resemble each other over their whole
history are joined into one performer: one frame's identity weights are noisy, the mean of hundreds is not.

Two cues tell people apart: the network's identity weights, measured against their own unrest within tracks,
and the colours of the face and the hair around it. Identity weights describe the skull and hardly change
with light; colours differ between people of like build. Either can tell that two tracks are different
people.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import count

import numpy as np

from .assignment import assign
from .contract import IDENTITIES
from .footage import Frame
from .network import Face, overlaps
from .portrait import Portrait
from .take import Performer

COAST = 0.4
"""Seconds for which a track without a face may be continued where its motion leads."""
LEAST_OVERLAP = 0.2
"""Overlap with its expected box that a face needs to continue a track."""
LIKENESS_WEIGHT = 0.3
"""How much unlikeness, 1 at the limit between one person and two, counts beside overlap between frames."""
COLOUR_LIMIT = 0.45
"""Least distance of mean colours between different people; one person stays below 0.25 in steady light."""
IDENTITY_LIMIT = 2.0
"""Least distance of mean identity weights between different people, in standard deviations within tracks."""
FLICKER = 0.3
"""Seconds for which a performer must have been seen."""
SURE = 0.87
"""Confidence that the clearest tenth of a performer's sights must reach.

On scenes of people never trained on, 97 of 100 such detections are faces.
"""
CHANGE = 0.5
"""Seconds before and after a frame over which a face is compared with itself, to find tracks that swapped."""
REMEMBERED = 64
"""People who are away that a stream remembers."""
COLOUR_LEVELS = 6
"""Levels per channel of the colour histogram."""


class Tracker:
    """Follows people through frames that come in order."""

    def __init__(self, fps: float) -> None:
        """fps: nominal frames per second of the footage; it says how many frames a flicker lasts."""
        self._fps = fps
        self._frames = 0
        self._numbers = count(1)
        self._tracks: list[_Track] = []
        self._active: list[_Track] = []
        self._performers: list[Performer] = []

    def update(self, frame: Frame, faces: list[Face]) -> list[int]:
        """Add the faces of the next frame; the number of the track each belongs to.

        Tracks are numbered from 1 in order of appearance. `finish` may join several into one performer.
        """
        self._frames += 1
        for track in [track for track in self._active if frame.time - track.times[-1] > COAST]:
            self._active.remove(track)
            track.recent.clear()
        sights = [_Sight(face, colours(frame.image, face.box)) for face in faces]
        numbers = [0] * len(faces)
        for row, column in assign(self._costs(frame.time, sights)):
            self._active[row].extend(frame, sights[column])
            numbers[column] = self._active[row].number
        for column in sorted(np.flatnonzero(np.array(numbers) == 0), key=lambda index: faces[index].box[0]):
            track = _Track(next(self._numbers), max(2, round(CHANGE * self._fps)))
            track.extend(frame, sights[column])
            self._tracks.append(track)
            self._active.append(track)
            numbers[column] = track.number
        return numbers

    def finish(self) -> None:
        """Join the tracks of each person; drop what only flickered and what was never surely a face."""
        least = min(FLICKER * self._fps, self._frames / 2)
        people = [
            person
            for person in _join(self._tracks)
            if sum(len(track.frames) for track in person) >= least and _clarity(person) >= SURE
        ]
        unrest = _unrest(self._tracks)
        self._performers = [_performer(number, person, unrest) for number, person in enumerate(people, 1)]

    def trimmed(self) -> list[_Track]:
        """The tracks that may go on, without their past; all others are forgotten."""
        for track in self._active:
            track.trim()
        self._tracks = list(self._active)
        return self._tracks

    def tracks(self) -> list[Performer]:
        """The performers in order of appearance, from left to right where several appear at once."""
        return self._performers

    def _costs(self, now: float, sights: list[_Sight]) -> np.ndarray:
        """Cost (active tracks, sights) of continuing a track with a face; infinite where it cannot be."""
        if not self._active or not sights:
            return np.empty((len(self._active), len(sights)))
        shared = overlaps(
            np.array([track.expected(now) for track in self._active]),
            np.array([sight.face.box for sight in sights]),
        )
        tracks = _Likeness.of(self._active)
        unlike = tracks.unlikeness(
            _Likeness(
                np.array([sight.face.identity for sight in sights]),
                np.array([sight.colours for sight in sights]),
            ),
            _unrest(self._active),
        )
        cost = 1 - shared + LIKENESS_WEIGHT * np.minimum(unlike, 4)
        return np.where(shared >= LEAST_OVERLAP, cost, np.inf)


class StreamTracker:
    """Follows people through a stream without end: tells at once who is who, in bounded memory.

    A face counts once it was surely seen for a moment. It then is whoever of those who are away it resembles
    most, or somebody new.
    """

    def __init__(self, fps: float) -> None:
        """fps: nominal frames per second of the stream."""
        self._tracker = Tracker(fps)
        self._numbers = count(1)
        self._here: list[tuple[_Track, _Track]] = []  # those who are seen: the track, and the person so far
        self._away: list[_Track] = []  # the others, those who left first at the beginning

    def update(self, frame: Frame, faces: list[Face]) -> list[int]:
        """The performer of each face of the next frame, 0 for a face that does not count yet.

        Performers are numbered from 1 in order of appearance.
        """
        numbers = self._tracker.update(frame, faces)
        active = self._tracker.trimmed()
        for track, person in [pair for pair in self._here if pair[0] not in active]:
            self._here.remove((track, person))
            person.absorb(track)
            self._away.append(person)
        del self._away[:-REMEMBERED]
        known = [track for track, _ in self._here]
        self._recognise([track for track in active if track not in known and track.counts()])
        people = {track.number: person.number for track, person in self._here}
        return [people.get(number, 0) for number in numbers]

    def _recognise(self, newcomers: list[_Track]) -> None:
        """Find out who the newcomers are."""
        found: dict[int, int] = {}
        if newcomers and self._away:
            unrest = _unrest([*newcomers, *self._away, *(track for track, _ in self._here)])
            unlike = _Likeness.of(newcomers).unlikeness(_Likeness.of(self._away), unrest)
            found = dict(assign(np.where(unlike < 1, unlike, np.inf)))
        for row, track in enumerate(newcomers):
            person = self._away[found[row]] if row in found else _Track(next(self._numbers), track.window)
            self._here.append((track, person))
        self._away = [person for place, person in enumerate(self._away) if place not in found.values()]


def colours(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    """What a face looks like from afar: the square root of the colour histogram (216,) around its box.

    image: uint8 (h, w, 3) RGB. box: (4,) in pixels; a rim of 15 % takes in hair.
    """
    rim = 0.15 * (box[2:] - box[:2])
    low, high = box[:2] - rim, box[2:] + rim
    columns = np.linspace(low[0], high[0], 48).astype(int).clip(0, image.shape[1] - 1)
    rows = np.linspace(low[1], high[1], 48).astype(int).clip(0, image.shape[0] - 1)
    levels = image[rows[:, None], columns].reshape(-1, 3).astype(int) * COLOUR_LEVELS // 256
    bins = levels @ (1, COLOUR_LEVELS, COLOUR_LEVELS**2)
    return np.sqrt(np.bincount(bins, minlength=COLOUR_LEVELS**3) / len(bins))


@dataclass(frozen=True, eq=False)
class _Sight:
    """A face and its colours."""

    face: Face
    colours: np.ndarray


@dataclass(eq=False)
class _Track:
    """A face followed without interruption. Of each frame only numbers are kept, of all one small picture."""

    number: int
    window: int  # frames before and after a frame over which the face is compared with itself
    count: int = 0  # of frames
    frames: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    weights: list[np.ndarray] = field(default_factory=list)
    rotation: list[np.ndarray] = field(default_factory=list)
    boxes: list[np.ndarray] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    identity: np.ndarray = field(default_factory=lambda: np.zeros(IDENTITIES))  # sum over the frames
    identity_squares: float = 0.0  # sum of squared lengths
    colours: np.ndarray = field(default_factory=lambda: np.zeros(COLOUR_LEVELS**3))  # sum
    velocity: np.ndarray = field(default_factory=lambda: np.zeros(2))  # pixels per second
    recent: deque[_Sight] = field(default_factory=deque)  # of the last two windows
    changes: list[tuple[float, float]] = field(default_factory=list)  # of identity and colours
    portrait: Portrait = field(default_factory=Portrait)

    def extend(self, frame: Frame, sight: _Sight) -> None:
        """Add the face of a frame."""
        face = sight.face
        if self.times:
            moved = (face.box - self.boxes[-1]).reshape(2, 2).mean(axis=0) / (frame.time - self.times[-1])
            self.velocity = 0.7 * self.velocity + 0.3 * moved
        self.count += 1
        self.frames.append(frame.index)
        self.times.append(frame.time)
        self.weights.append(face.weights)
        self.rotation.append(face.rotation)
        self.boxes.append(face.box)
        self.confidence.append(face.confidence)
        self.identity += face.identity
        self.identity_squares += float(face.identity @ face.identity)
        self.colours += sight.colours
        self.portrait.consider(frame, face.box, face.rotation, face.confidence)
        self.recent.append(sight)
        self.changes.append((0.0, 0.0))
        if len(self.recent) > 2 * self.window:
            self.recent.popleft()
        if len(self.recent) == 2 * self.window:
            self.changes[-self.window] = self._change()

    def _change(self) -> tuple[float, float]:
        """How far mean identity weights and colours lie apart in the last window and the one before."""
        identity = np.array([sight.face.identity for sight in self.recent])
        colours = np.array([sight.colours for sight in self.recent])
        before, after = slice(None, self.window), slice(self.window, None)
        return (
            float(np.linalg.norm(identity[after].mean(axis=0) - identity[before].mean(axis=0))),
            float(np.linalg.norm(_unit(colours[after].mean(axis=0)) - _unit(colours[before].mean(axis=0)))),
        )

    def trim(self) -> None:
        """Keep only the latest frames; the sums stay."""
        for column in (
            self.frames,
            self.times,
            self.weights,
            self.rotation,
            self.boxes,
            self.confidence,
            self.changes,
        ):
            del column[: -2 * self.window]

    def counts(self) -> bool:
        """Whether this was a face for long enough, and surely."""
        return self.times[-1] - self.times[0] >= FLICKER and _clarity([self]) >= SURE

    def absorb(self, other: _Track) -> None:
        """Add the sums of another track of the same person."""
        self.count += other.count
        self.identity += other.identity
        self.identity_squares += other.identity_squares
        self.colours += other.colours

    def expected(self, now: float) -> np.ndarray:
        """The box (4,) where its motion leads at a time in seconds."""
        return self.boxes[-1] + np.tile(self.velocity * (now - self.times[-1]), 2)

    def unrest(self) -> float:
        """Sum over the frames of the squared distance between identity weights and their mean."""
        return self.identity_squares - float(self.identity @ self.identity) / self.count


@dataclass(eq=False)
class _Likeness:
    """What tells n people apart: mean identity weights (n, 50) and mean colours (n, 216)."""

    identity: np.ndarray
    colours: np.ndarray

    @classmethod
    def of(cls, tracks: list[_Track]) -> _Likeness:
        counts = np.array([track.count for track in tracks])[:, None]
        return cls(
            np.array([track.identity for track in tracks]) / counts,
            np.array([track.colours for track in tracks]) / counts,
        )

    def unlikeness(self, other: _Likeness, unrest: float) -> np.ndarray:
        """How unlike each of these and each of the others are (n, m): below 1 they may be one person."""
        identity = _distances(self.identity, other.identity)
        return _unlikeness(identity, _distances(_unit(self.colours), _unit(other.colours)), unrest)


def _unlikeness(identity: np.ndarray, colours: np.ndarray, unrest: float) -> np.ndarray:
    """How unlike people are whose identity weights and colours lie this far apart, any shape."""
    return (identity / (IDENTITY_LIMIT * unrest)) ** 2 + (colours / COLOUR_LIMIT) ** 2


def _unrest(tracks: list[_Track]) -> float:
    """Standard deviation of identity weights within tracks, as a length; infinite if none was seen twice."""
    repeated = sum(track.count - 1 for track in tracks)
    if not repeated:
        return np.inf
    return float(np.sqrt(max(sum(track.unrest() for track in tracks) / repeated, 1e-12)))


def _distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1) - 2 * first @ second.T
    return np.sqrt(np.maximum(squares, 0))


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def _join(tracks: list[_Track]) -> list[list[_Track]]:
    """The tracks of each person, people in order of appearance.

    The two most alike are joined first and then judged by their common mean, as long as some two that were
    never in a frame together are alike enough.
    """
    if not tracks:
        return []
    people = [[track] for track in tracks]
    unrest = _unrest(tracks)
    counts = np.array([track.count for track in tracks], float)
    means = _Likeness.of(tracks)
    seen = [frozenset(track.frames) for track in tracks]
    together = np.array([[not one.isdisjoint(other) for other in seen] for one in seen])
    unlike = np.where(together, np.inf, means.unlikeness(means, unrest))
    while unlike.min() < 1:
        kept, joined = sorted(np.unravel_index(unlike.argmin(), unlike.shape))
        people[kept] += people[joined]
        people[joined] = []
        share = counts[joined] / (counts[kept] + counts[joined])
        for mean in (means.identity, means.colours):
            mean[kept] += share * (mean[joined] - mean[kept])
        counts[kept] += counts[joined]
        together[kept] |= together[joined]
        together[:, kept] |= together[:, joined]
        together[joined] = together[:, joined] = True
        common = _Likeness(means.identity[kept : kept + 1], means.colours[kept : kept + 1])
        unlike[kept] = unlike[:, kept] = means.unlikeness(common, unrest)[:, 0]
        unlike[together] = np.inf
    return [person for person in people if person]


def _clarity(person: list[_Track]) -> float:
    """The confidence that a tenth of a person's sights reach."""
    return float(np.percentile(np.concatenate([track.confidence for track in person]), 90))


def _performer(number: int, person: list[_Track], unrest: float) -> Performer:
    order = np.argsort(np.concatenate([track.frames for track in person]))

    def column(name: str, kind: type) -> np.ndarray:
        return np.concatenate([np.asarray(getattr(track, name), kind) for track in person])[order]

    changes = column("changes", np.float32)
    return Performer(
        id=number,
        frames=column("frames", np.int32),
        times=column("times", np.float64),
        weights=column("weights", np.float32),
        rotation=column("rotation", np.float32),
        boxes=column("boxes", np.float32),
        confidence=column("confidence", np.float32),
        identity=(np.sum([track.identity for track in person], axis=0) / len(order)).astype(np.float32),
        change=_unlikeness(changes[:, 0], changes[:, 1], unrest).astype(np.float32),
        portrait=max((track.portrait for track in person), key=lambda portrait: portrait.clarity).picture,
    )
