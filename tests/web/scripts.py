"""Small scripts that tests of pages run in the browser: where to look, what to do, what to measure.

Apart from the tests, so that those read as what a reader of the page does.
"""

from __future__ import annotations

ROWS = "document.querySelectorAll('.hosts tbody tr').length"
FIRST = ".hosts tbody tr:first-child"
SELECT = f"getSelection().selectAllChildren(document.querySelector('{FIRST} th a'))"
SAYS_PAUSED = "document.getElementById('said').innerText.startsWith('This page is paused')"
SLOW_PARSER = """(parse => {
  DOMParser.prototype.parseFromString = function (...given) {
    for (const end = performance.now() + 1600; performance.now() < end;);
    return parse.apply(this, given);
  };
})(DOMParser.prototype.parseFromString)"""
UNFOLD = "document.querySelectorAll('details').forEach(one => { one.open = true; })"
WIDER = (
    "[...document.querySelectorAll('.scroll,pre')].filter(one => one.scrollWidth > one.clientWidth)"
    ".map(one => one.outerHTML)"
)
"""What would have to be scrolled sideways."""
REFRESH = "document.dispatchEvent(new Event('visibilitychange'))"


def displays(selector: str) -> str:
    """The CSS displays of all that the selector finds, each once, in a line."""
    found = f"[...document.querySelectorAll({selector!r})].map(one => getComputedStyle(one).display)"
    return f"[...new Set({found})].sort().join(' ')"
