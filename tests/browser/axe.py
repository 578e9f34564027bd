"""axe-core against a page: WCAG 2.2 AA and the best practices finds nothing. The script comes with a package: no network."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_OPTIONS = {"runOnly": {"type": "tag", "values": _TAGS}, "resultTypes": ["violations"]}
_CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}


def check_axe(page: Page, within: str | None = None) -> None:
    """Fails with every violation: which rule, which element, what to do. `within`: a selector, when only a part is meant."""
    _check(page, within, _OPTIONS)


def check_contrast(page: Page, within: str | None = None) -> None:
    """Only what changes with the colour scheme."""
    _check(page, within, _CONTRAST)


def _check(page: Page, within: str | None, options: dict[str, Any]) -> None:
    violations = _find_violations(page, within, options)
    assert not violations, f"{page.url}\n" + "\n".join(violations)


def _find_violations(page: Page, within: str | None, options: dict[str, Any]) -> list[str]:
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_read_axe())
    _let_animations_end(page)
    found = page.evaluate("([within, options]) => axe.run(within || document, options)", [within, options])
    return [_describe(violation, node) for violation in found["violations"] for node in violation["nodes"]]


def _let_animations_end(page: Page) -> None:
    """Half-faded text has half its contrast. What never ends (a spinner) is not waited for."""
    page.evaluate(
        """() => Promise.all(document.getAnimations()
            .filter((animation) => animation.effect?.getComputedTiming().endTime !== Infinity)
            .map((animation) => animation.finished.catch(() => null)))"""
    )


def _describe(violation: dict[str, Any], node: dict[str, Any]) -> str:
    return f"{violation['id']} at {' '.join(map(str, node['target']))}: {node['failureSummary']}"


@cache
def _read_axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
