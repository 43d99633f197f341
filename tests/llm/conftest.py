"""The scripted server's fixtures, also where only this folder's tests run."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "server"))

from fixtures import scripted_server, server_key  # noqa: E402, F401
