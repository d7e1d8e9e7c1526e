"""Multiple sequence alignment: FASTA, matrices, optima, and the alignment scored by itself."""

from pathlib import Path

import pytest
from examples import DATA
from naive import astar

from pdsearch.cli import main
from pdsearch.domains.msa import Alignment
from pdsearch.domains.msa.fasta import Record, format_fasta, parse_fasta, read_fasta
from pdsearch.domains.msa.scoring import MATRICES, similarities, sum_of_pairs
from pdsearch.errors import BadInputError
from pdsearch.heuristics import make_heuristic
from pdsearch.search import solve

PUBLISHED = Path(__file__).parents[2] / "shared" / "data" / "msa"


def solved_rows(domain, **options):
    """Return the result of a search and the aligned sequences."""
    result = solve(domain, **options)
    return result, domain.rows(result.plan)


@pytest.mark.parametrize(("name", "cost"), [("test0", 1741), ("test1", 2665), ("test3", 2022), ("test4", 2312)])
def test_known_optima_hold_and_the_alignment_costs_what_the_search_claims(name, cost):
    file = PUBLISHED / f"{name}.tfa"
    if not file.exists():
        pytest.skip(f"{file} is not there")
    domain = Alignment.parse(str(file))

    result, rows = solved_rows(domain)

    assert result.cost == sum_of_pairs(rows, "pam250") == cost
    assert [row.replace("-", "") for row in rows] == [record.letters for record in domain.records]


@pytest.mark.parametrize("options", [{}, {"matrix": "blosum62"}, {"matrix": "blosum62", "gap": 3}])
def test_a_star_finds_the_optimum_of_dijkstra(options):
    domain = Alignment.parse(str(DATA / "three.fasta"), **options)

    result, rows = solved_rows(domain)

    assert result.cost == astar(domain) == sum_of_pairs(rows, options.get("matrix", "pam250"), options.get("gap"))


@pytest.mark.heavy  # compiled for a wider node, as are the pancakes
def test_more_sequences_than_a_narrow_node_holds_are_aligned():
    domain = Alignment.parse(str(DATA / "eight.fasta"))

    result, rows = solved_rows(domain)

    assert domain.is_wide
    assert result.cost == sum_of_pairs(rows, "pam250")
    assert result.cost >= make_heuristic(domain, "pairwise").value(domain.initial)
    assert [row.replace("-", "") for row in rows] == [record.letters for record in domain.records]


def test_two_sequences_are_aligned_by_the_heuristic_alone():
    domain = Alignment(read_fasta(str(DATA / "six.fasta"))[:2])

    result, _ = solved_rows(domain)

    assert result.cost == make_heuristic(domain, "pairwise").value(domain.initial)


def test_the_command_prints_the_alignment_and_writes_it_where_told(tmp_path, capsys):
    file = tmp_path / "aligned.fasta"

    assert main(["solve", "msa", str(DATA / "three.fasta")]) == 0
    printed = capsys.readouterr().out
    assert main(["solve", "msa", str(DATA / "three.fasta"), "--json", "-", "--solution", str(file)]) == 0

    aligned = read_fasta(str(file))
    assert format_fasta(aligned) in printed
    assert [record.name for record in aligned] == ["s0", "s1", "s2"]
    assert len({len(record.letters) for record in aligned}) == 1


@pytest.mark.parametrize("name", MATRICES)
def test_a_matrix_is_symmetric_and_prefers_each_amino_acid_to_itself(name):
    letters, table = similarities(name)

    assert (table == table.T).all()
    for i in range(20):
        assert table[i, i] == table[i, :20].max()
    assert set("ARNDCQEGHILKMFPSTWYV") <= set(letters)


def test_fasta_is_read_by_record_whatever_the_lines():
    text = "; a remark\n>one  the first\nac d\n\nEF\r\n>two\nGH*\n"

    assert parse_fasta(text, "text") == [Record("one  the first", "ACDEF"), Record("two", "GH*")]


def test_what_is_written_as_fasta_is_read_again():
    records = [Record("long", "ACDEFGHIKL" * 15), Record("short", "A-C")]

    assert parse_fasta(format_fasta(records), "text") == records


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "0 sequences given; an alignment has 2 to 10"),
        (">a\nACD\n", "1 sequences given"),
        (">a\nA\n" * 11, "11 sequences given"),
        ("ACD\n>a\nACD\n", "is no fasta file; it begins with 'ACD' instead of '>name'"),
        (">a\nACD\n>b\n", "sequence 'b' has 0 letters; 1 to 4095 are needed"),
        (">a\nACD\n>b\nAC1\n", "letter '1' of sequence 'b' is not in pam250; it has ARND"),
        (">a\nACD\n>b\nA-C\n", "letter '-' of sequence 'b'"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(content, message, tmp_path):
    file = tmp_path / "sequences.fasta"
    file.write_text(content)

    with pytest.raises(BadInputError, match=message) as caught:
        Alignment.parse(str(file))

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"matrix": "pam30"}, "matrix 'pam30' is unknown; it is one of pam250, blosum62"),
        ({"gap": 0}, "gap cost 0 makes no sense; give 1 to 1000"),
    ],
)
def test_a_scoring_that_makes_no_sense_is_refused(options, message):
    with pytest.raises(BadInputError, match=message):
        Alignment.parse(str(DATA / "three.fasta"), **options)


@pytest.mark.parametrize("text", ["", "no/such/file", "."])
def test_a_missing_file_is_refused(text):
    with pytest.raises(BadInputError, match=r"the instance is empty|; give a readable fasta file"):
        Alignment.parse(text)
