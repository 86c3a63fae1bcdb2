"""What the three demo characters are made of."""

from __future__ import annotations

from dataclasses import dataclass

from naming import Scheme, camel_case, character_creator, left_right

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Brows:
    """Eyebrows, in decimetres: width in the middle, how far above the eye, how much the middle is arched."""

    width: float
    height: float
    arch: float


@dataclass(frozen=True)
class Hair:
    """A cap of hair, in decimetres: thickness, height of the bumps in it, radius of a bun (0: none)."""

    thickness: float
    bumps: float = 0.0
    bun: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """One character.

    targets: MakeHuman's "folder/name" → amount. scheme: how its shape keys are named.
    bones: names of its neck, head and jaw bones. colours: linear RGB by the name of the material.
    """

    name: str
    targets: dict[str, float]
    scheme: Scheme
    bones: tuple[str, str, str]
    brows: Brows
    hair: Hair
    colours: dict[str, Colour]


COMMON: dict[str, Colour] = {
    "Eye White": (0.84, 0.82, 0.79),
    "Limbus": (0.03, 0.025, 0.02),
    "Pupil": (0.008, 0.008, 0.01),
    "Teeth": (0.83, 0.79, 0.70),
    "Tongue": (0.34, 0.09, 0.09),
    "Mouth": (0.07, 0.014, 0.014),
    "Lashes": (0.02, 0.013, 0.01),
}

RECIPES = (
    Recipe(
        name="Fern",
        targets={
            "macrodetails/caucasian-female-young": 0.8,
            "macrodetails/asian-female-young": 0.2,
            "macrodetails/universal-female-young-averagemuscle-averageweight": 1.0,
            "head/head-oval": 0.5,
            "eyes/l-eye-scale-incr": 0.5,
            "eyes/r-eye-scale-incr": 0.5,
        },
        scheme=camel_case,
        bones=("neck", "head", "jaw"),
        brows=Brows(width=0.075, height=0.23, arch=0.05),
        hair=Hair(thickness=0.14, bun=0.42),
        colours=COMMON
        | {
            "Skin": (0.71, 0.42, 0.32),
            "Lips": (0.52, 0.14, 0.14),
            "Iris": (0.05, 0.17, 0.09),
            "Hair": (0.19, 0.05, 0.018),
        },
    ),
    Recipe(
        name="Slate",
        targets={
            "macrodetails/caucasian-male-young": 0.6,
            "macrodetails/caucasian-male-old": 0.4,
            "macrodetails/universal-male-young-averagemuscle-averageweight": 1.0,
            "head/head-square": 0.5,
            "chin/chin-width-incr": 0.5,
            "nose/nose-hump-incr": 0.4,
        },
        scheme=character_creator,
        bones=("CC_Base_NeckTwist01", "CC_Base_Head", "CC_Base_JawRoot"),
        brows=Brows(width=0.115, height=0.2, arch=0.02),
        hair=Hair(thickness=0.09),
        colours=COMMON
        | {
            "Skin": (0.60, 0.32, 0.22),
            "Lips": (0.40, 0.135, 0.11),
            "Iris": (0.05, 0.12, 0.26),
            "Hair": (0.11, 0.105, 0.10),
        },
    ),
    Recipe(
        name="Coral",
        targets={
            "macrodetails/african-female-young": 1.0,
            "macrodetails/universal-female-young-averagemuscle-averageweight": 1.0,
            "head/head-round": 0.4,
        },
        scheme=left_right,
        bones=("neck", "head", "jaw"),
        brows=Brows(width=0.085, height=0.22, arch=0.06),
        hair=Hair(thickness=0.45, bumps=0.1),
        colours=COMMON
        | {
            "Skin": (0.20, 0.085, 0.045),
            "Lips": (0.24, 0.045, 0.05),
            "Iris": (0.09, 0.035, 0.012),
            "Hair": (0.018, 0.012, 0.01),
        },
    ),
)
