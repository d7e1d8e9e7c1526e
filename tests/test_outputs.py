"""What commands write: whole or not at all, refused before the work, and printed where a disk is full."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pdsearch.console.outputs import save, save_all, writable, write_json
from pdsearch.errors import BadInputError

is_root = hasattr(os, "geteuid") and os.geteuid() == 0


@pytest.mark.parametrize("name", [None, "-", "new", "old", "link", os.devnull])
def test_what_can_be_written_passes(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("old").write_text("old")
    Path("link").symlink_to("old")

    assert writable(name) == name


@pytest.mark.parametrize("name", [".", "no/such", "old/file", "x" * 300, "a\0b"])
def test_what_cannot_is_refused_before(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("old").write_text("old")

    with pytest.raises(BadInputError, match="give a file in a folder that exists and is writable") as error:
        writable(name)
    assert len(str(error.value)) < 400


@pytest.mark.skipif(is_root, reason="root may write everywhere")
def test_a_file_that_is_read_only_is_refused(tmp_path):
    (tmp_path / "old").write_text("old")
    (tmp_path / "old").chmod(0o400)

    with pytest.raises(BadInputError, match="cannot write"):
        writable(str(tmp_path / "old"))


def test_a_file_is_replaced_as_a_whole_with_its_rights_and_through_links(tmp_path):
    old, link = tmp_path / "old", tmp_path / "link"
    old.write_text("old")
    old.chmod(0o640)
    link.symlink_to("old")

    save(str(link), "new")

    assert link.is_symlink()
    assert old.read_text() == "new"
    assert old.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "old"]


def test_what_was_there_stays_when_the_disk_is_full(tmp_path, monkeypatch):
    (tmp_path / "old").write_text("old")

    def full(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pdsearch.console.outputs.os.fsync", full)
    with pytest.raises(BadInputError, match="No space left on device"):
        save(str(tmp_path / "old"), "new")

    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_one_output_that_fails_loses_neither_the_others_nor_the_plan(tmp_path, capsys):
    outputs = [(None, "x"), ("/no/such/folder/a", "a"), (str(tmp_path / "b"), "b\n"), (str(tmp_path), "c")]

    with pytest.raises(BadInputError, match="cannot write '/no/such/folder/a'"):
        save_all(outputs, "the plan\n")

    assert (tmp_path / "b").read_text() == "b\n"
    assert capsys.readouterr().out == "the plan\n"
    save_all([(str(tmp_path / "b"), "again")], "the plan\n")
    assert capsys.readouterr().out == ""


def test_json_is_one_line(tmp_path, capsys):
    write_json(str(tmp_path / "a"), {"a": 1})
    write_json("-", {"b": 2})

    assert (tmp_path / "a").read_text() == '{"a": 1}\n'
    assert capsys.readouterr().out == '{"b": 2}\n'


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_full_device_is_one_line_and_the_plan_goes_to_stderr():
    program = (
        "import sys\nfrom pdsearch.console.outputs import save_all\n"
        "try: save_all([('-', 'result'), ('/dev/full', 'x')], 'the plan\\n')\n"
        "except ValueError as error: print(error, file=sys.stderr); sys.exit(2)"
    )
    command = [sys.executable, "-c", program]
    with open("/dev/full", "w") as full:
        job = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)

    assert job.returncode == 2
    assert job.stderr.splitlines() == [
        "the plan",
        "cannot write standard output: No space left on device; give a file in a folder that exists",
    ]
