"""The widths and colour schemes in which every page must hold: a phone and a desk, light and dark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest

Scheme = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Look:
    width: int
    height: int
    scheme: Scheme

    @property
    def name(self) -> str:
        return f"{self.width}-{self.scheme}"

    @property
    def is_phone(self) -> bool:
        return self.width < 700


PHONE = Look(390, 844, "light")
DESK = Look(1280, 900, "light")
PHONE_DARK = Look(390, 844, "dark")
DESK_DARK = Look(1280, 900, "dark")
EVERY_LOOK = (PHONE, DESK, PHONE_DARK, DESK_DARK)

in_every_look = pytest.mark.parametrize("look", EVERY_LOOK, ids=lambda look: look.name)
at_both_widths = pytest.mark.parametrize("look", [PHONE, DESK], ids=lambda look: look.name)
