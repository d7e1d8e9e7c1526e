"""Best-effort serving: which of several models answers a request, so that good answers come in time.

A large model answers better and takes longer; what comes after the deadline is worth nothing. Under load the large
model alone answers late and the small one alone answers badly, so the choice should depend on what is waiting. That
is load balancing over models in place of servers: :mod:`~pdsearch.balance.serving.simulation` serves a stream of
requests, :mod:`~pdsearch.balance.serving.policies` choose, and two oracles say whether the numbers are right: the
formulas of the M/D/1 queue and value iteration.

Source of the setting: Narayan et al. (2024), "Learned Best-Effort LLM Serving", arXiv 2401.07886. Left out of it here:
models that batch requests, kinds of task, and rates that change.
"""
