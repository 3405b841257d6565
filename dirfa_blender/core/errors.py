"""Every error a user can meet.

::

    DirfaError
    ├── AudioError          the recording cannot be used
    ├── PhotoError          the picture cannot be used
    ├── FormatError         a file is not what its name or header says
    │   └── ManifestError       rows of a manifest are wrong, nothing was started
    ├── ProfileError        a mapping profile is wrong
    ├── RigError            the target in the scene cannot be driven
    ├── SettingsError       a setting is outside what it may be
    ├── OutputError         a result cannot be written
    ├── RenderError         Blender cannot render what was asked
    └── ServerError         the inference server
        ├── Unreachable         nobody answers
        ├── ProtocolMismatch    it speaks another version
        ├── JobFailed           it says why
        └── JobCancelled        somebody asked for it

A message is one sentence with what was expected, what was found, where, and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping


class DirfaError(Exception):
    """Base of every error this project raises on purpose; its text is fit to be shown."""


class AudioError(DirfaError):
    """The recording cannot be read or holds nothing to animate."""


class PhotoError(DirfaError):
    """The photo cannot be read or holds no face to fit."""


class FormatError(DirfaError):
    """A file's content differs from its format."""


class ManifestError(FormatError):
    """A manifest has mistakes that another try cannot mend; command lines answer it with exit code 2.

    Parameters
    ----------
    problems : file, place, column and sentence of each mistake, where they are known by row
    """

    def __init__(self, message: str, problems: tuple[Mapping[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class ProfileError(DirfaError):
    """A mapping profile is malformed."""


class RigError(DirfaError):
    """The target in the scene lacks what the animation needs."""


class SettingsError(DirfaError):
    """A setting is outside its range; command lines answer it with exit code 2."""


class OutputError(DirfaError):
    """A result cannot be written where it was asked for."""


class RenderError(DirfaError):
    """Blender cannot render with what this machine offers."""


class ServerError(DirfaError):
    """The inference server."""


class Unreachable(ServerError):
    """Nobody answers at the server's address."""


class ProtocolMismatch(ServerError):
    """The server speaks another protocol version."""


class JobFailed(ServerError):
    """The server tried and says why it could not."""


class JobCancelled(ServerError):
    """The job was cancelled before it ended."""
