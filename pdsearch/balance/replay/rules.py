"""A rule: a policy, and when it may rearrange. What a row of the replay's table stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pdsearch.balance.replay.forecasts import Forecast, forecast_of
from pdsearch.balance.replay.policies import POLICIES, Policy
from pdsearch.errors import BadInputError
from pdsearch.named_options import chosen, defaults

SETTINGS: dict[str, Any] = {"interval": 100, "threshold": 0.0, "max_moves": 0, "forecast": "mean"}


@dataclass(frozen=True, eq=False)
class Rule:
    """A policy and its settings.

    Attributes
    ----------
    text : str
        What the rule was built from.
    policy : Policy
        Where to begin and where to go.
    forecast : Forecast
        What the policy is told.
    interval : int
        Steps between two decisions.
    threshold : float
        A layer is rearranged if the seconds that it should save until the next decision are more than this times the
        seconds that its moves take alone. 0: whenever it should save any.
    max_moves : int
        Experts that one rearrangement moves at most, all layers together; those that gain most per expert come first.
        0: no limit.
    """

    text: str
    policy: Policy
    forecast: Forecast
    interval: int
    threshold: float
    max_moves: int


def rule_of(text: str, settings: Mapping[str, Any] | None = None) -> Rule:
    """Build a rule from ``policy:option=value:...``, with the options of the policy and those of a rule.

    Parameters
    ----------
    text : str
        Its ``forecast`` is a name; for a forecast with options give it in ``settings``.
    settings : mapping, optional
        ``interval``, ``threshold``, ``max_moves`` and ``forecast``, where the text names none.

    Raises
    ------
    UnknownNameError
        If there is no such policy or forecast.
    BadInputError
        If there is no such option, or its value makes no sense.

    Examples
    --------
    >>> rule = rule_of("few-moves:moves=4:interval=50", {"forecast": "ewma:weight=0.2"})
    >>> rule.policy, rule.interval, rule.forecast
    (FewMoves(moves=4), 50, EWMA(weight=0.2))
    """
    name, *options = text.split(":")
    kind = POLICIES[name]
    own, settled = defaults(kind), SETTINGS | dict(settings or {})
    values = chosen(name, SETTINGS | own, options)
    policy = kind(**{option: value for option, value in values.items() if option in own})
    settled |= {option: value for option, value in values.items() if option in SETTINGS}
    if settled["interval"] < 1 or not settled["threshold"] >= 0 or settled["max_moves"] < 0:
        raise BadInputError(
            f"interval {settled['interval']}, threshold {settled['threshold']}, moves {settled['max_moves']}; "
            "need an interval of 1 step or more, and the others not negative"
        )
    return Rule(text, policy, forecast_of(settled.pop("forecast")), **settled)
