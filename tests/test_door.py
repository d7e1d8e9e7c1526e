"""What strangers add: files by --plugin as docs/extending.md has them, and an installed package by its entry points."""

import json
import re
import shlex
import sys
from pathlib import Path

import jobs
import pytest
from examples import others_wide

from pdsearch import solve
from pdsearch.domains.plain import PlainDomain

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "extending.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
FILES = {text.split("\n")[0][2:]: text for kind, text in BLOCKS if kind == "python"}
LINES = [line for kind, text in BLOCKS if not kind for line in text.splitlines()]
COMMANDS = [line for line in LINES if not line.startswith("mpiexec")]
PDSEARCH = [sys.executable, "-m", "pdsearch"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the files of the page."""
    place = tmp_path_factory.mktemp("plugins")
    for name, text in FILES.items():
        (place / name).write_text(text)
    (place / "hanoi.py").write_text(FILES["hanoi.py"])
    return place


def run(folder, *words, code=0, **environment):
    """Run a command in a folder; return what it printed."""
    env = {"PYTHONPATH": f"{ROOT}:{folder}"} | environment
    job = jobs.run([*PDSEARCH, *words], timeout=200, cwd=folder, env=env)
    assert job.returncode == code, job.stderr
    assert "Traceback" not in job.stderr
    return job


def test_the_page_has_its_files_and_they_are_short():
    assert {"hanoi_plain.py", "hanoi.py", "blank_home.py", "hello.py"} == set(FILES)
    lines = {name: sum(bool(line.strip()) for line in text.splitlines()) - 1 for name, text in FILES.items()}
    assert lines["hanoi_plain.py"] <= 20
    assert lines["hanoi.py"] <= 40


@pytest.mark.few(1)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_runs(command, folder):
    said = run(folder, *shlex.split(command)[1:]).stdout

    assert "nothing wrong" in said or ": solved" in said


@pytest.mark.wide
def test_both_ways_find_the_same_cost_on_any_algorithm_and_ranks(folder, mpirun):
    costs = set()
    for plugin, domain, algorithm in (
        ("hanoi_plain.py", "hanoi4-plain", "astar"),
        ("hanoi.py", "hanoi4", "astar"),
        ("hanoi.py", "hanoi4", "idastar"),
    ):
        words = ["solve", "--plugin", plugin, domain, "4", "--algorithm", algorithm, "--json", "-"]
        costs.add(json.loads(run(folder, *words).stdout)["cost"])
    several = mpirun(2, "solve", "--plugin", str(folder / "hanoi.py"), "hanoi4", "4", "--json", "-")

    assert costs == {json.loads(several.stdout)["cost"]} == {9}  # Frame and Stewart


def test_a_plain_domain_needs_neither_a_name_nor_an_instance_to_be_solved_in_python():
    class Steps(PlainDomain):
        def __init__(self, goal):
            self.initial, self.goal = 0, int(goal)

        def is_goal(self, state):
            return state == self.goal

        def successors(self, state):
            yield "one", state + 1

    result = solve(Steps(3))

    assert (result.cost, result.domain, result.instance) == (3, "own", "")
    assert solve(Steps.parse("3")).instance == "3"


@pytest.mark.wide
def test_a_heuristic_of_a_file_is_listed_checked_and_used(folder):
    listed = run(folder, "list", "heuristics", "--plugin", "blank_home.py").stdout
    checked = run(
        folder, "check", "tiles", "2x2:3,2,1,0", "--heuristic", "one-move", "--plugin", "blank_home.py"
    ).stdout
    words = ["tiles", "2x2:3,2,1,0", "--heuristic", "one-move", "--plugin=blank_home.py", "--json", "-"]
    solved = json.loads(run(folder, "solve", *words).stdout)

    assert "one-move" in listed
    assert "nothing wrong" in checked
    assert (solved["cost"], solved["heuristic"]) == (6, "one-move")


def test_a_command_of_a_file_runs_and_has_help(folder):
    assert run(folder, "--plugin", "hello.py", "hello", "--to", "you").stdout == "hello you\n"
    assert "Say hello" in run(folder, "hello", "--help", "--plugin", "hello.py").stdout


# --- an installed package ---

PACKAGE = {
    "stranger/__init__.py": "",
    "stranger/things.py": '''
from pdsearch.balance.routers import ROUTERS
from pdsearch.balance.routers.top_k import TopK
from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.distribution.zobrist import Zobrist
from pdsearch.domains import DOMAINS
from pdsearch.domains.plain import PlainDomain
from pdsearch.options import Option
from pdsearch.search.algorithms import ALGORITHMS
from pdsearch.search.best_first.astar import AStar


@DOMAINS.add("stairs")
class Stairs(PlainDomain):
    """Steps up to a number."""

    options = (Option("goal", "the step to reach", 3, int),)  # tiles has an option of that name, too

    def __init__(self, text, goal=3):
        self.initial, self.goal = int(text), goal

    def is_goal(self, state):
        return state == self.goal

    def successors(self, state):
        yield "up", state + 1


@DISTRIBUTIONS.add("stranger-zobrist")
class Own(Zobrist):
    """Zobrist hashing by another name."""

    name = "stranger-zobrist"


@ALGORITHMS.add("stranger-astar")
class Search(AStar):
    """A* by another name."""

    name = "stranger-astar"
    label = "stranger's A*"


@ROUTERS.add("stranger-top-k")
class Route(TopK):
    """Top-k by another name."""
''',
    "stranger/greet.py": FILES["hello.py"],
    "broken/__init__.py": "import no_such_module\n",
    "stranger-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n",
    "stranger-1.0.dist-info/entry_points.txt": """
[pdsearch.domains]
stairs = stranger.things
[pdsearch.distributions]
own = stranger.things
[pdsearch.algorithms]
search = stranger.things
[pdsearch.routers]
route = stranger.things
[pdsearch.commands]
hello = stranger.greet:Hello
""",
}
BROKEN = {
    "broken-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n",
    "broken-1.0.dist-info/entry_points.txt": "[pdsearch.domains]\nbad = broken\n[pdsearch.commands]\nbad = broken:x\n",
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder on the path with a package and its metadata."""
    place = tmp_path_factory.mktemp("site")
    for name, text in PACKAGE.items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(text)
    return place


def test_what_an_installed_package_adds_is_there(installed):
    listed = json.loads(run(installed, "list", "--json").stdout)

    assert "stairs" in listed["domains"]
    assert "stranger-zobrist" in listed["distributions"]
    assert "stranger-astar" in listed["algorithms"]
    assert "stranger-top-k" in listed["routers"]
    assert run(installed, "hello").stdout == "hello world\n"
    assert "hello" in run(installed, "--help").stdout


@pytest.mark.wide
def test_an_option_of_two_domains_is_read_by_the_one_that_is_chosen(installed):
    stairs = json.loads(run(installed, "solve", "stairs", "1", "--goal", "5", "--json", "-").stdout)
    board = "1 2 3 4 5 6 7 0 8"
    tiles = json.loads(run(installed, "solve", "tiles", board, "--goal", "blank-last", "--json", "-").stdout)
    wrong = run(installed, "solve", "stairs", "1", "--goal", "blank-last", code=2).stderr

    assert (stairs["cost"], tiles["cost"]) == (4, 1)
    assert wrong == "pdsearch: --goal 'blank-last' is not understood; give a whole number\n"


@pytest.mark.wide
def test_an_algorithm_from_outside_solves(installed):
    words = ["solve", "tiles", "random:3x2", "--algorithm", "stranger-astar", "--json", "-"]

    assert json.loads(run(installed, *words).stdout)["status"] == "solved"


def test_a_broken_package_is_one_warning_and_nothing_else_fails(installed):
    for name, text in BROKEN.items():
        (installed / name).parent.mkdir(exist_ok=True)
        (installed / name).write_text(text)

    job = run(installed, "solve", "stairs", "1", "--json", "-")

    assert json.loads(job.stdout)["cost"] == 2
    assert len(job.stderr.splitlines()) == 1
    assert "plug-in 'bad' of broken is left out: ModuleNotFoundError" in job.stderr
    assert run(installed, "balance", "--help").stderr == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "import no_such_module\n",
            "cannot load plug-in 'p.py': ModuleNotFoundError: No module named 'no_such_module'",
        ),
        ("def f(:\n", "cannot load plug-in 'p.py': SyntaxError: invalid syntax"),
        (None, "cannot load plug-in 'p.py'; give an existing file that ends in .py"),
        (
            "from pdsearch.domains import DOMAINS\n@DOMAINS.add('tiles')\nclass Mine: ...\n",
            "two domains are called 'tiles'",
        ),
    ],
)
def test_a_file_that_cannot_be_loaded_is_one_line(text, message, tmp_path):
    if text is not None:
        (tmp_path / "p.py").write_text(text)

    said = run(tmp_path, "solve", "tiles", "2x2:3,2,1,0", "--plugin", "p.py", code=2).stderr

    assert message in said
    assert len(said.splitlines()) == 1


# --- mistakes of a domain's author ---

FAST = FILES["hanoi.py"]
MISTAKES = {
    "a cost above max_cost": ("return 1  # the cost", "return 40", "cost less than 0 or more than max_cost = 1"),
    "a negative cost": ("return 1  # the cost", "return -5", "cost less than 0 or more than max_cost = 1"),
    "a value out of range": ("values[disc] = target", "values[disc] = target + 4", "cost less than 0 or more than"),
    "max_h too small": ("self.max_h = n_discs = int(text)", "n_discs = int(text)", "above max_h = 0"),
    "too few moves declared": ("n_operators =", "max_moves = 2\n    n_operators =", "more than max_moves = 2 moves"),
    "a function that cannot be compiled": ("h = 0\n", "h = open('x')\n", "is missing or cannot be compiled"),
    "a function that is missing": ("def goal(", "def gaol(", "lacks goal"),
}


@pytest.mark.few(1)
@pytest.mark.parametrize("mistake", others_wide(list(MISTAKES), 2))
def test_a_mistake_of_an_author_is_one_line(mistake, tmp_path):
    right, wrong, message = MISTAKES[mistake]
    assert right in FAST
    (tmp_path / "p.py").write_text(FAST.replace(right, wrong))

    said = run(tmp_path, "solve", "hanoi4", "5", "--plugin", "p.py", code=2).stderr

    assert message in said
    assert len(said.splitlines()) == 1


WRONG = {
    "inadmissible": ("h += peg != PEGS - 1", "h += 3 * (peg != PEGS - 1)", "whose distance is"),
    "inverse": ("b * PEGS + a for a", "a * PEGS + b for a", "undo of hanoi4"),
    "plain cost": ("return 1  # the cost", "return 0", "max_rise"),
}


@pytest.mark.wide
def test_check_names_what_is_wrong_and_a_state(tmp_path):
    (tmp_path / "p.py").write_text(FAST.replace(*WRONG["inadmissible"][:2]).replace("self.max_h =", "self.max_h = 99;"))

    said = run(tmp_path, "check", "hanoi4", "3", "--plugin", "p.py", "--json", code=1).stdout

    told = json.loads(said)["wrong"]
    assert any("heuristic own is 3 in state 1 3 3, whose distance is 1" in line for line in told)


@pytest.mark.wide
def test_an_edited_domain_is_compiled_anew(tmp_path):
    (tmp_path / "rules.py").write_text("STEP = 1\n")
    text = FAST.replace("PEGS = 4\n", "import rules\n\nPEGS, STEP = 4, rules.STEP\n", 1).replace(
        "return 1 ", "return STEP "
    )
    (tmp_path / "p.py").write_text(text.replace("n_operators =", "max_cost = 2\n    n_operators =", 1))
    words = ["solve", "hanoi4", "3", "--plugin", "p.py", "--heuristic", "blind", "--json", "-"]
    environment = {"PYTHONDONTWRITEBYTECODE": "1"}

    before = json.loads(run(tmp_path, *words, **environment).stdout)["cost"]
    (tmp_path / "rules.py").write_text("STEP = 2\n")
    after = json.loads(run(tmp_path, *words, **environment).stdout)["cost"]

    assert (before, after) == (5, 10)
