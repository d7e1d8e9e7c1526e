"""A plan as a person sees it on the screen, and as it is written to files."""

from __future__ import annotations

from pdsearch.domains import Domain, State
from pdsearch.result import Result

_SHOWN = 2000  # characters of a plan that are printed unasked


def has_notation(domain: Domain) -> bool:
    """Say whether a domain writes plans in another way than move by move: alignments, paths on a map."""
    return type(domain).show_plan is not Domain.show_plan


def plan_text(domain: Domain, result: Result) -> str:
    """Return the operators, a line each, and the cost in a last line that begins with a semicolon; of every plan."""
    costs = f" ({domain.cost_words})" if domain.cost_words else ""
    return "".join(
        "".join(f"{operator}\n" for operator in plan) + f"; cost = {cost}{costs}\n" for cost, plan in result.all_plans
    )


def on_screen(domain: Domain, result: Result, shown: str | None, plan_file: str | None, solution: str | None) -> str:
    """Return the summary, and the plan unless a file gets it: move by move, or as the domain writes it."""
    text = result.summary() + "\n"
    if shown is not None:
        return text if solution is not None else f"{text}{_shortened(shown, '--solution')}\n"
    if not result.plan or plan_file is not None:
        return text
    words = f"plan, {domain.move_words}" if domain.move_words else "plan"
    others = [f"  of cost {cost}: {', '.join(plan)}" for cost, plan in result.all_plans[1:]]
    text += _shortened("\n".join([f"  {words}: {', '.join(result.plan)}", *others]), "--plan-file") + "\n"
    if domain.has_picture:
        text += _beside(domain.show(domain.initial), domain.show(_end(domain, result.plan)))
    return text


def _end(domain: Domain, plan: list[str]) -> State:
    """Return the state that a plan leads to."""
    state = domain.initial
    for name in plan:
        operator = next(one for one in domain.operators(state) if domain.operator_name(one) == name)
        state, _ = domain.apply(state, operator)
    return state


def _beside(start: str, end: str) -> str:
    """Return the first state and the last, side by side."""
    left, right = start.splitlines(), end.splitlines()
    wide = max(map(len, left))
    arrows = ["  -->  " if row == (len(left) - 1) // 2 else "       " for row in range(len(left))]
    return "".join(f"    {one:<{wide}}{arrow}{other}\n" for one, arrow, other in zip(left, arrows, right, strict=True))


def _shortened(text: str, option: str) -> str:
    """Return a text, or where it is long its beginning and the option that writes all of it."""
    if len(text) <= _SHOWN:
        return text
    return f"{text[: _SHOWN // 2].rstrip()} ...\n(too long to show; {option} FILE writes it)"
