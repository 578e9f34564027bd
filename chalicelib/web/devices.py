"""A device in words, from what its browser says of itself. Good enough to tell one's own devices apart; never trusted for anything."""

from __future__ import annotations

import re

_BROWSERS = (  # the first that fits: most call themselves Chrome or Safari too
    (re.compile(r"\bEdgA?/"), "Edge"),
    (re.compile(r"\bOPR/"), "Opera"),
    (re.compile(r"\bVivaldi/"), "Vivaldi"),
    (re.compile(r"\bSamsungBrowser/"), "Samsung Internet"),
    (re.compile(r"\b(?:Firefox|FxiOS)/"), "Firefox"),
    (re.compile(r"\b(?:Chrome|CriOS|HeadlessChrome|Chromium)/"), "Chrome"),
    (re.compile(r"\bVersion/.*\bSafari/"), "Safari"),
)
_SYSTEMS = (
    (re.compile(r"\biPhone\b"), "iPhone"),
    (re.compile(r"\biPad\b"), "iPad"),
    (re.compile(r"\bAndroid\b"), "Android"),
    (re.compile(r"\bCrOS\b"), "ChromeOS"),
    (re.compile(r"\bWindows\b"), "Windows"),
    (re.compile(r"\bMac OS X\b|\bMacintosh\b"), "macOS"),
    (re.compile(r"\bLinux\b|\bX11\b"), "Linux"),
)
_PROGRAM = re.compile(r"^([A-Za-z][A-Za-z0-9._-]{1,30})/")
_UNKNOWN = "Unknown device"
_READ = 400


def describe_device(user_agent: str) -> str:
    """`Firefox on Linux`, `curl (a program)`."""
    told = user_agent[:_READ]
    browser = next((name for pattern, name in _BROWSERS if pattern.search(told)), "")
    system = next((name for pattern, name in _SYSTEMS if pattern.search(told)), "")
    if browser:
        return f"{browser} on {system}" if system else browser
    program = _PROGRAM.match(told)
    if program and program[1] != "Mozilla":
        return f"{program[1]} (a program)"
    return f"A browser on {system}" if system else _UNKNOWN
