"""The zip that people install, built and used as they would."""

import os
import subprocess
import sys
import tomllib
import zipfile

import pytest

import build_addon

ROOT = build_addon.ROOT
LINUX = "linux-x64"
CLIP = ROOT.parent / "shared" / "data" / "clips" / "single_face.mp4"
needs_weights = pytest.mark.skipif(
    not all((build_addon.WEIGHTS / name).is_file() for name in build_addon.WEIGHT_FILES),
    reason="models/weights lacks a network",
)
needs_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="installs the Linux zip")


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """The zip for Linux."""
    (path,) = build_addon.build(tmp_path_factory.mktemp("dist"), [LINUX])
    return path


def test_manifest_names_the_wheels_whose_hashes_are_pinned():
    listed = [path.removeprefix("./wheels/") for path in build_addon.manifest()["wheels"]]
    assert listed == [wheel.name for wheel in build_addon.wheels()]


def test_every_platform_has_wheels_for_both_pythons():
    for platform in build_addon.platforms():
        names = [wheel.name for wheel in build_addon.wheels() if wheel.platform == platform]
        assert sum("cp311-cp311" in name for name in names) == 1
        assert sum("cp313-cp313" in name for name in names) == 1
        assert sum("abi3" in name for name in names) == 1


def test_manifest_for_one_platform_keeps_only_its_wheels():
    manifest = tomllib.loads(build_addon.manifest_for([LINUX]))
    assert manifest["platforms"] == [LINUX]
    assert len(manifest["wheels"]) == 3
    assert all("manylinux" in name for name in manifest["wheels"])


def test_permissions_are_short_enough_for_blender():
    permissions = build_addon.manifest()["permissions"]
    assert set(permissions) == {"files", "camera"}
    assert all(len(reason) <= 64 for reason in permissions.values())


def test_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert build_addon.manifest()["version"] == project["version"]


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(SystemExit, match=r"single\.onnx is missing"):
        build_addon.stage(tmp_path / "staged", [LINUX], weights=tmp_path)


def test_damaged_wheel_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(build_addon, "CACHE", tmp_path)
    wheel = build_addon.wheels()[0]
    (tmp_path / wheel.name).write_bytes(b"not a wheel")
    with pytest.raises(SystemExit, match="is not the file"):
        wheel.fetch()
    assert not (tmp_path / wheel.name).exists()


@needs_weights
def test_zip_holds_the_add_on_and_nothing_else(archive):
    names = zipfile.ZipFile(archive).namelist()
    assert {"__init__.py", "blender_manifest.toml", "LICENSE", "assets/demo_characters.blend"} <= set(names)
    assert {f"weights/{name}" for name in build_addon.WEIGHT_FILES} <= set(names)
    assert not [name for name in names if "__pycache__" in name or name.startswith(("tests", "models"))]


INSTALL = """
import sys
import bpy

bpy.ops.preferences.extension_repo_add(type="LOCAL", name="Test")
repo = next(repo for repo in bpy.context.preferences.extensions.repos if repo.name == "Test")
bpy.ops.extensions.package_install_files(filepath=sys.argv[1], repo=repo.module, enable_on_install=True)
name = f"bl_ext.{repo.module}.facert_blender"
assert name in bpy.context.preferences.addons.keys(), bpy.context.preferences.addons.keys()
assert hasattr(bpy.ops.facert, "capture")
"""

CAPTURE_AND_BAKE = """
import importlib
command = importlib.import_module(name + ".command")
network = importlib.import_module(name + ".capture.network")
assert "extensions" in str(network.weights_folder()), network.weights_folder()
assert command.main(
    ["capture", sys.argv[2], "--end", "24", "--out", sys.argv[3]], prog="blender --command facert"
) == 0
bpy.ops.wm.open_mainfile(filepath=sys.argv[3])
action = bpy.data.meshes["Fern Head"].shape_keys.animation_data.action
assert action.frame_range[1] - action.frame_range[0] > 15, action.frame_range
"""

LEAVE = """
import os
sys.stdout.flush()
os._exit(0)  # Blender 4.2's module crashes when Python ends by itself
"""


def in_blender(script, tmp_path, *arguments):
    """Run `script` in a fresh Blender module with a home of its own."""
    environment = os.environ | {"BLENDER_USER_RESOURCES": str(tmp_path / "home")}
    command = [sys.executable, "-c", script + LEAVE, *map(str, arguments)]
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)


@needs_linux
@needs_weights
def test_installs_in_blender(archive, tmp_path):
    result = in_blender(INSTALL, tmp_path, archive)
    assert result.returncode == 0, result.stdout + result.stderr


@needs_linux
@needs_weights
@pytest.mark.skipif(not CLIP.is_file(), reason=f"needs {CLIP}")
def test_captures_and_bakes_as_installed(archive, tmp_path):
    out = tmp_path / "out.blend"
    result = in_blender(INSTALL + CAPTURE_AND_BAKE, tmp_path, archive, CLIP, out)
    assert result.returncode == 0, result.stdout + result.stderr
    assert out.is_file()
