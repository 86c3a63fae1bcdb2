"""The live preview: what a worker sees moves the cast, tick by tick, until it is stopped.

The worker never touches Blender. A tick, on the main thread, takes the latest frame and moves the characters
as a bake would. Nothing here refers to Blender's data from one tick to the next except by name: so undo,
deleted objects and changed mappings do no harm.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ..capture.contract import EXPRESSIONS
from ..capture.errors import CharacterError, FaceRTError, NoFaceError
from ..capture.live import LiveFrame, LiveWorker, Strength
from ..retarget.adjust import NEUTRAL_LIMIT, REGION_COLUMNS, Adjustments, adjust_frame
from ..retarget.mapping import Row, evaluate
from ..retarget.matching import check
from ..scene.characters import targets
from ..scene.drive import BORROWED, Whereabouts, borrow, drive, give_back, remember
from . import casting, table
from .last_take import last_take
from .performing import adjustments_of, adjustments_of_role
from .picture import picture

TICK = 1 / 60
"""Seconds between two looks at the worker."""
PATIENCE = 2.0
"""Seconds that stopping waits for the worker; one that hangs in a driver is left to end by itself."""
NEVER = -1.0


@dataclass(eq=False)
class Part:
    """A character as it is played live. rows: those that move something; stuck: what they were judged by."""

    whereabouts: Whereabouts
    number: int
    rows: list[Row]
    adjustments: Adjustments
    head_rotation: bool
    neck_share: float
    judged: Any
    stuck: set[str]


class LivePreview:
    """Holds the worker and what is known of the cast. sentence: why it ended, "" where it was wished."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self.sentence = ""
        self.frame: LiveFrame | None = None
        self.people: list[int] = []
        self._worker: LiveWorker | None = None
        self._source = ""
        self._scene = ""
        self._parts: dict[str, Part] = {}
        self._cast: Any = None
        self._turn = 0
        self._record_at = NEVER
        self._neutral: dict[int, tuple[NDArray[Any], NDArray[Any]]] = {}

    @property
    def active(self) -> bool:
        """Whether the preview runs."""
        return self._worker is not None

    @property
    def recording(self) -> bool:
        """Whether a recording runs or is being counted in."""
        return self._record_at != NEVER

    @property
    def counting(self) -> int:
        """Seconds until the recording begins, 0 when none is being counted in."""
        return max(0, int(np.ceil(self._record_at - time.monotonic()))) if self.recording else 0

    def start(self, worker: LiveWorker, scene: bpy.types.Scene) -> None:
        """Start `worker` and move the cast of `scene` by what it sees."""
        self.close()
        self.sentence = ""
        scene.facert.preview = False
        table.put_back(scene)
        self._worker, self._scene, self._source = worker, scene.name, str(scene.facert.source)
        worker.start()
        picture.open()

    def tick(self) -> bool:
        """Do what is due: move the cast by the latest frame, begin or end a recording. False once it is over.

        A problem ends it and becomes its sentence.
        """
        worker, scene = self._worker, bpy.data.scenes.get(self._scene)
        if worker is None or scene is None:
            self.close()
            return False
        try:
            over = worker.ended
            self._advance(scene, worker)
        except FaceRTError as error:
            self.stop()
            self.sentence = str(error)
            return False
        except Exception:
            self.close()
            raise
        if over:
            self.stop()
        return not over

    def stop(self) -> None:
        """Keep what was recorded, if anything was, and stop."""
        scene = bpy.data.scenes.get(self._scene)
        if scene is not None:
            self._keep(scene)
        self.close()

    def record(self, scene: bpy.types.Scene) -> None:
        """Begin to record once the count-in of `scene` is over."""
        self._record_at = time.monotonic() + scene.facert.live.count_in

    def finish(self) -> str:
        """End the recording and keep its take; returns the take's name.

        Raises:
            NoFaceError: nobody was seen meanwhile.
        """
        scene = bpy.data.scenes.get(self._scene)
        self._record_at = NEVER
        if self._worker is None or scene is None:
            raise NoFaceError("Nothing is recorded. Start the live preview, and record.")
        stop_playing(scene)
        return casting.keep_take(scene, self._worker.recorded())

    def rest(self) -> None:
        """Take the faces that are seen now for their performers' faces at rest."""
        for number, face in self.frame.faces.items() if self.frame else ():
            self._neutral[number] = (np.clip(face.weights, 0, NEUTRAL_LIMIT), face.rotation)
        self._parts = {}

    def close(self) -> None:
        """Stop: give the characters back as they were, and leave nothing behind."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        worker.cancel()
        picture.close()
        scene = bpy.data.scenes.get(self._scene)
        if scene is not None:
            give_back(scene)
        worker.join(PATIENCE)
        self.frame, self.people = None, []
        self._parts, self._cast, self._neutral = {}, None, {}
        self._record_at = NEVER

    def release(self) -> None:
        """Give the characters back for now: the next tick takes them again."""
        scene = bpy.data.scenes.get(self._scene)
        if self.active and scene is not None:
            give_back(scene)

    def _advance(self, scene: bpy.types.Scene, worker: LiveWorker) -> None:
        """What is due, unless it fails."""
        frame = worker.latest()
        if frame is not None:
            self.frame = frame
            self.people = sorted({*self.people, *frame.faces})
            # A render must find the scene as it began with it.
            if not bpy.app.is_job_running("RENDER"):
                self.perform(scene, frame)
            picture.show(frame.image, self._caption(frame))
        if self.recording and not self.counting:
            if self._record_at:
                self._record_at = 0.0
                worker.record()
                if scene.facert.live.play:
                    play(scene)
            elif not worker.recording:
                # The footage came to its end.
                self._keep(scene)

    def perform(self, scene: bpy.types.Scene, frame: LiveFrame) -> None:
        """Move the cast of `scene` as the faces do."""
        if scene.facert.preview:
            # Two cannot move the same characters.
            scene.facert.preview = False
        self._look(scene)
        found = {name: part.whereabouts.find() for name, part in self._parts.items()}
        cast = [
            (name, part.number, [row.key for row in part.rows])
            for name, part in self._parts.items()
            if found[name]
        ]
        if cast != self._cast:
            # What does not move any more gets back what was its own.
            give_back(scene)
            self._cast = cast
        if BORROWED not in scene:
            for name, part in self._parts.items():
                character = found[name]
                if character is not None:
                    borrow(scene, remember(character, part.rows))
        for name, part in self._parts.items():
            character, face = found[name], frame.faces.get(part.number)
            if character is not None and face is not None:
                weights, rotation = adjust_frame(face.weights[None], face.rotation[None], part.adjustments)
                head = rotation[0] if part.head_rotation else None
                drive(character, evaluate(part.rows, weights), head, part.neck_share)

    def _look(self, scene: bpy.types.Scene) -> None:
        """Look at the cast, at one character of it thoroughly: each in turn, so that no tick is long."""
        items = scene.facert.characters
        numbers = players(items)
        self._parts = {name: part for name, part in self._parts.items() if numbers.get(name)}
        self._turn += 1
        for place, item in enumerate(items):
            number = numbers[item.name]
            due = place == self._turn % len(items)
            if number and (due or item.name not in self._parts):
                try:
                    self._parts[item.name] = self._part(scene, item, number)
                except CharacterError:
                    # The panel tells elsewhere that its objects are gone.
                    self._parts.pop(item.name, None)
        if self._worker is not None:
            self._worker.labels = {
                number: " ".join([str(number), *(name for name, plays in numbers.items() if plays == number)])
                for number in self.people
            }
            self._worker.smoothing = {
                part.number: strength(part.adjustments) for part in self._parts.values()
            }

    def _part(self, scene: bpy.types.Scene, item: bpy.types.PropertyGroup, number: int) -> Part:
        """An entry of the cast as it stands now.

        Raises:
            CharacterError: its objects were deleted.
        """
        rows = casting.read_rows(item)
        known = self._parts.get(item.name)
        judged = (
            [part.object.name for part in item.parts if part.object],
            [(row.kind, row.target) for row in rows],
        )
        if known is None or known.judged != judged or known.whereabouts.find() is None:
            character = casting.character_of(item)
            whereabouts, stuck = Whereabouts(character), set(check(rows, targets(character)))
        else:
            whereabouts, stuck = known.whereabouts, known.stuck
        return Part(
            whereabouts,
            number,
            [row for row in rows if row.enabled and row.target not in stuck],
            self._adjustments(scene, item, number),
            item.head_rotation,
            item.neck_share,
            judged,
            stuck,
        )

    def _adjustments(self, scene: bpy.types.Scene, item: bpy.types.PropertyGroup, number: int) -> Adjustments:
        """What is set for a role and for whoever plays it, where the take is of the same footage."""
        adjustments = adjustments_of_role(item)
        if scene.facert.take:
            try:
                take = last_take.of(scene)
            except FaceRTError:
                take = None
            same = [one for one in take.performers if one.id == number] if take else []
            if take and same and take.footage == self._source:
                adjustments = adjustments_of(item, take, same[0])
        if number in self._neutral:
            weights, rotation = self._neutral[number]
            adjustments = replace(adjustments, neutral=weights, neutral_rotation=rotation)
        return adjustments

    def _keep(self, scene: bpy.types.Scene) -> None:
        """End the recording, if there is one, and keep its take."""
        if self.recording:
            try:
                self.finish()
            except NoFaceError as error:
                self.sentence = str(error)
            else:
                bpy.ops.ed.undo_push(message="Record Live")

    def _caption(self, frame: LiveFrame) -> str:
        if self.counting:
            return str(self.counting)
        return f"REC {frame.recorded:.1f} s" if frame.recorded is not None else ""


live = LivePreview()


def players(items: bpy.types.bpy_prop_collection) -> dict[str, int]:
    """{character: number of who plays it}: as cast, or where nobody is cast, one after the other."""
    if any(item.performer_id for item in items):
        return {item.name: item.performer_id for item in items}
    return {item.name: number for number, item in enumerate(items, 1)}


def strength(adjustments: Adjustments) -> Strength:
    """How strongly to smooth, by regions."""
    weights = np.ones(len(EXPRESSIONS))
    for region, columns in REGION_COLUMNS.items():
        weights[columns] = adjustments.smoothing.get(region, 1.0)
    return weights, adjustments.smoothing.get("head", 1.0)


def play(scene: bpy.types.Scene) -> None:
    """Play the timeline of `scene` from the start frame on."""
    scene.frame_set(scene.facert.start_frame)
    for window in bpy.context.window_manager.windows:
        if window.scene == scene and not window.screen.is_animation_playing:
            with bpy.context.temp_override(window=window):
                bpy.ops.screen.animation_play()
            break


def stop_playing(scene: bpy.types.Scene) -> None:
    """Stop the timeline of `scene` where it plays for a recording."""
    for window in bpy.context.window_manager.windows:
        if scene.facert.live.play and window.scene == scene and window.screen.is_animation_playing:
            with bpy.context.temp_override(window=window):
                bpy.ops.screen.animation_cancel(restore_frame=False)


def start_ticking() -> None:
    """Let Blender's timer tick until the preview is over."""
    if not bpy.app.timers.is_registered(on_timer):
        bpy.app.timers.register(on_timer, first_interval=TICK)


def stop_ticking() -> None:
    """Let it tick no more."""
    if bpy.app.timers.is_registered(on_timer):
        bpy.app.timers.unregister(on_timer)


def on_timer() -> float | None:
    """What Blender's timer calls."""
    before = live.frame
    goes_on = live.tick()
    if live.frame is not before or not goes_on:
        redraw()
    return TICK if goes_on else None


def redraw() -> None:
    """Show the panel and the picture anew wherever they are."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()
