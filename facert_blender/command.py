"""The command line: from footage to takes, tables and animated characters without a window.

The same arguments serve `python -m facert_blender capture …` and `blender --command facert capture …`.
`bake` does with a take from a file what `capture` does with one from footage. Blender is needed only where a
character has to move; a take and its tables are written without it.
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
from typing import TYPE_CHECKING, Any

from .capture.errors import CancelledError, FaceRTError, OutputError, TakeError
from .capture.take import Take, load_take, save_take
from .capture.worker import Progress, capture
from .retarget.adjust import REGIONS
from .retarget.live_link import load_csvs, save_csvs

if TYPE_CHECKING:
    from .scene.bake import BakeReport

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
LAST = 2**31 - 1
"""The frame to stop before where none is given."""


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
    who_plays = "Without --cast the demo characters play; without --assign performers are cast in order of "
    who_plays += "screen time."
    command = commands.add_parser(
        "capture",
        help="capture the performers in footage and animate characters with them",
        description=f"Capture the performers in footage and animate characters with them. {who_plays}",
    )
    add = command.add_argument
    add(
        "footage",
        metavar="VIDEO",
        help="a movie, a folder or pattern of numbered pictures, or a camera's number",
    )
    add(
        "--quality",
        choices=("fast", "best"),
        default="best",
        help="fast: one network reads all faces; best: each face is read closely (default)",
    )
    add("--start", type=int, metavar="FRAME", help="first frame of the footage to capture, counted from 0")
    add("--end", type=int, metavar="FRAME", help="frame of the footage to stop before")
    add("--weights", type=Path, metavar="DIR", help="use the networks in this folder instead of FaceRT's own")
    add_acting(command)
    command = commands.add_parser(
        "bake",
        help="animate characters with a take from a file",
        description=f"Animate characters with a take that was captured before, or on phones. {who_plays}",
    )
    add = command.add_argument
    add(
        "files",
        metavar="FILE",
        type=Path,
        nargs="+",
        help="a take (.json), or tables of Live Link Face (.csv), several if phones filmed at once",
    )
    add("--start", type=int, metavar="FRAME", help="first frame of the footage to bake, counted from 0")
    add("--end", type=int, metavar="FRAME", help="frame of the footage to stop before")
    add_acting(command)
    options = parser.parse_args(list(spread(arguments)))
    problem = nonsense(options)
    if problem:
        commands.choices[options.command].error(problem)
    return options


def add_acting(command: argparse.ArgumentParser) -> None:
    """Add what both commands take: who plays whom, how it is baked, and what is written."""
    add = command.add_argument
    add("--cast", type=Path, metavar="FILE.blend", help="a file with characters of your own")
    add(
        "--assign",
        type=assignment,
        action="append",
        default=[],
        metavar="PERFORMER=CHARACTER",
        help="who plays whom, such as 1=Fern; several may follow, and it may be given many times",
    )
    bake = command.add_argument_group("bake", "What is not given stays as the cast's file has it.")
    bake.add_argument(
        "--start-frame", type=int, metavar="FRAME", help="scene frame at which the footage begins"
    )
    bake.add_argument(
        "--parts",
        type=parts,
        metavar="PART,…",
        help=f"parts of the performance to bake, of {', '.join(REGIONS)}",
    )
    bake.add_argument(
        "--to",
        choices=("new", "current", "nla"),
        help="new Actions, the frames in the characters' current Actions, or strips of the NLA",
    )
    bake.add_argument(
        "--tolerance",
        type=float,
        metavar="T",
        help="how far curves may stray where keys are left out; 0 keeps a key on every frame",
    )
    bake.add_argument("--no-sound", action="store_true", help="leave the footage's sound out")
    written = command.add_argument_group("what to write").add_argument
    written("--take", type=Path, metavar="FILE.json", help="write the take here")
    written("--csv", type=Path, metavar="DIR", help="write a Live Link Face table for each performer here")
    written(
        "--preview",
        type=Path,
        metavar="FILE",
        help="write footage beside the characters: a movie (.mp4) or a sheet of pictures (.png)",
    )
    written("--out", type=Path, metavar="FILE.blend", help="write the animated characters here")


def parts(text: str) -> list[str]:
    """Read parts of the performance: "brows,eyes" is ["brows", "eyes"]."""
    names = [name.strip().casefold() for name in text.split(",")]
    for name in names:
        if name not in REGIONS:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(REGIONS)}")
    return names


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
    played = [character for _, character in options.assign]
    read = options.files if options.command == "bake" else [Path(options.footage)]
    files = [path for path in (options.take, options.preview, options.out) if path]
    acting = options.cast or options.assign or options.start_frame is not None or bake_settings(options)
    if acting and not moving:
        return "characters are to move: say with --out or --preview where to write them"
    if len(set(played)) < len(played):
        return "--assign gives one character to two performers: give each character to one"
    problem = unreadable(options)
    if problem:
        return problem
    if options.preview and options.preview.suffix.lower() not in (".mp4", ".png"):
        return "--preview is a movie or a picture: end its name in .mp4 or .png"
    if options.out and options.out.suffix.lower() != ".blend":
        return "--out is a Blender file: end its name in .blend"
    if any(path.resolve() == source.resolve() for path in files for source in read):
        return "an output would replace what is read: choose another name for it"
    if options.cast and any(path.resolve() == options.cast.resolve() for path in files):
        return "an output would replace the cast: choose another name for it"
    if len({path.resolve() for path in files}) < len(files):
        return "two outputs have the same name: choose another for one of them"
    return ""


def unreadable(options: argparse.Namespace) -> str:
    """Why what is read makes no sense for these options, "" when it does."""
    if options.command == "capture":
        camera = options.footage.isdecimal()
        if camera and options.end is None:
            return "a camera does not end by itself: say with --end how many frames to capture"
        if camera and options.preview:
            return "--preview shows the footage again, which a camera cannot: leave it out"
        return ""
    kinds = {path.suffix.lower() for path in options.files}
    if kinds != {".csv"} and (kinds != {".json"} or len(options.files) > 1):
        return "give one take (.json), or one or more tables of Live Link Face (.csv)"
    if kinds == {".csv"} and options.preview:
        return "--preview shows where the faces are, which a phone's table does not tell: leave it out"
    if not (options.out or options.preview or options.take or options.csv):
        return "nothing is to be written: say with --out where"
    if options.end is not None and options.end <= (options.start or 0):
        return "the range ends before it begins: give a larger --end"
    return ""


def bake_settings(options: argparse.Namespace) -> dict[str, Any]:
    """What was said about the bake, by the names of the panel's settings."""
    settings = {
        "regions": set(options.parts) if options.parts else None,
        "destination": options.to.upper() if options.to else None,
        "tolerance": options.tolerance,
        "sound": False if options.no_sound else None,
    }
    if options.command == "bake" and (options.start is not None or options.end is not None):
        settings |= {"use_range": True, "start": options.start or 0, "end": options.end or LAST}
    return {name: value for name, value in settings.items() if value is not None}


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
            take_and_write(options, stage)
    else:
        take_and_write(options, None)


def take_and_write(options: argparse.Namespace, stage: ModuleType | None) -> None:
    """Capture or load, write all that is asked, and sum up; without a `stage` no character moves."""
    speed = 0.0
    if options.command == "capture":
        take, speed = captured(options)
    else:
        take = loaded(options.files)
    summary = [f"performers found    {len(take.performers)}", f"frames              {take.frames}"]
    if speed:
        summary.append(f"frames per second   {speed:.1f}")
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


def loaded(files: Sequence[Path]) -> Take:
    """The take in `files`, which are one take or tables of Live Link Face.

    Raises:
        TakeError: they cannot be read.
    """
    return load_take(files[0]) if files[0].suffix.lower() == ".json" else load_csvs(files)


def animate(stage: ModuleType, take: Take, options: argparse.Namespace) -> list[str]:
    """Move the characters and write what shows them; returns lines for the summary."""
    if options.preview and not all(take.size):
        raise TakeError(f"There are no pictures of {take.name}. Leave --preview out.")
    reports: list[BakeReport] = stage.perform(
        take,
        options.assign,
        own_scene=options.cast is None,
        start_frame=options.start_frame,
        bake=bake_settings(options),
    )
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
    silence = stage.silence()
    lines += [f"  there is no sound: {silence}"] if silence else []
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
