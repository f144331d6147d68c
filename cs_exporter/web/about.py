"""What this is, that it asks on its own timer and why, and which pages there are; below the status itself.

Most exporters ask during the scrape; whoever expects that of this one must find out here why it does not.
"""

from __future__ import annotations

from html import escape
from importlib.resources import files
from string import Template

from cs_exporter.web.frame import Site

_ABOUT = Template(files("cs_exporter.web").joinpath("about.html").read_text("utf-8"))

PAGES = (
    ("/?q=…&state=…&symptom=…&zone=…", "", "this page, filtered"),
    ("/?host=…", "", "one host: its symptoms, what was asked and answered, the last outcomes"),
    ("/status.json", "/status.json", "the same as JSON, with the same filters; every host that matches"),
    ("/runbooks/", "/runbooks/", "what every symptom means, where to look, how to mend it"),
    ("/probe?host=…&probe=…", "", "one run of one probe on one host, now, as metrics of its own"),
    ("/history?host=…&probe=…", "", "the last outcomes with time, duration, reason and detail (JSON)"),
    ("/sd", "/sd", "all hosts, for Prometheus' http_sd_config (JSON)"),
    ("/config", "/config", "the configuration in force, secrets hidden"),
    ("/-/healthy", "/-/healthy", "200 while the process is alive"),
    ("/-/ready", "/-/ready", "200 once every probe has run on every host, 503 before"),
    ("/-/reload", "", "POST: take in the configuration anew, as SIGHUP does"),
)
"""Path as shown, path of the link (none where one has to add something), what it is."""


def about(site: Site) -> str:
    """The section, as HTML."""
    pages = [(site.metrics, site.metrics, "the metrics: text or OpenMetrics, by what the client asks for")]
    pages += [(site.prefix + shown, site.prefix + path if path else "", what) for shown, path, what in PAGES]
    listed = "\n".join(f"<dt>{_linked(shown, path)}</dt><dd>{escape(what)}</dd>" for shown, path, what in pages)
    return _ABOUT.substitute(metrics=escape(site.metrics), pages=listed)


def _linked(shown: str, path: str) -> str:
    code = f"<code>{escape(shown)}</code>"
    return f'<a href="{escape(path)}">{code}</a>' if path else code
