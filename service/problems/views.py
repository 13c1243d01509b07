"""What can be wrong with asking for a job's view, its files or its result in another format."""

from service.problems.refusal import Refusal


class ViewNotReady(Refusal):
    """The job has nothing to show yet, or ended without it."""

    type_, title, status = "view-not-ready", "View not ready", 409
    sentence = "The job has nothing to show: its classes are there when the calibration ends."


class ResultNotReady(Refusal):
    """The job has no result yet, or ended without one."""

    type_, title, status = "result-not-ready", "Result not ready", 409
    sentence = "The job has no result to write: wait until it has ended."


class InputsDeleted(Refusal):
    """What was sent is deleted."""

    type_, title, status = "inputs-deleted", "Inputs deleted", 410
    sentence = "What was sent for this job is deleted: send it again to see or to use it."


class UnknownInput(Refusal):
    """The job was sent without such a file."""

    type_, title, status = "unknown-input", "Unknown input", 404
    sentence = "The job was sent without a file of this name: its view lists those it has."


class InvalidCalibrationFile(Refusal):
    """A calibration file cannot be read, or a calibration not be written in a format."""

    type_, title, status = "invalid-calibration-file", "Invalid calibration file", 422
    sentence = "Send a calibration file of KITTI, nuScenes, ROS, Autoware, OpenCalib, OpenCV or semalign."
