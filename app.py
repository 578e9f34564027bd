"""The HTTP entry point, for `chalice deploy` and for the front on one machine. Owns nothing but the wiring of the web to the
stores; importing it opens no connection and reads no setting.
"""

from __future__ import annotations

from chalice import Chalice

from chalicelib import bootstrap
from chalicelib.web.application import set_up
from chalicelib.web.wiring import Wiring

app = Chalice(app_name="timbre")
set_up(app, Wiring(stores=bootstrap))
