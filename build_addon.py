"""Build the add-on: one zip for each platform, with the networks' weights and the wheels inside, in dist/.

    python build_addon.py [--platform linux-x64 …] [--out DIR]
    python build_addon.py dev FOLDER      link the checkout into a Blender, FOLDER being its user folder,
                                          such as ~/.config/blender/4.5

Blender's own builder and validator, from the `bpy` package, make and check the zips.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent
PACKAGE = ROOT / "facert_blender"
MANIFEST = ROOT / "blender_manifest.toml"
WEIGHTS = ROOT / "models" / "weights"
WEIGHT_FILES = ("single.onnx", "multi.onnx", "face_shape.npz")
WHEEL_HASHES = ROOT / "requirements" / "wheels.sha256"
CACHE = ROOT / "build" / "wheels"

SYSTEMS = {"linux": "linux-x64", "win": "windows-x64", "darwin": "macos-arm64"}
WHEEL_SYSTEMS = {"manylinux": "linux-x64", "win": "windows-x64", "macosx": "macos-arm64"}
"""Blender's names of platforms, by what `sys.platform` and a wheel's platform tag begin with."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Build what the command line asks for.

    Raises:
        SystemExit: something is missing or not valid; the message says what.
    """
    parser = argparse.ArgumentParser(description="Build the add-on's zips.")
    parser.add_argument(
        "--platform", action="append", choices=platforms(), help="only this one; may be repeated"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where the zips go (default: dist)")
    commands = parser.add_subparsers(dest="command")
    dev = commands.add_parser("dev", help="link the checkout into a Blender")
    dev.add_argument("folder", type=Path, help="Blender's user folder, such as ~/.config/blender/4.5")
    options = parser.parse_args(arguments)
    if options.command == "dev":
        print(f"Linked into {link(options.folder)}. Enable FaceRT in Blender's preferences.")
        return
    for path in build(options.out, options.platform or platforms()):
        print(f"{path}  {path.stat().st_size / 1e6:.1f} MB")


def manifest() -> dict:
    """What blender_manifest.toml says."""
    return tomllib.loads(MANIFEST.read_text(encoding="utf-8"))


def platforms() -> list[str]:
    """Blender's names of the platforms that the add-on is built for."""
    return manifest()["platforms"]


@dataclass(frozen=True)
class Wheel:
    """A wheel that ships with the add-on: its file name, and the SHA-256 it must have."""

    name: str
    sha256: str

    @property
    def platform(self) -> str:
        """Blender's name of the platform it runs on."""
        tag = self.name.removesuffix(".whl").split("-")[-1]
        return next(platform for prefix, platform in WHEEL_SYSTEMS.items() if tag.startswith(prefix))

    def fetch(self) -> Path:
        """Its path in the cache, downloaded from the package index if it is not there yet.

        Raises:
            SystemExit: it cannot be had, or is not the file it should be.
        """
        path = CACHE / self.name
        if not path.is_file():
            CACHE.mkdir(parents=True, exist_ok=True)
            project, version, python, _, tags = self.name.removesuffix(".whl").split("-")
            python_version = "3.11" if python == "cp37" else f"{python[2]}.{python[3:]}"
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
            command += ["--no-deps", "--only-binary", ":all:", "--python-version", python_version]
            command += [argument for tag in tags.split(".") for argument in ("--platform", tag)]
            command += ["--dest", str(CACHE), f"{project}=={version}"]
            if subprocess.run(command).returncode or not path.is_file():
                raise SystemExit(
                    f"The package index did not give {self.name}. Check the connection and try again."
                )
        if hashlib.sha256(path.read_bytes()).hexdigest() != self.sha256:
            path.unlink()
            raise SystemExit(
                f"{self.name} is not the file that {WHEEL_HASHES.name} names; it was deleted. Try again."
            )
        return path


def wheels() -> list[Wheel]:
    """Every wheel that ships, for all platforms."""
    lines = WHEEL_HASHES.read_text().split("\n")
    return [Wheel(name, sha256) for sha256, name in (line.split() for line in lines if line)]


def build(out: Path, chosen: Sequence[str], weights: Path = WEIGHTS) -> list[Path]:
    """Build and validate a zip for each of the `chosen` platforms; returns their paths in `out`.

    Raises:
        SystemExit: weights or wheels are missing, or Blender's validator objects.
    """
    builder = blender_builder()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        staged, built = Path(temporary) / "facert_blender", Path(temporary) / "zips"
        stage(staged, chosen, weights)
        built.mkdir()
        _blender(builder, "validate", str(staged))
        _blender(
            builder, "build", "--split-platforms", "--source-dir", str(staged), "--output-dir", str(built)
        )
        zips = []
        for path in sorted(built.glob("*.zip")):
            _blender(builder, "validate", str(path))
            zips.append(Path(shutil.move(path, out / path.name)))
    return zips


def stage(folder: Path, chosen: Sequence[str], weights: Path = WEIGHTS) -> None:
    """Lay out in `folder` what one zip per chosen platform is made of.

    Raises:
        SystemExit: weights or wheels are missing.
    """
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__", "*.blend1"))
    shutil.copy(ROOT / "LICENSE", folder)
    (folder / "weights").mkdir()
    for name in WEIGHT_FILES:
        if not (weights / name).is_file():
            raise SystemExit(f"{weights / name} is missing. Train the networks first: see models/README.md.")
        shutil.copy(weights / name, folder / "weights")
    (folder / "wheels").mkdir()
    for wheel in wheels():
        if wheel.platform in chosen:
            shutil.copy(wheel.fetch(), folder / "wheels")
    (folder / MANIFEST.name).write_text(manifest_for(chosen), encoding="utf-8")


def manifest_for(chosen: Sequence[str]) -> str:
    """The text of the manifest with only the chosen platforms and their wheels."""
    text = MANIFEST.read_text(encoding="utf-8")
    for wheel in wheels():
        if wheel.platform not in chosen:
            text = text.replace(f'  "./wheels/{wheel.name}",\n', "")
    return re.sub(r"^platforms = .*$", f"platforms = {list(chosen)}", text, flags=re.MULTILINE)


def link(user_folder: Path) -> Path:
    """Link the checkout into the Blender whose user folder is given; returns the extension's folder there.

    Raises:
        SystemExit: something else is installed there already, or a wheel is missing.
    """
    folder = user_folder.expanduser() / "extensions" / "user_default" / manifest()["id"]
    if folder.exists() and not (folder / "__init__.py").is_symlink():
        raise SystemExit(f"{folder} is an installed copy. Uninstall FaceRT in that Blender first.")
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "wheels").mkdir(parents=True)
    platform = next(name for prefix, name in SYSTEMS.items() if sys.platform.startswith(prefix))
    for path in (*PACKAGE.iterdir(), WEIGHTS):
        if path.name != "__pycache__":
            (folder / path.name).symlink_to(path)
    for wheel in wheels():
        if wheel.platform == platform:
            (folder / "wheels" / wheel.name).symlink_to(wheel.fetch())
    (folder / MANIFEST.name).write_text(manifest_for([platform]), encoding="utf-8")
    return folder


def blender_builder() -> Path:
    """The path of Blender's command-line builder inside the `bpy` package.

    Raises:
        SystemExit: `bpy` is not installed.
    """
    spec = importlib.util.find_spec("bpy")
    if spec is None or spec.origin is None:
        raise SystemExit("The bpy package is not installed. Run `make addon` instead.")
    return next(Path(spec.origin).parent.glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py"))


def _blender(builder: Path, *arguments: str) -> None:
    result = subprocess.run([sys.executable, str(builder), *arguments], capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"Blender's {arguments[0]} objects:\n{result.stdout}{result.stderr}")


if __name__ == "__main__":
    main()
