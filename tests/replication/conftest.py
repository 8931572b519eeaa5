"""Property tests of the core: no deadline on a busy machine, and nothing left behind."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "core", deadline=None, database=None, max_examples=80, suppress_health_check=[HealthCheck.filter_too_much]
)
settings.load_profile("core")
