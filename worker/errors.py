"""Errors that the parts of the worker say to each other."""


class Cancelled(Exception):  # noqa: N818 - it says what happened to the job, which is no fault
    """The attempt at this job must stop: it was cancelled, deleted, or taken over by another worker.

    A progress callback raises it; the pipeline lets it pass.
    """


class BrokerUnavailable(Exception):  # noqa: N818 - names the state the caller has to wait out
    """The broker did not take the message: nothing was queued."""
