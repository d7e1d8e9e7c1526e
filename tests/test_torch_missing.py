"""What the packages that need torch say where it is not, and that nothing else imports it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None  # makes `import torch` fail as if it were not installed
from pdsearch.errors import MissingDependencyError
for name in ("learned.lpr", "learned.smear", "torch", "torch.recorder"):
    try:
        __import__("pdsearch.balance." + name)
    except MissingDependencyError as error:
        assert str(error) == "torch is not installed; run: pip install 'pdsearch-hda[torch]'", error
    else:
        raise AssertionError(name)
"""


def test_without_torch_the_packages_say_so_in_one_line():
    run = subprocess.run([sys.executable, "-c", WITHOUT_TORCH], cwd=ROOT, capture_output=True, text=True)

    assert run.returncode == 0, run.stderr


def test_listing_all_routers_imports_no_torch():
    code = "import sys; from pdsearch.balance.routers import ROUTERS as r; len(r); print('torch' in sys.modules)"

    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)

    assert run.stdout.strip() == "False", run.stderr
