"""What the build in force made its vectors with. Needs no Annoy and no scikit-learn: ingesting reads it too."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.index.scaler import Scaler
from chalicelib.index.timbre_space import TimbreSpace


@dataclass(frozen=True, slots=True)
class InForce:
    scaler: Scaler | None = None
    timbre: TimbreSpace | None = None
