"""One line made: the same function in this process, in a worker beside it, and on another machine.

An order carries the recording as a path or as bytes, so that a machine that shares no disk can fill it;
what comes back are the files' bytes or, where the worker may write, their hashes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dirfa_blender.core.errors import DirfaError
from dirfa_blender.core.formats.exchange import encoded_for
from dirfa_blender.core.npz_io import animation_bytes, animation_from_bytes, write_whole
from dirfa_blender.core.protocol import AnimateSettings, from_fields
from server.audio import read_speech

from .store import TakeStore

if TYPE_CHECKING:
    # Loading it takes seconds, which a batch with nothing left to do should not.
    from server.engine import Engine


@dataclass(frozen=True)
class Order:
    """A line as its maker gets it; plain values, so it travels as JSON.

    Parameters
    ----------
    number : place in the batch
    audio : path of the recording; what messages call it where `data` is given
    settings : fields of `AnimateSettings`
    outputs : absolute paths to write, or names where `data` is given
    source : entries added to the take's source
    key : name in the take store
    """

    number: int
    audio: str
    settings: Mapping[str, Any]
    outputs: tuple[str, ...]
    source: Mapping[str, str]
    key: str
    data: bytes | None = None

    def to_fields(self) -> dict[str, Any]:
        """The order without its data, for JSON."""
        found = asdict(self)
        del found["data"]
        return found


@dataclass(frozen=True)
class Made:
    """How an order went.

    Parameters
    ----------
    error : why there is no output; empty if there is
    hashes : output of the order -> sha256
    files : output of the order -> bytes, where the maker could not write it itself
    is_fresh : False where the take was known already
    """

    number: int
    error: str = ""
    hashes: Mapping[str, str] = field(default_factory=dict[str, str])
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    warnings: tuple[str, ...] = ()
    is_fresh: bool = True


def make(order: Order, engine: Engine, store: TakeStore | None) -> Made:
    """Fill an order; a line that cannot be made is an answer, not an exception."""
    try:
        known = store.get(order.key) if store is not None else None
        warnings: tuple[str, ...] = ()
        if known is None:
            source = Path(order.audio) if order.data is None else order.data
            speech = read_speech(source, name=order.audio)
            warnings = speech.warnings
            settings = from_fields(AnimateSettings, dict(order.settings))
            take = engine.animate(speech, settings)
            plain = animation_bytes(take)
            if store is not None:
                store.put(order.key, plain)
        else:
            take = animation_from_bytes(known)
        take = take.with_source(**order.source)
        files = {name: encoded_for(take, Path(name).name) for name in order.outputs}
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
        if order.data is not None:
            return Made(order.number, "", hashes, files, warnings, known is None)
        for name, data in files.items():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            write_whole(Path(name), data)
        return Made(order.number, "", hashes, {}, warnings, known is None)
    except DirfaError as error:
        return Made(order.number, str(error))
    except MemoryError:
        return Made(
            order.number, "The computer ran out of memory with this line. Use fewer --workers."
        )
    except OSError as error:
        return Made(order.number, f"A file could not be read or written: {error}.")
