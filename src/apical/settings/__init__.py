"""What a run is asked for: settings, and the values that some of them are."""

from apical.settings.settings import Settings

__all__ = ["Settings"]
