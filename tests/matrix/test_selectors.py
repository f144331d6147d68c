"""Selectors: what Prometheus takes is read, and what it would refuse is told in one line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cs_exporter.matrix.selectors import Matcher, matchers

TAKEN = {
    "": (),
    'job="cs"': (Matcher("job", "=", "cs"),),
    ' job = "a,b=\\"c\\"" , stage=~"one|two"': (Matcher("job", "=", 'a,b="c"'), Matcher("stage", "=~", "one|two")),
    'job!="x",pod!~"y.*"': (Matcher("job", "!=", "x"), Matcher("pod", "!~", "y.*")),
    r'job=~"cs\\d{1,3}"': (Matcher("job", "=~", r"cs\d{1,3}"),),
    'job=~"(?i:cs)-[[:alpha:]*+]+?"': (Matcher("job", "=~", "(?i:cs)-[[:alpha:]*+]+?"),),
    r'job=~"c\\++"': (Matcher("job", "=~", r"c\++"),),
}

REFUSED = {
    "job=cs": "is no list of matchers; write it",
    "job='cs'": "is no list of matchers",
    'job="cs",': "is no list of matchers",
    'j\u00f6b="cs"': "is no list of matchers",
    r'job=~"cs\d"': "is no list of matchers",
    'job="a" or up': "is no list of matchers",
    'job=~"("': "is no regular expression",
    'job!~"*"': "is no regular expression",
    'job=~"a(?=b)"': "has '(?=', which Prometheus does not know",
    'job=~"(?<!a)b"': "has '(?<'",
    r'job=~"(a)\\1"': r"has '\\1'",
    'job=~"a*+"': "has '*+'",
    'job=~"a{2000}"': "has '{2000'",
}


@pytest.mark.parametrize("selector", TAKEN)
def test_what_is_taken(selector: str) -> None:
    """By its parts, without escapes."""
    assert TAKEN[selector] == matchers(selector)


@pytest.mark.parametrize("selector", REFUSED)
def test_what_is_refused(selector: str) -> None:
    """With what is wrong."""
    with pytest.raises(ValueError, match=r"; (?:write|correct) it") as refused:
        matchers(selector)
    assert REFUSED[selector] in str(refused.value)


@pytest.mark.debian
@pytest.mark.parametrize("selector", [*TAKEN, 'job=~"a(?=b)"', 'job=~"a{2000}"', r'job=~"(a)\\1"', 'job=~"a*+"'])
def test_prometheus_is_of_the_same_opinion(selector: str, tmp_path: Path) -> None:
    """What is read here it takes, and the other expressions it refuses."""
    rules = tmp_path / "rules.yml"
    rules.write_text(f"groups:\n- name: a\n  rules:\n  - record: b\n    expr: |-\n      up{{{selector}}}\n")
    done = subprocess.run(["promtool", "check", "rules", rules], capture_output=True, text=True, check=False)
    assert (selector in TAKEN) is (done.returncode == 0), done.stderr


@pytest.mark.parametrize(
    ("matcher", "expected"),
    [
        (Matcher("job", "=", "a|b"), "a|b"),
        (Matcher("job", "=~", "a|b"), "a"),
        (Matcher("job", "=~", "(a|b)"), "a"),
        (Matcher("job", "=~", r"cs\.example|b"), "cs.example"),
        (Matcher("job", "=~", "cs.*"), "cs.*"),
    ],
)
def test_an_example(matcher: Matcher, expected: str) -> None:
    """Is one that it takes."""
    assert expected == matcher.example()
