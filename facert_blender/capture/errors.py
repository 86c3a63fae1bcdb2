"""What can go wrong, told to people.

    FaceRTError                 every message is a sentence that says what to do
    ├── FootageError            footage that cannot be opened or read
    │   └── CameraError         a camera that does not exist or does not answer
    ├── WeightsError            network weights that are missing, damaged or of another contract
    ├── NoFaceError             footage in which nobody was found
    ├── TakeError               a take that cannot be read or written
    │   └── RepairError         a repair that does not fit its take
    ├── MappingError            a mapping that cannot be read, or does not fit its character
    ├── CharacterError          a character that cannot be animated
    ├── OutputError             a file that cannot be written
    └── CancelledError          the person stopped it; nothing is wrong

Operators and the command line report these; anything else is a defect and keeps its traceback.
"""


class FaceRTError(Exception):
    """A problem whose message is a sentence telling a person what to do."""


class FootageError(FaceRTError):
    """Footage that cannot be opened or read."""


class CameraError(FootageError):
    """A camera that does not exist or does not answer."""


class WeightsError(FaceRTError):
    """Network weights that are missing, damaged or of another contract."""


class NoFaceError(FaceRTError):
    """Footage in which nobody was found."""


class TakeError(FaceRTError):
    """A take that cannot be read or written."""


class RepairError(TakeError):
    """A repair that does not fit its take."""


class MappingError(FaceRTError):
    """A mapping that cannot be read, or does not fit its character."""


class CharacterError(FaceRTError):
    """A character that cannot be animated."""


class OutputError(FaceRTError):
    """A file that cannot be written."""


class CancelledError(FaceRTError):
    """The person stopped the work; nothing is wrong."""
