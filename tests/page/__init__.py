"""The page of `apical report`."""
