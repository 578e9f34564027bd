"""Templates to pages. Autoescape is on for all of them; a name that a template does not know is an error, not an empty string."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from chalicelib.recommend.reason_words import say_briefly
from chalicelib.web.answers import HTML_TYPE, Answer
from chalicelib.web.auth import form_token
from chalicelib.web.icons import draw_icon
from chalicelib.web.template_loader import InliningLoader
from chalicelib.web.theme import read_theme
from chalicelib.web.urls import Urls
from chalicelib.web.visit import Visit
from chalicelib.workflows.permissions import may

_FOLDER = Path(__file__).parent / "templates"
_TONES = 12


def render(visit: Visit, template: str, *, status: int = 200, embeds_music: bool = False, **context: Any) -> Answer:
    """`context`: what the template's first comment names. Every template knows `urls`, `user`, `csrf_token`, `now`, `path`,
    `theme`, `may` and `request_id` besides."""
    csrf_token, cookies = form_token(visit)
    body = (
        _environment()
        .get_template(template)
        .render(
            urls=visit.urls,
            user=visit.user,
            csrf_token=csrf_token,
            now=visit.now,
            path=visit.path,
            request_id=visit.request_id,
            has_player=embeds_music,
            theme=read_theme(visit),
            may=partial(may, visit.user),
            max_upload_bytes=visit.settings.max_upload_bytes,
            **context,
        )
    )
    return Answer(body=body, status=status, headers={"Content-Type": HTML_TYPE}, cookies=cookies, embeds_music=embeds_music)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=InliningLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(
        ms=say_milliseconds,
        duration=say_duration,
        ago=say_ago,
        age=say_age,
        iso=say_iso,
        tone=choose_tone,
        sentence=begin_sentence,
        icon=draw_icon,
    )
    environment.globals.update(say_briefly=say_briefly, draw_once=draw_once)
    return environment


@lru_cache(maxsize=16)  # there is one prefix, or few: whoever asks by others draws anew
def draw_once(template: str, prefix: str, has_player: bool) -> Markup:
    """What is the same on every page, whoever asks for it: a fifth of a page's writing."""
    return draw(template, urls=Urls(prefix), has_player=has_player)


def draw(template: str, **context: Any) -> Markup:
    """A part of a page, which knows nothing of who asks."""
    return Markup(_environment().get_template(template).render(**context))  # noqa: S704  # a template's text is escaped where it must be


def begin_sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def choose_tone(track_id: str) -> int:
    """Which of the tones in songs.css a song without a cover has: always the same. covers.js does this sum too."""
    return sum(map(ord, track_id)) % _TONES


def say_duration(seconds: float) -> str:
    """185.2 → 3:05, 3725 → 1:02:05."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def say_milliseconds(duration_ms: float) -> str:
    """0.4 → 0.4 ms, 41.2 → 41 ms, 1534 → 1.53 s. way.js says the same."""
    if duration_ms >= 1000:
        return f"{duration_ms / 1000:.2f} s" if duration_ms < 100_000 else say_age(duration_ms / 1000)
    return f"{duration_ms:.0f} ms" if duration_ms >= 10 else f"{duration_ms:.1f} ms"


def say_iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def say_age(seconds: float) -> str:
    """4.2 → 4 seconds, 5000 → 1 hour."""
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a second"


def say_ago(at: datetime, now: datetime) -> str:
    seconds = max(0, int((now - at).total_seconds()))
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
