"""Settings for all tests."""

from hypothesis import settings

# The machine may be busy: what is proved here are results, never times.
settings.register_profile("busy", deadline=None)
settings.load_profile("busy")
