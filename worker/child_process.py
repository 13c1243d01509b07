"""Processes started by this one: they get their own session, and end when it ends."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def start(command: Sequence[str], *, environment: Mapping[str, str] | None = None, log: Path | None = None) -> "Child":
    """Start `command` in its own session, so that a Ctrl-C in the terminal reaches this process alone.

    On Linux the child is killed when this process ends without having stopped it. Call it from the main thread: the
    kernel takes the end of the thread that started the child for the end of this process.

    Args:
        command: Program and arguments.
        environment: Variables added to this process's own.
        log: File that its output is appended to; this process's own output if None.

    Raises:
        OSError: The program cannot be started.
    """
    variables = {**os.environ, **(environment or {})}
    if log is None:
        return Child(_popen(command, variables, None))
    with log.open("ab") as output:
        return Child(_popen(command, variables, output.fileno()))


def _popen(command: Sequence[str], variables: Mapping[str, str], output: int | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - the commands are this package's own
        command,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        preexec_fn=_end_with_parent(),  # noqa: PLW1509 - no other thread holds a lock that it needs
    )


class Child:
    """A process that was started here."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Its process id, which is also the id of its group."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def stop(self, grace_s: float) -> None:
        """Send SIGTERM; after `grace_s` seconds kill it with all that it started."""
        if self.is_alive:
            self._process.terminate()
        try:
            self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Send SIGKILL to it and its group."""
        if self.is_alive:
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


def _end_with_parent() -> Callable[[], None] | None:
    """Return what the child runs before its program: it asks the kernel to kill it at the parent's end."""
    if sys.platform != "linux":
        return None
    # Both are looked up before the fork: after it, only plain system calls are safe.
    parent, prctl = os.getpid(), ctypes.CDLL(None).prctl

    def prepare() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)  # the parent ended between fork and prctl

    return prepare
