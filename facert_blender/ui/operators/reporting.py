"""How buttons speak: what they report, and why they are grey."""

from collections.abc import Callable
from typing import ClassVar

import bpy

from ...capture.errors import CancelledError, FaceRTError


def reported(operator: bpy.types.Operator, work: Callable[[], str]) -> set[str]:
    """Do `work` and report the sentence it returns, or why it could not be done."""
    try:
        sentence = work()
    except FaceRTError as error:
        return refused(operator, error)
    operator.report({"INFO"}, sentence)
    return {"FINISHED"}


def refused(operator: bpy.types.Operator, error: FaceRTError) -> set[str]:
    """Report `error`, without alarm where the person stopped the work."""
    operator.report({"INFO" if isinstance(error, CancelledError) else "ERROR"}, str(error))
    return {"CANCELLED"}


def counted(number: int, thing: str) -> str:
    """`number` of `thing`, in words for people: "1 key", "6,240 keys"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


class Explained:
    """A button that says why it is grey: `refusal` is a sentence, or "" when it may be pressed."""

    poll_message_set: ClassVar[Callable[[str], None]]

    @classmethod
    def poll(cls, context):
        """Grey the button and say why."""
        sentence = cls.refusal(context)
        if sentence:
            cls.poll_message_set(sentence)
        return not sentence

    @staticmethod
    def refusal(context: bpy.types.Context, /) -> str:
        """Why the button is grey."""
        raise NotImplementedError


def without_take(context: bpy.types.Context) -> str:
    """Why nothing can be done with a take."""
    return "" if context.scene.facert.take else "There is no take yet. Capture footage first"


def without_character(context: bpy.types.Context) -> str:
    """Why nothing can be done with the chosen character."""
    return "" if context.scene.facert.active_character else "Add a character under Cast first"
