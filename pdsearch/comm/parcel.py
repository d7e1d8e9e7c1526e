"""An object that one rank has made, as bytes for the others, which put in it what they have themselves."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from typing import Any


def packed(value: Any, own: Mapping[str, Any]) -> bytes | None:
    """Return an object as bytes; None where something in it cannot be pickled, or read again.

    Parameters
    ----------
    value : object
        What to send.
    own : mapping of str to object
        What every rank has of its own: only its name travels.

    Examples
    --------
    >>> here, there = object(), object()
    >>> unpacked(packed(["of", here], {"place": here}), {"place": there}) == ["of", there]
    True
    >>> packed(lambda: 1, {}) is None
    True
    """
    file = io.BytesIO()
    try:
        _Packer(file, own).dump(value)
        unpacked(file.getvalue(), own)
    except Exception:  # whatever the classes of a plug-in raise
        return None
    return file.getvalue()


def unpacked(data: bytes, own: Mapping[str, Any]) -> Any:
    """Return the object, with what this rank has of its own."""
    return _Unpacker(io.BytesIO(data), own).load()


class _Packer(pickle.Pickler):
    def __init__(self, file: io.BytesIO, own: Mapping[str, Any]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._names = {id(value): name for name, value in own.items()}

    def persistent_id(self, value: Any) -> str | None:
        """Return the name of what is not sent."""
        return self._names.get(id(value))


class _Unpacker(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, own: Mapping[str, Any]) -> None:
        super().__init__(file)
        self._own = own

    def persistent_load(self, name: str) -> Any:
        """Return what has a name."""
        return self._own[name]
