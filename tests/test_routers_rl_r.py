"""RL-R: the expected step is the exact gradient, and a toy of clusters is learned without error."""

import itertools

import numpy as np
import pytest

from pdsearch.balance.routers.rl_r import RLR
from pdsearch.errors import BadInputError


def toy(seed=0, n_tokens=3, d=4, n_experts=3):
    rng = np.random.default_rng(seed)
    policy = rng.normal(size=(d + 1, n_experts + 1))
    return rng.normal(size=(n_tokens, d)), rng.random((n_tokens, n_experts)), policy


def likelihoods(tokens, policy):
    scores = np.hstack([tokens, np.ones((len(tokens), 1))]) @ policy
    powers = np.exp(scores[:, :-1])
    return powers / powers.sum(axis=1, keepdims=True), scores[:, -1]


def numerical_gradient(value_of, policy, step=1e-6):
    gradient = np.empty_like(policy)
    for cell in np.ndindex(policy.shape):
        above, below = policy.copy(), policy.copy()
        above[cell] += step
        below[cell] -= step
        gradient[cell] = (value_of(above) - value_of(below)) / (2 * step)
    return gradient


@pytest.mark.parametrize("seed", range(3))
def test_the_expectation_of_the_step_is_the_gradient_of_the_expected_reward(seed):
    tokens, rewards, policy = toy(seed)
    router = RLR(balance=0, value=0)
    likely, _ = likelihoods(tokens, policy)

    expected = np.zeros_like(policy)
    for drawn in itertools.product(range(3), repeat=3):
        chance = np.prod(likely[np.arange(3), drawn])
        expected += chance * router.gradient(tokens, drawn, rewards[np.arange(3), drawn], policy)

    exact = numerical_gradient(lambda p: (likelihoods(tokens, p)[0] * rewards).sum(axis=1).mean(), policy)
    np.testing.assert_allclose(expected, exact, atol=1e-8)


def test_value_and_balance_follow_the_gradients_of_their_losses():
    tokens, rewards, policy = toy(1, n_tokens=5)
    drawn = np.array([0, 0, 2, 1, 0])
    reward = rewards[np.arange(5), drawn]
    shares = np.bincount(drawn, minlength=3) / 5

    plain = RLR(balance=0, value=0).gradient(tokens, drawn, reward, policy)
    of_value = RLR(balance=0, value=0.7).gradient(tokens, drawn, reward, policy) - plain
    of_balance = RLR(balance=0.3, value=0).gradient(tokens, drawn, reward, policy) - plain

    loss = numerical_gradient(lambda p: ((reward - likelihoods(tokens, p)[1]) ** 2).mean() / 2, policy)
    np.testing.assert_allclose(of_value, -0.7 * loss, atol=1e-8)
    loss = numerical_gradient(lambda p: 3 * shares @ likelihoods(tokens, p)[0].mean(axis=0), policy)
    np.testing.assert_allclose(of_balance, -0.3 * loss, atol=1e-8)


def test_draws_are_as_likely_as_the_policy_says():
    tokens, _, policy = toy(2, n_tokens=1)
    drawn = RLR().draw(np.repeat(tokens, 40_000, axis=0), policy, np.random.default_rng(0))

    np.testing.assert_allclose(np.bincount(drawn, minlength=3) / 40_000, likelihoods(tokens, policy)[0][0], atol=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_clusters_are_learned_without_error_in_400_steps_and_the_baseline_helps(seed):
    rng = np.random.default_rng(seed)
    centres, right = rng.normal(size=(8, 16)), rng.permutation(8)
    router, policy = RLR(rate=0.3), RLR.untrained(16, 8)
    for _ in range(400):
        cluster = rng.integers(8, size=256)
        tokens = centres[cluster] + 0.1 * rng.normal(size=(256, 16))
        drawn = router.draw(tokens, policy, rng)
        policy = router.learn(tokens, drawn, drawn == right[cluster], policy)

    cluster = rng.integers(8, size=2000)
    tokens = centres[cluster] + 0.1 * rng.normal(size=(2000, 16))
    assert (router.route(tokens, 1, policy).ids[:, 0] == right[cluster]).all()
    assert likelihoods(tokens, policy)[1].mean() > 0.8  # the value: nearly every draw is rewarded


def test_a_balance_term_spreads_tokens_that_are_rewarded_alike():
    rng = np.random.default_rng(0)
    loads = {}
    for balance in (0.0, 1.0):
        router, policy = RLR(balance=balance, rate=0.5), RLR.untrained(8, 4)
        policy[-1, 0] = 2.0  # a liking for expert 0
        for _ in range(300):
            tokens = rng.normal(size=(256, 8))
            drawn = router.draw(tokens, policy, rng)
            policy = router.learn(tokens, drawn, np.ones(256), policy)
        loads[balance] = likelihoods(rng.normal(size=(4000, 8)), policy)[0].mean(axis=0)
    assert loads[0.0].max() > 0.6
    assert loads[1.0].max() < 0.3


def test_arrays_that_do_not_fit_are_refused():
    policy = RLR.untrained(2, 3)
    with pytest.raises(BadInputError, match="rl-r was given no policy"):
        RLR().route(np.ones((2, 2)), 1)
    with pytest.raises(BadInputError, match="k is 4 and there are 3 experts"):
        RLR().route(np.ones((2, 2)), 4, policy)
    with pytest.raises(BadInputError, match="one of 0 to 2 a token is needed"):
        RLR().learn(np.ones((2, 2)), [0, 3], [1, 1], policy)
    with pytest.raises(BadInputError, match="rewards has shape"):
        RLR().learn(np.ones((2, 2)), [0, 1], [1], policy)
    with pytest.raises(BadInputError, match=r"the policy has shape \(3, 4\); tokens of 5 features"):
        RLR().draw(np.ones((2, 5)), policy, np.random.default_rng(0))
