"""Files that do not go through the system's memory hold what was written, also where the system will not have that."""

import errno
import fcntl
import os

import numpy as np
import pytest

from pdsearch.search.checkpoint import direct

SIZES = [0, 1, 4095, 4096, 4097, direct.BLOCK - 1, direct.BLOCK, direct.BLOCK + 1, 2 * direct.BLOCK + 5]


def refuse_to_open(monkeypatch):
    opened = os.open

    def refusing(path, flags, *rest):
        if flags & direct._DIRECT:
            raise OSError(errno.EINVAL, "no")
        return opened(path, flags, *rest)

    monkeypatch.setattr(os, "open", refusing)


def refuse_to_pass(monkeypatch):
    """Let files be opened, and each call fail that does not go through the system's memory; return what failed."""
    refused = []
    for name in ("write", "readv"):
        act = getattr(os, name)

        def refusing(file, what, act=act, name=name):
            if fcntl.fcntl(file, fcntl.F_GETFL) & direct._DIRECT:
                refused.append(name)
                raise OSError(errno.EINVAL, "no")
            return act(file, what)

        monkeypatch.setattr(os, name, refusing)
    return refused


def _can_be_direct(folder):
    """Say whether the system opens files there past its memory."""
    try:
        os.close(os.open(folder / "try", os.O_WRONLY | os.O_CREAT | direct._DIRECT))
    except OSError:
        return False
    return bool(direct._DIRECT)


@pytest.mark.parametrize("refuse", [lambda _: None, refuse_to_open, refuse_to_pass])
def test_a_file_holds_what_was_written_whatever_its_size(refuse, monkeypatch, tmp_path):
    path = tmp_path / "file"
    content = np.random.default_rng(0).integers(0, 256, max(SIZES), np.uint8)
    refused = refuse(monkeypatch)
    for size in SIZES:
        data = content[:size].data
        with direct.Writer(path) as file:
            file.write(b"")
            file.write(data[: size // 3])
            file.write(data[size // 3 :])
        assert file.size == size
        assert path.read_bytes() == data
        assert b"".join(map(bytes, direct.blocks_of(path))) == data
    if refuse is refuse_to_pass and _can_be_direct(tmp_path):
        assert {"write", "readv"} == set(refused)


def test_what_goes_wrong_is_raised_and_ends_the_writing(monkeypatch, tmp_path):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"), direct.Writer(tmp_path / "file") as file:
        file.write(bytes(1))
