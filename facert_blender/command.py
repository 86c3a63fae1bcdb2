"""The command line: from footage to takes, tables and animated characters without a window.

The same arguments serve `python -m facert_blender capture …` and `blender --command facert capture …`.
Blender is needed only where a character has to move; a take and its tables are written without it.
"""

from __future__ import annotations

import argparse
import re
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from .capture.errors import CancelledError, FaceRTError, OutputError
from .capture.take import Take, save_take
from .capture.worker import Progress, capture
from .retarget.live_link import save_csvs

if TYPE_CHECKING:
    from .scene.bake import BakeReport

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str], prog: str) -> int:
    """Do what `arguments` ask; returns the exit code: 0 only when all that was asked was written.

    A person's errors are one sentence on stderr and code 1, a wrong command line is 2, an interrupt 130.
    """
    try:
        options = parse(arguments, prog)
    except SystemExit as leaving:  # argparse has said why; Blender, around us, wants a code
        return int(leaving.code or OK)
    try:
        run(options)
    except (KeyboardInterrupt, CancelledError):
        print("\nCancelled. What was not finished by then is as it was before.", file=sys.stderr)
        return INTERRUPTED
    except FaceRTError as error:
        print(f"\n{error}", file=sys.stderr)
        return FAILED
    return OK


def parse(arguments: Sequence[str], prog: str) -> argparse.Namespace:
    """The options of a command line.

    Raises:
        SystemExit: with code 2 for a command line that makes no sense, 0 after --help.
    """
    parser = argparse.ArgumentParser(
        prog=prog, description="FaceRT: facial motion capture for many faces at once."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    command = commands.add_parser(
        "capture",
        help="capture the performers in footage and animate characters with them",
        description="Capture the performers in footage and animate characters with them. Without --cast the "
        "demo characters play; without --assign performers are cast in order of screen time.",
    )
    add = command.add_argument
    add(
        "footage",
        metavar="VIDEO",
        help="a movie, a folder or pattern of numbered pictures, or a camera's number",
    )
    add("--cast", type=Path, metavar="FILE.blend", help="a file with characters of your own")
    add(
        "--assign",
        type=assignment,
        action="append",
        default=[],
        metavar="PERFORMER=CHARACTER",
        help="who plays whom, such as 1=Fern; several may follow, and it may be given many times",
    )
    add(
        "--quality",
        choices=("fast", "best"),
        default="best",
        help="fast: one network reads all faces; best: each face is read closely (default)",
    )
    add("--start", type=int, metavar="FRAME", help="first frame of the footage to capture, counted from 0")
    add("--end", type=int, metavar="FRAME", help="frame of the footage to stop before")
    add("--take", type=Path, metavar="FILE.json", help="write the take here")
    add("--csv", type=Path, metavar="DIR", help="write a Live Link Face table for each performer here")
    add(
        "--preview",
        type=Path,
        metavar="FILE",
        help="write footage beside the characters: a movie (.mp4) or a sheet of pictures (.png)",
    )
    add("--weights", type=Path, metavar="DIR", help="use the networks in this folder instead of FaceRT's own")
    add("--out", type=Path, metavar="FILE.blend", help="write the animated characters here")
    options = parser.parse_args(list(spread(arguments)))
    problem = nonsense(options)
    if problem:
        command.error(problem)
    return options


def spread(arguments: Sequence[str]) -> Iterator[str]:
    """`arguments` with an --assign before each of several assignments: "--assign 1=Fern 2=Slate".

    Told that several may follow, argparse would take the footage behind them for one more.
    """
    assigning = False
    for argument in arguments:
        follows = bool(re.match(r"\s*(performer)?\s*\d+\s*=", argument, re.IGNORECASE))
        if assigning and follows:
            yield "--assign"
        yield argument
        assigning = follows


def assignment(text: str) -> tuple[int, str]:
    """Read PERFORMER=CHARACTER: "2=Fern" and "Performer 2=Fern" are (2, "Fern")."""
    performer, _, character = text.partition("=")
    number = performer.strip().casefold().removeprefix("performer").strip()
    if not character.strip() or not number.isdecimal() or int(number) < 1:
        raise argparse.ArgumentTypeError(f"write {text!r} as PERFORMER=CHARACTER, such as 1=Fern")
    return int(number), character.strip()


def nonsense(options: argparse.Namespace) -> str:
    """Why these options make no sense together, "" when they do."""
    moving = options.out or options.preview
    camera = options.footage.isdecimal()
    played = [character for _, character in options.assign]
    files = [path for path in (options.take, options.preview, options.out) if path]
    if (options.cast or options.assign) and not moving:
        return "--cast and --assign move characters: say with --out or --preview where to write them"
    if len(set(played)) < len(played):
        return "--assign gives one character to two performers: give each character to one"
    if camera and options.end is None:
        return "a camera does not end by itself: say with --end how many frames to capture"
    if camera and options.preview:
        return "--preview shows the footage again, which a camera cannot: leave it out"
    if options.preview and options.preview.suffix.lower() not in (".mp4", ".png"):
        return "--preview is a movie or a picture: end its name in .mp4 or .png"
    if options.out and options.out.suffix.lower() != ".blend":
        return "--out is a Blender file: end its name in .blend"
    if not camera and any(path.resolve() == Path(options.footage).resolve() for path in files):
        return "an output would replace the footage: choose another name for it"
    if options.cast and any(path.resolve() == options.cast.resolve() for path in files):
        return "an output would replace the cast: choose another name for it"
    if len({path.resolve() for path in files}) < len(files):
        return "two outputs have the same name: choose another for one of them"
    return ""


def run(options: argparse.Namespace) -> None:
    """Do what the options ask.

    What can be refused is refused before the capture begins, so that nobody waits for nothing.
    """
    tables = options.csv / "table.csv" if options.csv else None
    for path in filter(None, (options.take, tables, options.preview, options.out)):
        make_room(path)
    if options.out or options.preview:
        stage = blender_side()
        with stage.registered():
            stage.open_cast(options.cast, [name for _, name in options.assign])
            capture_and_write(options, stage)
    else:
        capture_and_write(options, None)


def capture_and_write(options: argparse.Namespace, stage: ModuleType | None) -> None:
    """Capture, write all that is asked, and sum up; without a `stage` no character moves."""
    take, speed = captured(options)
    summary = [
        f"performers found    {len(take.performers)}",
        f"frames              {take.frames}",
        f"frames per second   {speed:.1f}",
    ]
    if options.take:
        save_take(take, options.take)
    if options.csv:
        save_csvs(take, options.csv)
    if stage:
        summary += animate(stage, take, options)
    for path in filter(None, (options.take, options.csv, options.out, options.preview)):
        summary.append(f"written             {path}")
    print("\n".join(summary))


def captured(options: argparse.Namespace) -> tuple[Take, float]:
    """Capture, showing how far it is; the take and how many frames per second it took."""
    meter = Meter("capture", "frames")
    speed = 0.0

    def on_progress(progress: Progress) -> None:
        nonlocal speed
        speed = progress.fps
        meter.show(progress.done, progress.total, f"faces: {progress.faces}, {progress.fps:.0f} frames/s")

    take = capture(
        options.footage,
        quality=options.quality,
        start=options.start,
        end=options.end,
        weights=options.weights,
        on_progress=on_progress,
    )
    meter.finish()
    if take.notice:
        print(take.notice, file=sys.stderr)
    return take, speed


def animate(stage: ModuleType, take: Take, options: argparse.Namespace) -> list[str]:
    """Move the characters and write what shows them; returns lines for the summary."""
    reports: list[BakeReport] = stage.perform(take, options.assign, own_scene=options.cast is None)
    if options.out:
        stage.save(options.out)
    if options.preview:
        meter = Meter("preview", "pictures")
        stage.write_preview(take, options.preview, meter.show)
        meter.finish()
    lines = [
        f"keys written        {sum(report.keys for report in reports)}",
        f"channels unmatched  {sum(len(report.unmapped) for report in reports)}",
    ]
    for report in reports:
        lines.append(f"  {report.performer} plays {report.character}: {report.keys} keys")
        if report.unmapped:
            lines.append(f"    nothing there moves for {', '.join(report.unmapped)}")
        lines += [f"    {target} does not move: {reason}" for target, reason in report.skipped.items()]
    playing = {report.performer for report in reports}
    lines += [f"  {one.name} plays nobody" for one in take.performers if one.name not in playing]
    return lines


def make_room(path: Path) -> None:
    """Make the folder of `path`, and see that a file can be written there.

    Raises:
        OutputError: it cannot.
    """
    if path.is_dir():
        raise OutputError(f"{path} is a folder. Give the name of a file.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror}). Choose a folder that is writable."
        ) from error


def blender_side() -> ModuleType:
    """The part that needs Blender, imported only where it is wanted.

    Raises:
        FaceRTError: Blender is not there.
    """
    try:
        with uninterrupted():
            from . import stage
    except ModuleNotFoundError as error:
        if error.name != "bpy":
            raise
        raise FaceRTError(
            "Characters need Blender. Run this as `blender --command facert …`, or install Blender's Python "
            "module with `pip install bpy`."
        ) from error
    return stage


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait for the end of the block: Blender's module, half loaded, would swallow it or crash.

    Inside Blender, where the module is there already, nothing changes.
    """
    if "bpy" in sys.modules:
        yield
        return
    interrupts = []
    before = signal.signal(signal.SIGINT, lambda *_: interrupts.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupts:
        raise KeyboardInterrupt


class Meter:
    """A line on stderr that says how far something is: rewritten in place on a terminal, else every tenth."""

    def __init__(self, what: str, unit: str) -> None:
        """Nothing is shown before the first call of `show`."""
        self.what, self.unit = what, unit
        self.tenth = -1
        self.live = sys.stderr.isatty()

    def show(self, done: int, total: int | None, more: str = "") -> None:
        """Say that `done` of `total` (None: nobody knows) is done."""
        tenth = 10 * done // total if total else done // 100
        if not self.live and tenth == self.tenth:
            return
        self.tenth = tenth
        line = f"{self.what}  {done}{f' of {total}' if total else ''} {self.unit}  {more}"
        print(
            f"\r{line:<78}" if self.live else line, end="" if self.live else "\n", file=sys.stderr, flush=True
        )

    def finish(self) -> None:
        """Leave the line as it is and go to the next."""
        if self.live:
            print(file=sys.stderr)
