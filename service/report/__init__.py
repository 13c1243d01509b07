"""The report of a job: one HTML file that needs nothing else, to attach to a vehicle's record."""

from service.report.content import ReportContent, ReportedFile
from service.report.file_name import report_file_name
from service.report.render import POLICY, render_report

__all__ = ["POLICY", "ReportContent", "ReportedFile", "render_report", "report_file_name"]
