"""What can be wrong with an address, a method or a parameter."""

from service.problems.refusal import Refusal


class NotFound(Refusal):
    """There is no such page."""

    type_, title, status = "not-found", "Not found", 404
    sentence = "There is nothing at this address: /docs lists what there is."


class UnknownJob(Refusal):
    """There is no such job."""

    type_, title, status = "unknown-job", "Unknown job", 404
    sentence = "There is no job with this id: it was deleted, or never accepted."


class UnknownRig(Refusal):
    """There is no such rig."""

    type_, title, status = "unknown-rig", "Unknown rig", 404
    sentence = "There is no rig of this name: it was forgotten, or never sent a frame."


class MethodNotAllowed(Refusal):
    """The page knows other methods only."""

    type_, title, status = "method-not-allowed", "Method not allowed", 405
    sentence = "This address does not answer to this method: the header Allow lists those it does."


class OverlayNotReady(Refusal):
    """The job has no overlay yet, or ended without one."""

    type_, title, status = "overlay-not-ready", "Overlay not ready", 409
    sentence = "The job has no overlay: it is drawn when the calibration ends."


class InvalidParameter(Refusal):
    """A parameter in the address, or a header, is wrong."""

    type_, title, status = "invalid-parameter", "Invalid parameter", 422
    sentence = "A parameter in the address, or a header, is not one of those allowed."
