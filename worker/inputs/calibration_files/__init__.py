"""Calibration files as people have them: intrinsics and extrinsics of other tools, read and written."""

from worker.inputs.calibration_files.calibration import FrameChoice, SensorCalibration
from worker.inputs.calibration_files.formats import FORMATS, format_of, read_calibration

__all__ = ["FORMATS", "FrameChoice", "SensorCalibration", "format_of", "read_calibration"]
