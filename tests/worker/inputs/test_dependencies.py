"""What the readers need to run."""

import subprocess
import sys


def test_readers_need_numpy_and_pillow_only():
    """With torch, scipy, pydantic and the web framework out of reach the readers still import."""
    program = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(['torch', 'scipy', 'pydantic', 'fastapi', 'celery', 'redis']))\n"
        "import worker.inputs\n"
        "assert worker.inputs.read_point_cloud(b'\\0\\0\\x80?' * 4, 'a.bin').points.tolist() == [[1.0] * 3]\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_request_loads_no_torch():
    """Checking a request in the API process loads neither torch nor scipy."""
    program = (
        "import sys, worker.inputs.request, worker.inputs.frame_folder\n"
        "assert not {'torch', 'scipy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
