"""How many instructions a kernel's step takes, from its disassembly (``nvdisasm -c``).

The control flow graph is cut down to the blocks without global memory, atomics, fences, sleeps and the detours for
diverged warps; what can still be run again and again and votes (the step's ballots) is the step. Blocks for goals,
packets and looks fall out, as they touch global memory. All instructions of the step are counted, as if a lane took
each branch.
"""

import re
import shutil
from collections import Counter
from pathlib import Path

_COLD = re.compile(
    r"\b(ATOM|ATOMG|RED|REDG|NANOSLEEP|MEMBAR|SHFL|STG|EXIT|RET|BAR)\b|COLLECTIVE|LDG\S*\.STRONG|ERRBAR|CCTL"
)
_LINE = re.compile(r"/\*[0-9a-f]{4,}\*/\s+(.*?)\s*;")


def tool(name):
    """Return the path of one of NVIDIA's tools, of the toolkit or of its wheel; None if there is none."""
    found = shutil.which(name)
    if found is None:
        try:
            import nvidia
        except ImportError:
            return None
        files = [file for folder in nvidia.__path__ for file in Path(folder).glob("*/bin/nvdisasm")]
        found = str(files[0]) if files else None
    return found


def blocks(text):
    """Return the instructions of each block, and the blocks that may follow it."""
    names, body, label = ["start"], {"start": []}, "start"
    for line in text.splitlines():
        if match := re.match(r"\s*(\.L_x_\w+):", line):
            label = match[1]
        elif match := _LINE.search(line):
            if label is None:
                label = f"after {names[-1]} {len(names)}"
            if label not in body:
                names.append(label)
                body[label] = []
            body[label].append(match[1])
            if re.search(r"\b(BRA|EXIT|RET|BRX)\b", match[1]):
                label = None
    follows = {}
    for i, name in enumerate(names):
        last = body[name][-1] if body[name] else ""
        follows[name] = re.findall(r"\(?(\.L_x_\w+)\)?", last) if "BRA" in last else []
        if i + 1 < len(names) and not re.match(r"(BRA(?!\.DIV|\.CONV)|EXIT|RET)", last):
            follows[name].append(names[i + 1])
    return body, follows


def step(text):
    """Return the instructions of a step by kind: the ones that may follow each other around its votes."""
    body, follows = blocks(text)
    hot = {name for name, lines in body.items() if not any(_COLD.search(line) for line in lines)}
    votes = [name for name in hot if any("VOTE" in line for line in body[name])]

    def reach(start, edges):
        found, waiting = set(), [start]
        while waiting:
            for to in edges[waiting.pop()]:
                if to in hot and to not in found:
                    found.add(to)
                    waiting.append(to)
        return found

    back = {name: [other for other in body if name in follows[other]] for name in body}
    loops = [reach(name, follows) & reach(name, back) for name in votes]
    around = max(loops, key=len)
    kinds = [re.sub(r"^@!?U?P\w+\s+", "", line).split()[0].split(".")[0] for name in around for line in body[name]]
    return Counter(kind for kind in kinds if kind != "NOP")
