"""What a run is asked for: settings, and the values that some of them are."""

from apical.settings.loop import Loop
from apical.settings.settings import Settings
from apical.settings.unsupervised import Unsupervised

__all__ = ["Loop", "Settings", "Unsupervised"]
