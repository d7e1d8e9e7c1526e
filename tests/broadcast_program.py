"""Solve random tasks on the ranks of mpiexec, of which N count as a machine of their own, or as MPI says for N = 1."""

import sys

import naive
import sas_tasks
from mpi4py import MPI

from pdsearch import solve
from pdsearch.comm import shared
from pdsearch.domains.planning import scp, sys_scp
from pdsearch.kernels.protocol import INFINITY
from pdsearch.search.best_first import broadcast, lessons

world, heard, made = MPI.COMM_WORLD, [], []


def count_what_is_heard():
    """Note each state that is heard."""
    told, make = broadcast.OtherMachines.told, scp.Scp.__init__

    def noted(self):
        state = told(self)
        if state is not None:
            heard.append(state)
        return state

    def kept(self, *given, **options):
        make(self, *given, **options)
        made.append(self)

    broadcast.OtherMachines.told, scp.Scp.__init__ = noted, kept


def main(n_ranks, *seeds):
    """Hold costs and bounds against plain Python."""
    if n_ranks > 1:
        shared.machine_of = lambda comm: comm.Split(comm.Get_rank() // n_ranks, comm.Get_rank())
    scp._EVERY, scp._MOVES_PER_EVALUATION, lessons._LOOKS, sys_scp._MOST_VARIABLES = 1, 10**6, 2, 2
    count_what_is_heard()
    for seed in seeds:
        domain = sas_tasks.many_goals(seed, n_variables=6, n_operators=40, **sas_tasks.KINDS["costs"])
        result = solve(domain, "scp:orders-1", distribution="zobrist", comm=world)
        assert result.cost == naive.astar(domain)
        exact = naive.distances_to_goal(domain)
        for state in [*naive.reachable(domain)][world.rank :: 50]:
            assert made[-1].value(state) <= exact.get(state, INFINITY)
        first, *others = world.allgather(made[-1].tables.entries.tobytes())[world.rank // n_ranks * n_ranks :][:n_ranks]
        assert all(other == first for other in others)
    n_heard = world.allreduce(len(heard))
    if world.rank == 0:
        sys.stdout.write(f"{n_heard} heard\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
