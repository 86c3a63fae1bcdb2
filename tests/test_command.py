"""The command line: what it writes, what it says, how it ends, and what it leaves alone."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
import pytest

from facert_blender import stage
from facert_blender.command import FAILED, INTERRUPTED, OK, USAGE, assignment, main, parse, uninterrupted
from facert_blender.scene.actions import read_curves
from tests.capture.conftest import GREEN, RED, damage, paint, save_movie

ROOT = Path(__file__).parents[1]
Run = Callable[..., int]


@pytest.fixture
def run(weights: Path) -> Run:
    """Runs `capture` in this process with networks that see coloured squares."""

    def run(*arguments: object) -> int:
        return main(["capture", *map(str, arguments), "--weights", str(weights)], prog="facert")

    return run


@pytest.fixture
def duet(tmp_path: Path) -> Path:
    """Footage of a red person, and of a green one who is there for longer."""
    pictures = [
        paint((160, 120), [(GREEN, (110, 60), 36), *([(RED, (40 + index, 60), 40)] if index < 15 else [])])
        for index in range(20)
    ]
    return save_movie(tmp_path / "zwei Leute ü.mp4", pictures)


@pytest.fixture
def cast(tmp_path: Path) -> Path:
    """A file with two characters, Ana and Bo, that FaceRT has not seen before, and a rock."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    for name, keys in (
        ("Ana", ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight")),
        ("Bo", ("Jaw_Open",)),
        ("Rock", ()),
    ):
        mesh = bpy.data.meshes.new(name)
        mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 0, 1)], [], [(0, 1, 2)])
        thing = bpy.data.objects.new(name, mesh)
        bpy.context.scene.collection.objects.link(thing)
        for key in ("Basis", *keys) if keys else ():
            thing.shape_key_add(name=key).value = 0.0
    path = tmp_path / "my cast.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


def baked_actions(footage: Path, character: str) -> list[bpy.types.Action]:
    """The Actions of a bake: one where Actions have slots, before Blender 4.4 one for each datablock."""
    title = f"{footage.name} · {character}"
    return [action for action in bpy.data.actions if action.name.startswith(title)]


@pytest.mark.parametrize("text", ["2=Fern", "Performer 2=Fern", " performer2 = Fern "])
def test_assignment_is_read(text: str) -> None:
    assert assignment(text) == (2, "Fern")


def test_several_assignments_may_follow_one_word() -> None:
    for arguments in (
        ["a=b.mp4", "--assign", "1=Fern", "performer 2=Slate", "--out", "c.blend"],
        ["--assign", "1=Fern", "--assign", "2=Slate", "a=b.mp4", "--out", "c.blend"],
        ["--out", "c.blend", "--assign", "1=Fern", "2=Slate", "a=b.mp4"],
    ):
        options = parse(["capture", *arguments], prog="facert")
        assert options.footage == "a=b.mp4"
        assert options.assign == [(1, "Fern"), (2, "Slate")]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "VIDEO"),
        (["a.mp4", "--quality", "good"], "invalid choice"),
        (["a.mp4", "--assign", "Fern"], "such as 1=Fern"),
        (["a.mp4", "--assign", "0=Fern", "--out", "a.blend"], "such as 1=Fern"),
        (["a.mp4", "--assign", "1=Fern"], "--out or --preview"),
        (["a.mp4", "--cast", "a.blend"], "--out or --preview"),
        (["a.mp4", "--assign", "1=Fern", "--assign", "2=Fern", "--out", "a.blend"], "two performers"),
        (["0"], "--end"),
        (["0", "--end", "9", "--preview", "a.mp4"], "cannot"),
        (["a.mp4", "--preview", "b.gif"], ".png"),
        (["a.mp4", "--out", "b.fbx"], ".blend"),
        (["a.mp4", "--preview", "./a.mp4"], "replace what is read"),
        (["a.mp4", "--cast", "b.blend", "--out", "./b.blend"], "replace the cast"),
        (["a.mp4", "--take", "b.png", "--preview", "b.png"], "same name"),
    ],
)
def test_a_command_line_that_makes_no_sense(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["capture", *arguments], prog="facert") == USAGE
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "FILE"),
        (["a.mp4", "--out", "b.blend"], "one take"),
        (["a.json", "b.json", "--out", "b.blend"], "one take"),
        (["a.json", "b.csv", "--out", "b.blend"], "one take"),
        (["a.json"], "nothing is to be written"),
        (["a.json", "--take", "./a.json"], "replace what is read"),
        (["a.csv", "--preview", "a.png"], "a phone's table does not tell"),
        (["a.json", "--csv", "tables", "--start", "5"], "--out or --preview"),
        (["a.json", "--out", "b.blend", "--start", "9", "--end", "9"], "ends before it begins"),
        (["a.json", "--out", "b.blend", "--parts", "brows,nose"], "'nose' is none of brows"),
        (["a.json", "--out", "b.blend", "--to", "tape"], "invalid choice"),
    ],
)
def test_a_bake_that_makes_no_sense(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bake", *arguments], prog="facert") == USAGE
    assert reason in capsys.readouterr().err


def test_a_stored_take_is_baked_as_asked(
    run: Run, duet: Path, cast: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take, out = tmp_path / "take.json", tmp_path / "out.blend"
    assert run(duet, "--take", take) == OK
    arguments = ["--assign", "2=Ana", "--start", "5", "--end", "10", "--start-frame", "101", "--no-sound"]
    arguments += ["--parts", "jaw", "--to", "nla", "--tolerance", "0", "--out", str(out)]
    assert main(["bake", str(take), "--cast", str(cast), *arguments], prog="facert") == OK
    # Of Ana's keys the jaw alone, in each of the frames.
    assert "Performer 2 plays Ana: 4 keys" in capsys.readouterr().out
    bpy.ops.wm.open_mainfile(filepath=str(out))
    [track] = bpy.data.objects["Ana"].data.shape_keys.animation_data.nla_tracks
    # Frames 5 to 9 at 25 a second, in a scene of 24.
    assert (track.strips[0].frame_start, track.strips[0].frame_end) == (106, 109)
    assert bpy.data.objects["Bo"].data.shape_keys.animation_data is None


def test_tables_of_phones_are_baked(
    run: Run, duet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables, out = tmp_path / "tables", tmp_path / "out.blend"
    assert run(duet, "--csv", tables) == OK
    paths = sorted(str(path) for path in tables.iterdir())
    assert main(["bake", *paths, "--out", str(out), "--take", str(tmp_path / "a.json")], prog="facert") == OK
    said = capsys.readouterr().out
    assert "Performer 1 plays" in said and "Performer 2 plays" in said
    assert "there is no sound: its footage is not" not in said
    assert len(json.loads((tmp_path / "a.json").read_text())["performers"]) == 2


def test_a_take_without_pictures_has_no_preview(
    run: Run, duet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables, take = tmp_path / "tables", tmp_path / "take.json"
    assert run(duet, "--csv", tables) == OK
    paths = [str(path) for path in tables.iterdir()]
    assert main(["bake", *paths, "--take", str(take)], prog="facert") == OK
    assert main(["bake", str(take), "--preview", str(tmp_path / "a.png")], prog="facert") == FAILED
    assert "no pictures" in capsys.readouterr().err


def test_take_and_tables_need_no_blender(duet: Path, weights: Path, tmp_path: Path) -> None:
    without = "import sys; sys.modules['bpy'] = None; from facert_blender.command import main"
    code = f"{without}; sys.exit(main(sys.argv[1:], 'facert'))"
    command = [sys.executable, "-c", code, "capture", duet, "--weights", weights]
    done = subprocess.run(
        [*command, "--take", tmp_path / "out" / "take.json", "--csv", tmp_path / "out" / "tables"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == OK, done.stderr
    assert re.search(r"performers found\s+2\nframes\s+20\nframes per second\s+\d", done.stdout)
    assert "20 of 20 frames" in done.stderr
    stored = json.loads((tmp_path / "out" / "take.json").read_text())
    assert sorted(len(performer["frames"]) for performer in stored["performers"]) == [15, 20]
    assert len(list((tmp_path / "out" / "tables").iterdir())) == 2

    done = subprocess.run([*command, "--out", tmp_path / "a.blend"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == FAILED
    assert "install Blender's Python module" in done.stderr


def test_demo_characters_play_in_order_of_screen_time(
    run: Run, duet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blend, sheet = tmp_path / "out ü.blend", tmp_path / "sheet.png"
    assert run(duet, "--tolerance", 0, "--out", blend, "--preview", sheet) == OK
    said = capsys.readouterr().out
    assert int(re.search(r"keys written\s+(\d+)", said)[1]) > 1000
    assert re.search(r"channels unmatched\s+0\n", said)
    assert said.index("keys written") < said.index(str(blend)) < said.index(str(sheet))
    assert "Saved" not in said
    assert sheet.read_bytes().startswith(b"\x89PNG")
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]

    bpy.ops.wm.open_mainfile(filepath=str(blend))
    scene = bpy.context.scene
    assert (scene.render.fps, scene.frame_start, scene.frame_end) == (25, 1, 20)
    take = next(collection for collection in bpy.data.collections if "fps" in collection)
    longest = max(take.objects, key=lambda empty: empty.animation_data.action.frame_range[1])
    assert baked_actions(duet, "Fern") and baked_actions(duet, "Slate")
    assert "Coral" not in bpy.data.collections
    assert f"Performer {longest['performer']} plays Fern" in said
    scene.frame_set(10)
    assert read_curves(longest)['["jawOpen"]', 0][1] == pytest.approx(np.full(20, 0.25), abs=0.02)
    # Of what is the same from first to last, part is taken for the face at rest: an open mouth not whole.
    shape_keys = bpy.data.objects["Fern Head"].data.shape_keys
    assert 0.05 < shape_keys.key_blocks["jawOpen"].value < 0.2
    assert len(read_curves(shape_keys)['key_blocks["jawOpen"].value', 0][0]) == 20


def test_a_movie_shows_every_frame(run: Run, square_movie: Callable[..., Path], tmp_path: Path) -> None:
    from facert_blender.capture.footage import open_footage

    movie = tmp_path / "preview.mp4"
    assert run(square_movie(frames=6), "--preview", movie) == OK
    with open_footage(movie) as footage:
        pictures = [frame.image for frame in footage]
    assert len(pictures) == 6
    assert pictures[0].shape == (120, 280, 3)


def test_characters_of_ones_own(run: Run, duet: Path, cast: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.blend"
    before = cast.read_bytes()
    assert run(duet, "--cast", cast, "--assign", "2=Ana", "--assign", "2=Bo", "--out", out) == OK
    assert cast.read_bytes() == before
    bpy.ops.wm.open_mainfile(filepath=str(out))
    assert baked_actions(duet, "Ana") and baked_actions(duet, "Bo")
    assert bpy.context.scene.render.fps == 24
    assert "Rock" in bpy.data.objects


def test_the_summary_says_what_does_not_move_and_why(
    run: Run, duet: Path, cast: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bpy.data.objects["Ana"].data.shape_keys.key_blocks["jawOpen"].driver_add("value")
    bpy.data.objects["Ana"].shape_key_add(name="EyeBlink_L").value = 0.0
    bpy.ops.wm.save_as_mainfile(filepath=str(cast))
    assert run(duet, "--cast", cast, "--assign", "1=Ana", "--out", tmp_path / "out.blend") == OK
    said = capsys.readouterr().out
    assert "jawOpen does not move: it has a driver" in said
    assert "eyeBlinkLeft does not move: it could be eyeBlinkLeft or EyeBlink_L" in said


def test_one_performer_more_than_characters(
    run: Run, duet: Path, cast: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bpy.data.objects.remove(bpy.data.objects["Bo"])
    bpy.ops.wm.save_as_mainfile(filepath=str(cast))
    out = tmp_path / "out.blend"
    assert run(duet, "--cast", cast, "--out", out) == OK
    assert re.search(r"Performer \d plays nobody", capsys.readouterr().out)
    bpy.ops.wm.open_mainfile(filepath=str(out))
    (action, *_) = baked_actions(duet, "Ana")
    assert action.frame_range[1] == pytest.approx(1 + 19 * 24 / 25, abs=1)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--cast", "{cast}", "--assign", "1=Eve"], "no character called Eve. Choose one of: Ana, Bo"),
        (["--cast", "{cast}", "--assign", "9=Ana"], "no performer 9"),
        (["--assign", "1=Eve"], "Choose one of: Fern, Slate, Coral"),
        (["--cast", "{tmp}/nowhere.blend"], "does not exist"),
        (["--cast", "{video}"], "cannot be opened"),
    ],
)
def test_a_cast_that_cannot_play(
    run: Run,
    duet: Path,
    cast: Path,
    tmp_path: Path,
    arguments: list[str],
    reason: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out.blend"
    out.write_text("here before")
    filled = [argument.format(cast=cast, tmp=tmp_path, video=duet) for argument in arguments]
    assert run(duet, *filled, "--out", out) == FAILED
    assert reason in capsys.readouterr().err
    assert out.read_text() == "here before"


def test_a_cast_without_shape_keys(
    run: Run, duet: Path, cast: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("Ana", "Bo"):
        bpy.data.objects.remove(bpy.data.objects[name])
    bpy.ops.wm.save_as_mainfile(filepath=str(cast))
    assert run(duet, "--cast", cast, "--out", tmp_path / "out.blend") == FAILED
    assert "holds no character" in capsys.readouterr().err


@pytest.mark.parametrize("alone", [False, True])
def test_a_character_whose_keys_are_not_free(
    run: Run, duet: Path, cast: Path, tmp_path: Path, alone: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    bpy.data.objects["Bo"].data.shape_keys.key_blocks["Jaw_Open"].driver_add("value")
    if alone:
        bpy.data.objects.remove(bpy.data.objects["Ana"])
    bpy.ops.wm.save_as_mainfile(filepath=str(cast))
    assigned = [] if alone else ["--assign", "1=Bo"]
    assert run(duet, "--cast", cast, *assigned, "--out", tmp_path / "out.blend") == FAILED
    assert "Bo cannot be moved: Jaw_Open: it has a driver" in capsys.readouterr().err


@pytest.mark.parametrize("assigned", [[], ["--assign", "1=Ana"]])
def test_a_saved_cast_whose_objects_are_gone_is_refused_at_once(
    run: Run, duet: Path, cast: Path, tmp_path: Path, assigned: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with stage.registered():
        bpy.ops.wm.open_mainfile(filepath=str(cast))
        stage.find_cast(bpy.context.scene)
        bpy.data.objects.remove(bpy.data.objects["Ana"])
        bpy.ops.wm.save_as_mainfile(filepath=str(cast))
    assert run(duet, "--cast", cast, *assigned, "--out", tmp_path / "out.blend") == FAILED
    said = capsys.readouterr().err
    assert "The objects of Ana are gone" in said and "frames/s" not in said
    assert run(duet, "--cast", cast, "--assign", "1=Bo", "--out", tmp_path / "out.blend") == OK


def broken(folder: Path, name: str) -> Path:
    """Footage that is not what it seems."""
    path = folder / name
    if name == "text.mp4":
        path.write_text("this is not a movie")
    elif name == "empty.mp4":
        path.touch()
    elif name == "cut.avi":
        save_movie(path, [paint((160, 120), [(RED, (80, 60), 40)])] * 20, codec="MJPG")
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif name == "nobody.mp4":
        save_movie(path, [paint((160, 120), [])] * 5)
    return path


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere.mp4", "does not exist"),
        ("text.mp4", r"text\.mp4"),
        ("empty.mp4", r"empty\.mp4"),
        ("cut.avi", "is cut off"),
        ("nobody.mp4", "No face was found"),
    ],
)
def test_footage_that_cannot_be_captured(
    run: Run, tmp_path: Path, name: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    take = tmp_path / "take.json"
    take.write_text("here before")
    assert run(broken(tmp_path, name), "--take", take) == FAILED
    *_, sentence = capsys.readouterr().err.strip().splitlines()
    assert re.search(reason, sentence)
    assert sentence.endswith(".")
    assert take.read_text() == "here before"


def test_footage_damaged_in_the_middle_is_captured_with_a_notice(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = np.random.default_rng(0).integers(0, 100, (40, 120, 160, 3), np.uint8)
    pictures[:, 40:80, 60:100] = RED
    movie = save_movie(tmp_path / "damaged.mp4", list(pictures))
    damage(movie)
    assert run(movie, "--take", tmp_path / "take.json") == OK
    said = capsys.readouterr()
    frames = re.search(r"frames\s+(\d+)\n", said.out)
    assert frames and f"damaged.mp4 is damaged: only {frames[1]} of its 40 frames can be read" in said.err


def test_a_camera_that_does_not_exist(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("63", "--end", "5") == FAILED
    assert "camera" in capsys.readouterr().err.casefold()


def test_missing_weights(duet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["capture", str(duet), "--weights", str(tmp_path)], prog="facert") == FAILED
    assert "Install the add-on again" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "name"),
    [("--take", "take.json"), ("--csv", "tables"), ("--out", "out.blend"), ("--preview", "sheet.png")],
)
def test_an_output_that_cannot_be_written_is_refused_at_once(
    run: Run, duet: Path, tmp_path: Path, option: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("here before")
    assert run(duet, option, tmp_path / "file" / name) == FAILED
    said = capsys.readouterr().err
    assert "cannot be written" in said and "frames/s" not in said
    assert (tmp_path / "file").read_text() == "here before"


def test_an_output_that_is_a_folder(
    run: Run, duet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(duet, "--take", tmp_path) == FAILED
    assert "is a folder" in capsys.readouterr().err


INTERRUPTED_RUN = """
import runpy, signal, sys

class Terminal:
    def __getattr__(self, name):
        return getattr(sys.__stderr__, name)

    def write(self, text):
        sys.__stderr__.write(text)
        if "frames" in text:
            signal.raise_signal(signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.stderr = Terminal()
runpy.run_module("facert_blender", run_name="__main__")
"""
"""FaceRT with Ctrl-C pressed as soon as it shows progress: from outside, it might have ended by then.

A shell that runs tests in the background has them ignore Ctrl-C; the program here must hear it.
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_an_interrupt_leaves_everything_as_it_was(tmp_path: Path, weights: Path) -> None:
    movie = save_movie(tmp_path / "clip.mp4", [paint((64, 64), [(RED, (32, 32), 24)])] * 20)
    take = tmp_path / "take.json"
    take.write_text("here before")
    command = [sys.executable, "-c", INTERRUPTED_RUN, "capture", movie, "--take", take, "--weights", weights]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == INTERRUPTED
    assert "frames" in done.stderr
    assert "Cancelled" in done.stderr and "Traceback" not in done.stderr
    assert take.read_text() == "here before"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["clip.mp4", "take.json"]


def test_an_interrupt_waits_while_blender_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "bpy")
    loaded = False
    with pytest.raises(KeyboardInterrupt), uninterrupted():
        signal.raise_signal(signal.SIGINT)
        loaded = True
    assert loaded
