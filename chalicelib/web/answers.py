"""What a view gives back, before Chalice: a status, a body, headers. Knows nothing of what the body means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
from chalice.app import Response

JSON_TYPE = "application/json"
HTML_TYPE = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    body: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    embeds_music: bool = False  # the page loads covers and audio from the bucket: its content security policy must allow that

    def to_response(self) -> Response:
        headers: dict[str, str | list[str]] = dict(self.headers)
        if self.cookies:
            headers["Set-Cookie"] = list(self.cookies)
        return Response(body=self.body, status_code=self.status, headers=headers)


def answer_json(body: Any, *, status: int = 200, cookies: tuple[str, ...] = ()) -> Answer:  # anything that msgspec can write
    return Answer(body=msgspec.json.encode(body).decode(), status=status, headers={"Content-Type": JSON_TYPE}, cookies=cookies)


def answer_nothing(*, cookies: tuple[str, ...] = ()) -> Answer:
    return Answer(status=204, headers={"Content-Type": JSON_TYPE}, cookies=cookies)


def redirect(url: str, *, status: int = 303, max_age_s: int = 0, cookies: tuple[str, ...] = ()) -> Answer:
    """303 after a form, 302 to a resource. `max_age_s`: how long this listener's browser may remember it."""
    cache = f"private, max-age={max_age_s}" if max_age_s else "no-store"
    return Answer(status=status, headers={"Location": url, "Content-Type": HTML_TYPE, "Cache-Control": cache}, cookies=cookies)
