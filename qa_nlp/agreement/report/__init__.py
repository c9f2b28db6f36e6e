"""The report of an agreement study: one self-contained page."""

from qa_nlp.agreement.report.page import report_html

__all__ = ["report_html"]
