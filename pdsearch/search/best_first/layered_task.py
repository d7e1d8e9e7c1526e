"""What is searched by layers of g: a task with a bound on f, whose nodes are linked to roots."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from pdsearch.kernels import layout
from pdsearch.kernels.layout import Linked
from pdsearch.search.task import Task

_MAX_BUCKETS = 1 << 20


@dataclass(frozen=True)
class LayeredTask(Task):
    """A task whose nodes are linked to roots; only plans of less than ``upper_bound`` are searched for.

    Attributes
    ----------
    bound : int
        Nodes of larger f are not opened.
    """

    bound: int = 0

    @property
    def layout(self) -> layout.Layout:
        """Return how nodes lie in memory."""
        return Linked((0,) * self.n_words)

    @property
    def node_words(self) -> int:
        """Return the 32-bit words of a stored node."""
        return layout.node_words(self.n_words, True)

    @property
    def record_words(self) -> int:
        """Return the 32-bit words of a node in a message."""
        return layout.record_words(self.n_words, True)

    @property
    def count_shift(self) -> int:
        """Return by how many bits f beyond the bound are shifted so that they fall into classes."""
        heuristic = self.heuristic
        return max(0, (heuristic.max_rise + heuristic.max_h * heuristic.is_lazy).bit_length() - 10)

    @property
    def places(self) -> tuple[int, int]:
        """Return how many g and h there may be; unpacking asks for room above the bound."""
        return self.bound + 2 + self.heuristic.max_h * self.heuristic.is_lazy, self.heuristic.max_h + 1

    @property
    def needs_heap(self) -> bool:
        """Say whether there are too many g and h for buckets."""
        n_g, n_h = self.places
        return n_g * n_h > _MAX_BUCKETS


def layered(task: Task, bound: int, incumbent: int) -> LayeredTask:
    """Return the task of a search within a bound for plans that cost less than the incumbent."""
    known = {field.name: getattr(task, field.name) for field in dataclasses.fields(Task)}
    return LayeredTask(**known | {"upper_bound": min(bound + 1, incumbent)}, bound=bound)
