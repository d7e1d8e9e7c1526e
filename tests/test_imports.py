"""Imports go down only, lazy ones included, and there is no circle."""

import ast
from functools import cache
from pathlib import Path

import networkx as nx

ROOT = Path(__file__).parents[1]
HOMES = {"pdsearch": ROOT / "pdsearch", "pdsearch.domains": ROOT / "domains", "pdsearch.gpu": ROOT / "gpu"}

# from the lowest; a package may import from its own layer and from those before it
LAYERS = [
    {
        "pdsearch",
        "errors",
        "options",
        "units",
        "reading",
        "named_options",
        "limits",
        "environment",
        "plugins",
        "registry",
        "_jit",
        "_cache",
        "_compile_watch",
        "_linear_algebra",
        "_notice",
    },
    {"kernels"},
    {"domains", "heuristics", "subtrees", "gpu_model", "pdb", "pruning", "distribution", "balance", "comm", "result"},
    {"gpu"},
    {"search"},
    {"report", "planning", "console", "checking"},
    {"benchmarking"},
    {"cli", "__main__"},
]
# the door of the package: what it offers is imported when it is asked for
DOOR = {("pdsearch", "pdsearch.search"), ("pdsearch", "pdsearch.result"), ("pdsearch", "pdsearch.limits")}


@cache
def modules() -> dict[str, Path]:
    """Return the file of every module."""
    found = {}
    for home, folder in HOMES.items():
        for file in folder.rglob("*.py"):
            parts = file.relative_to(folder).with_suffix("").parts
            if home == "pdsearch" and parts[0] in ("domains", "gpu"):
                continue
            found[".".join([home, *(part for part in parts if part != "__init__")])] = file
    return found


def imports(name: str) -> set[str]:
    """Return the modules that a module imports when it runs, wherever in its file."""
    tree = ast.parse(modules()[name].read_text())
    checked = [
        node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    ]
    for node in checked:
        node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            below = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {one if one in modules() else node.module for one in below}
    return {one for one in found if one in modules() and one != name}


def graph() -> nx.DiGraph:
    """Return who imports whom."""
    edges = ((name, other) for name in modules() for other in imports(name))
    return nx.DiGraph(edge for edge in edges if edge not in DOOR)


def layer(name: str) -> int:
    """Return the layer of a module."""
    package = [*name.split("."), "pdsearch"][1]
    places = [i for i, packages in enumerate(LAYERS) if package in packages]
    assert places, f"{name} is in no layer; name its package in LAYERS"
    return places[0]


def test_there_is_no_circle():
    circles = [sorted(part) for part in nx.strongly_connected_components(graph()) if len(part) > 1]

    assert circles == []


def test_nothing_is_imported_from_a_higher_layer():
    upward = [f"{one} imports {other}" for one, other in graph().edges if layer(one) < layer(other)]

    assert upward == []
