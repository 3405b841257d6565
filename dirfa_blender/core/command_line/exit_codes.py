"""How a command ends: its exit code, and one sentence where it could not do what was asked. No bpy.

A farm reads the code: after `FAILED` another try may help, since a disk was full or a recording not there
yet; after `USAGE_ERROR` somebody has to correct the command or the manifest, and nothing was started.
"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import DirfaError, ManifestError, SettingsError
from .progress import Display

FAILED, USAGE_ERROR, INTERRUPTED = 1, 2, 130


def exit_code(run: Callable[[], int], display: Display, interrupted: str) -> int:
    """What `run` answers, or the code of the error that ended it, after saying its sentence.

    Parameters
    ----------
    interrupted : what to say after Ctrl-C
    """
    try:
        return run()
    except ManifestError as error:
        display.problems(error.problems)
        display.error(str(error))
        return USAGE_ERROR
    except SettingsError as error:
        display.error(str(error))
        return USAGE_ERROR
    except DirfaError as error:
        display.error(str(error))
        return FAILED
    except KeyboardInterrupt:
        display.error(interrupted)
        return INTERRUPTED
