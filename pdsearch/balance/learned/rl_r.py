"""RL-R: routing as a policy, learned by REINFORCE with a value baseline and a balance term.

Clark et al. (2022), "Unified Scaling Laws for Routed Language Models", arXiv 2202.01169, section 3.3: in training an
expert is sampled from the softmax of the scores, in evaluation the best is taken; the reward of a token is how well
its next token is predicted, and a linear value head is the baseline. The losses are those whose step
:mod:`pdsearch.balance.routers.rl_r` writes out. For k experts the sample is without
replacement (Plackett-Luce; Kool, van Hoof and Welling, 2019, arXiv 1903.06059), of which k = 1 is the paper's case.
Left out: the paper's schedules of the coefficients.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pdsearch.balance.learned._module import RouterModule
from pdsearch.balance.learned._module import seeded as seeded
from pdsearch.balance.torch._tensors import Group, checked_mask, counts_of, token_mean, wide
from pdsearch.balance.torch.choice import Routing, top_ids, weights_at
from pdsearch.balance.torch.losses import auxiliary_loss
from pdsearch.errors import BadInputError


class PolicyRouter(RouterModule):
    """A linear policy over experts and a linear value of the token.

    Parameters
    ----------
    n_features, n_experts : int
    balance : float
        Weight of the auxiliary loss.
    value : float
        Weight of half the baseline's squared error.
    renormalise, scale
        As of :class:`pdsearch.balance.learned._module.RouterModule`.

    Examples
    --------
    >>> router = seeded(PolicyRouter, 0, 8, 4)
    >>> tokens = torch.randn(3, 8)
    >>> routing = router(tokens, k=1)
    >>> sorted(router.reinforce(tokens, routing.ids, reward=torch.ones(3)))
    ['policy', 'value']
    """

    def __init__(
        self,
        n_features: int,
        n_experts: int,
        balance: float = 0.01,
        value: float = 0.1,
        *,
        renormalise: bool | None = None,
        scale: float = 1.0,
    ) -> None:
        super().__init__(n_features, n_experts, renormalise=renormalise, scale=scale)
        self.balance, self.value = balance, value
        self.policy = nn.Linear(n_features, n_experts)
        self.baseline = nn.Linear(n_features, 1)

    def scores(self, tokens: Tensor) -> Tensor:
        """Return the policy's logits."""
        scores: Tensor = self.policy(tokens)
        return scores

    def forward(self, tokens: Tensor, k: int, mask: Tensor | None = None, group: Group = None) -> Routing:
        """Return experts sampled in training, the best in evaluation, and the auxiliary loss."""
        scores = self.scores(tokens)
        if not self.training:
            return self.chosen(scores, k, mask, tokens.dtype)
        mask, wider = checked_mask(mask, tokens.shape[:-1]), wide(scores)
        # The k largest of scores plus Gumbel noise are a sample of k without replacement.
        noise = -torch.log(-torch.log(torch.rand_like(wider).clamp(1e-20, 1 - 1e-7)))
        ids = top_ids(wider + noise, k)
        weights = weights_at(wider, torch.softmax(wider, dim=-1), ids, "softmax", self.renormalise) * self.scale
        if mask is not None:
            weights = weights * mask[..., None].to(weights.dtype)
        counts = counts_of(ids, self.n_experts, mask)
        even = auxiliary_loss(scores, counts, mask=mask, group=group, coefficient=self.balance)
        return Routing(ids, weights.to(tokens.dtype), counts, {"balance": even})

    def reinforce(
        self, tokens: Tensor, ids: Tensor, reward: Tensor, mask: Tensor | None = None, group: Group = None
    ) -> dict[str, Tensor]:
        """Return the policy's and the baseline's losses once the reward is known.

        Parameters
        ----------
        tokens : float[..., d]
        ids : int64[..., k]
            Those that the forward pass sampled.
        reward : float[...]
            The more the better; no gradient goes through it.
        mask : bool[...], optional
        group : process group, optional
        """
        mask = checked_mask(mask, tokens.shape[:-1])
        if reward.shape != tokens.shape[:-1]:
            raise BadInputError(
                f"the reward has shape {tuple(reward.shape)}; {tuple(tokens.shape[:-1])}, one a token, is needed"
            )
        worth = wide(self.baseline(tokens))
        gain = wide(reward)[..., None].detach().to(worth.dtype) - worth
        sampled = log_probability(wide(self.scores(tokens)), ids)[..., None]
        return {
            "policy": -token_mean(gain.detach() * sampled, mask, group)[0],
            "value": self.value * token_mean(gain**2 / 2, mask, group)[0],
        }


def log_probability(scores: Tensor, ids: Tensor) -> Tensor:
    """Return the logarithm of the probability to draw ``ids``, int64[..., k], in this order, none twice.

    >>> log_probability(torch.zeros(1, 2), torch.tensor([[1, 0]])).exp().tolist()
    [0.5]
    """
    total = scores.new_zeros(scores.shape[:-1])
    for slot in range(ids.shape[-1]):
        drawn = ids[..., slot : slot + 1]
        total = total + torch.log_softmax(scores, dim=-1).gather(-1, drawn)[..., 0]
        scores = scores.scatter(-1, drawn, -torch.inf)
    return total
