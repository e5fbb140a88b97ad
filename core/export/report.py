"""The certificate as one page that a person can read and print: no script, nothing from outside."""

from importlib import resources

from jinja2 import Environment

from core.export.certificate import RED_METRIC_LOSS_POINTS, Certificate
from core.export.targets import Precision


def page(certificate: Certificate, precision: Precision) -> str:
    """HTML; every text is escaped."""
    source = resources.files("core.export").joinpath("certificate.html").read_text(encoding="utf-8")
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)
    return template.render(it=certificate, found=certificate.findings, how=precision, red=RED_METRIC_LOSS_POINTS)
