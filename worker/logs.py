"""Structured logs: one event a line, with the job and the request it belongs to, and without passwords."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog
from structlog.typing import Processor

from worker.settings import Settings

# What stands between `://` and the host of a URL, and the secret half of an API key.
_SECRETS: Final = (
    (re.compile(r"(?<=://)[^\s/\"'<>]*@"), "***@"),
    (re.compile(r"(?<=\bsemalign_[0-9a-f]{12}_)[\w-]{20,}"), "***"),
)

_TASK: Final = re.compile(r"\bTask semalign\.\w+\[([0-9a-f]{32})\]")


def redacted(text: str) -> str:
    """Return a text without the passwords of the URLs, and without the keys, that stand in it."""
    for secret, replacement in _SECRETS:
        text = secret.sub(replacement, text)
    return text


def configure_logging(settings: Settings) -> None:
    """Send the logs of this process, our own and the libraries', to standard error as the settings say."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _with_job_of_task],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(settings), _redacted],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())


def _with_job_of_task(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Name the job of which Celery speaks: a task has the id of its job."""
    if "job_id" not in event and (task := _TASK.search(str(event["event"]))):
        event["job_id"] = task[1]
    return event


def _rendering(settings: Settings) -> list[Processor]:
    if settings.log_format == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    # Plain tracebacks: the rich ones print local variables, which may hold passwords, and take seconds.
    return [
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
    ]


def _redacted(_: Any, __: str, line: Any) -> str:
    """Redact a line when it is whole: tracebacks and messages of libraries are in it."""
    return redacted(str(line))
