"""How commands fail: one sentence on stderr and an exit status, never a traceback for what a user can change."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer

from models.errors import ModelError, UnknownModelError
from service.client import InvalidJobIdError, NotReadyError, RefusedError, SemalignError, UnauthorizedError
from worker.inputs import InputError

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_NOT_ENDED = 5
# Of a search that came to its end, by its verdict; a profile without a verdict promises nothing, and breaks nothing.
# And of an evaluation.
EXIT_OF_VERDICT: Final = {"high": 0, None: 0, "low": 3, "rejected": 4, "aligned": 0, "drifted": 3, "cannot_tell": 4}
_WHERE_KEYS_GO = "Commands take it from SEMALIGN_API_KEY; `semalign keys new NAME` makes one, on the server."
_EXTRA_OF_MODULE = {"torch": "worker", "scipy": "worker", "matplotlib": "bench"}


class CommandError(Exception):
    """A command cannot go on.

    Attributes:
        message: a sentence that says what is wrong and what to change.
        exit_status: 2 where what the user gave cannot be used, as for unknown options; 1 otherwise.
    """

    def __init__(self, message: str, exit_status: int = EXIT_FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.exit_status = exit_status


@contextmanager
def errors_as_sentences() -> Iterator[None]:
    """Print what went wrong and leave with its exit status."""
    try:
        yield
    except InputError as error:
        _leave(error.message, EXIT_BAD_INPUT, error)
    except CommandError as error:
        _leave(error.message, error.exit_status, error)
    except ModelError as error:
        _leave(str(error), EXIT_BAD_INPUT if isinstance(error, UnknownModelError) else EXIT_FAILED, error)
    except NotReadyError as error:
        _leave(str(error), EXIT_NOT_ENDED, error)
    except UnauthorizedError as error:
        _leave(f"{error} {_WHERE_KEYS_GO}" if error.status == 401 else str(error), EXIT_BAD_INPUT, error)
    except (RefusedError, InvalidJobIdError) as error:
        _leave(str(error), EXIT_BAD_INPUT, error)
    except SemalignError as error:
        _leave(str(error), EXIT_FAILED, error)
    except ModuleNotFoundError as error:
        if (extra := _EXTRA_OF_MODULE.get(error.name or "")) is None:
            raise
        message = f"{error.name} is not installed here, which computing needs: pip install 'semalign[{extra}]'."
        _leave(message, EXIT_FAILED, error)


def _leave(message: str, exit_status: int, cause: Exception) -> None:
    typer.echo(f"Error: {message}", err=True)
    raise typer.Exit(exit_status) from cause
