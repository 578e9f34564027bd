"""Reads templates, each with the templates that it includes by name put in their places: included at run time one costs a context and a
look for it each, and a page of forty cards has 160. What is included reads as if it stood there: what it sets is set behind it too.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from jinja2 import Environment, FileSystemLoader, TemplateNotFound

# With the white space that the environment takes from around blocks that have a line of their own.
_INCLUDE = re.compile(r'(?:^[ \t]+)?\{% include "([a-z_]+\.html)" %\}(?:\n(?:[ \t]+(?=\{[%#]))?)?', re.MULTILINE)


class InliningLoader(FileSystemLoader):
    """For an environment that trims its blocks."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source, path, is_current = super().get_source(environment, template)
        return self._put_in(environment, source, (template,)), path, is_current

    def _put_in(self, environment: Environment, source: str, includers: tuple[str, ...]) -> str:
        def read(found: re.Match[str]) -> str:
            name = found[1]
            if name in includers:
                raise TemplateNotFound(name, message=f"{name} includes itself by way of {' and '.join(includers)}.")
            included, _, _ = super(InliningLoader, self).get_source(environment, name)
            return self._put_in(environment, included.removesuffix("\n"), (*includers, name))

        return _INCLUDE.sub(read, source)
