"""The machine code of the GPU kernels: registers, spills, instructions of a step. Needs NVIDIA's compilers, no GPU."""

import re
import subprocess

import pytest
import sass

from pdsearch.domains.pancake.gpu_model import pancakes
from pdsearch.domains.tiles import Tiles
from pdsearch.domains.tiles.gpu_model import boards, solved_board
from pdsearch.domains.tiles.gpu_patterns import of_tables
from pdsearch.domains.tiles.partitions import partitions
from pdsearch.domains.tiles.pdb import database, view_tables
from pdsearch.gpu import persistent, static, tables
from pdsearch.gpu.shim import cuda
from pdsearch.gpu_model import AUTOMATON, NO_ENTRIES, model_of


def without_entries(width, height, name):
    """Return the model of a board with pattern databases that nobody has built: their code, not their entries."""
    puzzle = solved_board(width, height, False)
    parts = view_tables(puzzle, partitions(width, height, name), NO_ENTRIES)
    return of_tables(puzzle, parts, name, AUTOMATON, False)


COMPILED = [
    boards(3, 3, False, 2),
    boards(4, 4, False, AUTOMATON),
    boards(5, 5, False, AUTOMATON),
    pancakes(16),
    without_entries(4, 4, "pdb-7-8"),
    without_entries(5, 5, "pdb-6-6-6-6"),
]


def ptx(kernel, signature, capability):
    try:
        return cuda.compile_ptx(kernel, signature, cc=capability)[0]
    except Exception as error:  # which one depends on what is missing
        if cuda.is_available():
            raise
        pytest.skip(f"no CUDA compiler: {str(error).splitlines()[0]}; run: pip install 'pdsearch-hda[gpu]'")


def assembled(text, capability, folder):
    """Return registers, spilled bytes, and the assembled kernel's file."""
    assembler = sass.tool("ptxas")
    if assembler is None:
        pytest.skip("ptxas is neither on PATH nor installed; run: pip install nvidia-cuda-nvcc")
    source, cubin = folder / "kernel.ptx", folder / "kernel.cubin"
    # a toolkit reads its own and older PTX; the kernels use nothing younger than 7.0
    source.write_text(re.sub(r"(?m)^\.version .*", ".version 7.8", text))
    arch = f"-arch=sm_{capability[0]}{capability[1]}"
    run = subprocess.run([assembler, "-v", arch, str(source), "-o", str(cubin)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    (registers,) = re.findall(r"Used (\d+) registers", run.stderr)
    (spills,) = re.findall(r"(\d+) bytes spill stores", run.stderr)
    return int(registers), int(spills), cubin


def instructions_of_a_step(cubin):
    tool = sass.tool("nvdisasm")
    if tool is None:
        pytest.skip("nvdisasm is neither on PATH nor installed; run: pip install nvidia-cuda-nvdisasm")
    run = subprocess.run([tool, "-c", str(cubin)], capture_output=True, text=True, check=True)
    return sum(sass.step(run.stdout).values())


@pytest.mark.parametrize(
    ("model", "most_registers", "most_instructions"),
    [
        (model_of(Tiles.korf(1)), 40, 200),
        pytest.param(boards(4, 4, False, AUTOMATON), 40, 240, marks=pytest.mark.heavy),
        pytest.param(boards(5, 5, False, AUTOMATON), 48, 380, marks=pytest.mark.heavy),
        (without_entries(5, 5, "pdb-6-6-6-6"), 64, 4 * 200),
        pytest.param(without_entries(5, 5, "pdb-6-6-6-6-max"), 64, 4 * 350, marks=pytest.mark.heavy),
        pytest.param(without_entries(5, 5, "pdb-catalogue"), 64, 4 * 350, marks=pytest.mark.heavy),
        pytest.param(without_entries(4, 4, "pdb-7-8"), 48, 4 * 100, marks=pytest.mark.heavy),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_step_has_few_instructions_and_registers(model, most_registers, most_instructions, tmp_path):
    sizes = persistent.layout(model, persistent.reserve_of(model, min(115, model.max_depth)))
    text = ptx(persistent.build(model, sizes), persistent.signature(model.n_words), (9, 0))

    registers, spills, cubin = assembled(text, (9, 0), tmp_path)

    assert (spills, registers <= most_registers) == (0, True)
    assert instructions_of_a_step(cubin) <= most_instructions


@pytest.mark.parametrize(("capability", "most"), [((8, 0), 40), pytest.param((7, 5), 56, marks=pytest.mark.heavy)])
def test_the_default_kernel_keeps_its_registers(capability, most, tmp_path):
    model = model_of(Tiles.korf(1))
    text = ptx(persistent.build(model, persistent.layout(model)), persistent.signature(1), capability)

    registers, spills, _ = assembled(text, capability, tmp_path)

    assert spills == 0
    assert registers <= most


def test_the_kernel_with_pattern_databases_compiles_and_reads_global_memory():
    model = without_entries(5, 5, "pdb-6-6-6-6")

    text = ptx(persistent.build(model, persistent.layout(model)), persistent.signature(2), (9, 0))

    assert re.search(r"ld\.global(\.nc)?\.u8", text)


@pytest.mark.heavy
@pytest.mark.parametrize("capability", [(7, 5), (8, 0), (9, 0)])
@pytest.mark.parametrize("model", COMPILED, ids=lambda m: m.name)
def test_every_kernel_compiles_without_spills(model, capability, tmp_path):
    sizes, reserve = persistent.layout(model), persistent.reserve_of(model, min(100, model.max_depth))
    block = persistent.layout(model, reserve, 1)
    kernels = [
        (persistent.build(model, sizes), persistent.signature(model.n_words)),
        (static.build_block(model, block.capacity, reserve), static.signature()),
        (static.build_thread(model), static.signature()),
    ]
    for kernel, signature in kernels:
        assert assembled(ptx(kernel, signature, capability), capability, tmp_path)[1] == 0


def test_the_kernels_that_build_tables_compile_without_spills(tmp_path):
    table = database(5, 5, "pdb-6-6-6-6").places[0]
    for body, signature in zip(tables.bodies(table), tables.signatures(), strict=True):
        assert assembled(ptx(body, signature, (9, 0)), (9, 0), tmp_path)[1] == 0
