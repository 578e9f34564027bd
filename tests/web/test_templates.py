"""Templates: what they include stands in them when they are compiled, and reads as if it had been included; icons are drawn by then."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, TemplateNotFound, meta, nodes

from chalicelib.web.icons import draw_icon
from chalicelib.web.rendering import _environment, draw_once
from chalicelib.web.template_loader import InliningLoader

PAGE = """{# a page #}
<ul>
  {% for song in songs %}
  {% include "_row.html" %}
  {% if song %}
  <i>{% include "_mark.html" %}</i>
  {% endif %}
    {% include "_mark.html" %}
  {% endfor %}
</ul>
{% with song = "last" %}{% include "_row.html" %}{% endwith %}
"""
ROW = """{# `song` #}
<li {% include "_mark.html" %}>
  {% if song %}
    {{ song }}
  {% endif %}
</li>
"""
MARK = """{# a mark #}
mark-{{ song }}
"""


def write_templates(folder: Path, **sources: str) -> Path:
    for name, source in sources.items():
        (folder / f"{name}.html").write_text(source)
    return folder


def test_included_templates_read_as_if_they_had_been_included(tmp_path: Path) -> None:
    write_templates(tmp_path, page=PAGE, _row=ROW, _mark=MARK)
    inlined, included = (
        Environment(loader=loader(tmp_path), autoescape=True, trim_blocks=True, lstrip_blocks=True)
        for loader in (InliningLoader, FileSystemLoader)
    )
    pages = [environment.get_template("page.html").render(songs=["<a>", ""]) for environment in (inlined, included)]
    assert pages[0] == pages[1]
    assert "mark-&lt;a&gt;" in pages[0]


def test_a_template_that_includes_itself_is_told(tmp_path: Path) -> None:
    write_templates(tmp_path, _one='{% include "_two.html" %}', _two='{% include "_one.html" %}')
    with pytest.raises(TemplateNotFound, match=r"_one.html includes itself by way of _one.html and _two.html"):
        Environment(loader=InliningLoader(tmp_path), autoescape=True).get_template("_one.html")


def test_no_template_of_the_site_includes_anything_when_it_runs() -> None:
    environment = _environment()
    assert environment.loader is not None
    for name in environment.list_templates(extensions=["html"]):
        parsed = environment.parse(environment.loader.get_source(environment, name)[0])
        assert list(parsed.find_all(nodes.Include)) == [], name


def test_an_icon_that_a_template_names_is_drawn_when_it_is_compiled() -> None:
    environment = _environment()
    assert environment.from_string('{{ "heart" | icon }}').render() == draw_icon("heart")
    assert 'class="icon icon-heart"' in draw_icon("heart")
    code = environment.compile('<b>{{ "heart" | icon }}</b>', raw=True)
    assert f"<b>{draw_icon('heart')}</b>" in code.encode().decode("unicode_escape")
    with pytest.raises(KeyError):
        draw_icon("no such drawing")


@pytest.mark.parametrize("template", ["_links.html", "_player.html"])
def test_what_all_pages_have_in_common_is_drawn_once_and_knows_nobody(template: str) -> None:
    drawn = draw_once(template, "/dev", True)
    assert draw_once(template, "/dev", True) is drawn
    assert draw_once(template, "/other", True) == drawn.replace("/dev/", "/other/") != drawn
    environment = _environment()
    assert environment.loader is not None
    parsed = environment.parse(environment.loader.get_source(environment, template)[0])
    assert meta.find_undeclared_variables(parsed) <= {"urls", "has_player"}


def test_the_player_is_for_pages_that_embed_music() -> None:
    assert "site.js" in draw_once("_links.html", "", True)
    assert "site.js" not in draw_once("_links.html", "", False)
