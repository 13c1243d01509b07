"""The Python of the documentation runs."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Documents whose Python blocks are programs; the blocks of one document run in order and share their names.
RUNNABLE = ("docs/conventions.md",)
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("document", RUNNABLE)
def test_python_blocks_run(document):
    """Every block runs, with line numbers of the document in its traceback."""
    text = (ROOT / document).read_text()
    blocks = list(_BLOCK.finditer(text))
    assert len(blocks) == text.count("```python") > 0
    names: dict[str, object] = {"__name__": document}
    for block in blocks:
        lines_before = text.count("\n", 0, block.start(1))
        exec(compile("\n" * lines_before + block[1], ROOT / document, "exec"), names)
