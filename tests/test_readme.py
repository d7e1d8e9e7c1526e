"""Every command and every example of the README runs as written."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
COMMANDS = [
    line.partition("  #")[0].strip()
    for language, block in BLOCKS
    if language == ""
    for line in block.splitlines()
    if line.startswith(("pdsearch ", "mpiexec "))
]
EXAMPLES = [block for language, block in BLOCKS if language == "python"]


def run(words, folder):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=240, env=environment)


@pytest.mark.few(2)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_runs(command, python_on, tmp_path):
    (tmp_path / "tests").symlink_to(ROOT / "tests")  # whose tasks a command names
    words = shlex.split(command)
    at = words.index("pdsearch")
    start = python_on(int(words[2])) if words[0] == "mpiexec" else [sys.executable]

    done = run([*start, "-m", "pdsearch", *words[at + 1 :]], tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.few(1)
@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_readme_runs(example, tmp_path):
    done = run([sys.executable, "-c", example], tmp_path)

    assert done.returncode == 0, done.stderr


def test_the_readme_names_the_two_commands_first():
    makes = [line.split()[1] for language, block in BLOCKS if language == "" for line in block.splitlines()[:2]][:2]

    assert makes == ["demo", "test"]
