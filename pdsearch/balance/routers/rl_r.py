"""RL-R: routing as a policy, learned by REINFORCE with a value baseline and a balance term.

Clark et al. (2022), "Unified Scaling Laws for Routed Language Models", arXiv 2202.01169, section 3.3 and appendix C. In
training expert e of token x is drawn from pi(e|x) = softmax(x W + b); its reward R, for instance minus the loss of the
token, is compared with a linear value V(x), and with n tokens the step ascends

    1/n sum (R - V(x)) grad log pi(e|x)  -  1/n sum grad (R - V(x))^2 / 2  -  balance grad E sum_i f_i P_i,

where f are the shares of the draws and P the mean of pi, the Switch form of the balance term. In evaluation a token
goes to its best experts. The torch module is :mod:`pdsearch.balance.learned.rl_r`.

Left out: the paper's schedules of the coefficients; a token draws one expert, as there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pdsearch.balance._values import as_array
from pdsearch.balance.routers import ROUTERS, Assignment
from pdsearch.balance.routers._checks import checked_k, checked_matrix, checked_number, checked_vector
from pdsearch.balance.routers._gates import softmax
from pdsearch.balance.routers.top_k import choose_of_scores
from pdsearch.errors import BadInputError

# [d + 1, E + 1]: weights of the experts and, in the last column, of V; the last row are the biases.
Policy = npt.NDArray[np.float64]


@ROUTERS.add("rl-r")
@dataclass(frozen=True)
class RLR:
    """The k experts a trained policy finds most likely; the state is the policy, float64[d + 1, E + 1].

    Parameters
    ----------
    balance : float
        Weight of the balance term in a training step.
    value : float
        Weight of the baseline's squared error. Plain steps of V diverge where ``rate * value`` exceeds 2 over the
        largest eigenvalue of the tokens' second moment.
    rate : float
        Length of a training step.

    Examples
    --------
    >>> router, policy = RLR(rate=1.0), RLR.untrained(n_features=2, n_experts=2)
    >>> tokens, rng = np.eye(2), np.random.default_rng(0)
    >>> for _ in range(60):
    ...     drawn = router.draw(tokens, policy, rng)
    ...     policy = router.learn(tokens, drawn, rewards=drawn == [1, 0], policy=policy)
    >>> router.route(tokens, k=1, state=policy).ids.tolist()
    [[1], [0]]
    """

    balance: float = 0.01
    value: float = 0.1
    rate: float = 0.1

    batch_invariant: ClassVar[bool] = True
    reads: ClassVar[str] = "tokens"
    source: ClassVar[str] = "Clark et al. (2022), arXiv 2202.01169, section 3.3"

    def __post_init__(self) -> None:
        for name in ("balance", "value", "rate"):
            checked_number(getattr(self, name), name)

    @staticmethod
    def untrained(n_features: int, n_experts: int) -> Policy:
        """Return the policy from which training starts: every expert equally likely, value 0."""
        checked_number(n_features, "n_features", least=1)
        checked_number(n_experts, "n_experts", least=1)
        return np.zeros((n_features + 1, n_experts + 1))

    def route(self, scores: npt.ArrayLike, k: int, state: Any = None) -> Assignment:
        """Route tokens to their likeliest experts.

        Parameters
        ----------
        scores : float[T, d]
            Token features.
        k : int
        state : float64[d + 1, E + 1]
            The trained policy.

        Raises
        ------
        BadInputError
            For bad tokens, k > E, or no policy or one of another width.
        """
        tokens, policy = _checked(scores, state)
        checked_k(k, policy.shape[1] - 1)
        chosen = choose_of_scores(_scores(tokens, policy)[:, :-1], k)
        return Assignment(chosen.ids, chosen.weights, chosen.counts, chosen.drops, policy)

    def draw(self, tokens: npt.ArrayLike, policy: Policy, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Draw one expert a token from the policy, int64[T]."""
        features, policy = _checked(tokens, policy)
        likely = np.cumsum(softmax(_scores(features, policy)[:, :-1]), axis=1)
        return np.asarray((rng.random(len(features))[:, None] * likely[:, -1:] >= likely).sum(axis=1))

    def learn(self, tokens: npt.ArrayLike, drawn: npt.ArrayLike, rewards: npt.ArrayLike, policy: Policy) -> Policy:
        """Return the policy after one step.

        Parameters
        ----------
        tokens : float[T, d]
        drawn : int[T]
            The expert of each token, from :meth:`draw`.
        rewards : float[T]
            How well each token did with its expert.
        policy : float64[d + 1, E + 1]

        Raises
        ------
        BadInputError
            If the arrays do not fit each other, or an expert does not exist.
        """
        return np.asarray(policy + self.rate * self.gradient(tokens, drawn, rewards, policy))

    def gradient(self, tokens: npt.ArrayLike, drawn: npt.ArrayLike, rewards: npt.ArrayLike, policy: Policy) -> Policy:
        """Return the direction of ascent, float64[d + 1, E + 1]; parameters as of :meth:`learn`."""
        features, policy = _checked(tokens, policy)
        n_tokens, n_experts = len(features), policy.shape[1] - 1
        experts = as_array(drawn, "experts drawn")
        reward = checked_vector(rewards, n_tokens, np.float64, "rewards")
        if experts.shape != (n_tokens,) or (n_tokens and not (experts.min() >= 0 and experts.max() < n_experts)):
            raise BadInputError(
                f"experts drawn have shape {experts.shape}; one of 0 to {n_experts - 1} a token is needed"
            )
        if not n_tokens:
            return np.zeros_like(policy)
        outputs = _scores(features, policy)
        likely, surplus = softmax(outputs[:, :-1]), reward - outputs[:, -1]
        is_drawn = experts[:, None] == np.arange(n_experts)
        by_score = np.empty_like(outputs)
        by_score[:, :-1] = surplus[:, None] * (is_drawn - likely) - self.balance * _balance_term(likely, is_drawn)
        by_score[:, -1] = self.value * surplus
        return np.asarray(_with_one(features).T @ by_score / n_tokens)


def _balance_term(likely: npt.NDArray[np.floating], is_drawn: npt.NDArray[np.bool_]) -> npt.NDArray[np.floating]:
    """Return T times the gradient of E sum_i f_i P_i with respect to the scores; f is a number, not a function."""
    pull = likely.shape[1] * is_drawn.mean(axis=0)
    return np.asarray(likely * (pull - (likely @ pull)[:, None]))


def _checked(tokens: npt.ArrayLike, policy: Any) -> tuple[npt.NDArray[np.floating], Policy]:
    if policy is None:
        raise BadInputError("rl-r was given no policy; give the one that training ended with as the state")
    features = checked_matrix(tokens, "tokens", "n_features")
    matrix = checked_matrix(policy, "the policy's numbers", "n_experts + 1").astype(np.float64)
    if matrix.shape[0] != features.shape[1] + 1 or matrix.shape[1] < 2:
        raise BadInputError(
            f"the policy has shape {matrix.shape}; tokens of {features.shape[1]} features need "
            f"({features.shape[1] + 1}, n_experts + 1)"
        )
    return features, matrix


def _with_one(features: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    return np.hstack([features, np.ones((len(features), 1))])


def _scores(features: npt.NDArray[np.floating], policy: Policy) -> npt.NDArray[np.float64]:
    return np.asarray(_with_one(features) @ policy)
