"""How far a run got that has not ended in full."""

from apical.runs.folder import RunFolder


def unfinished(folder: RunFolder) -> str | None:
    """How the run stopped, and after which epoch each seed was last saved; None for a whole run."""
    if folder.finished:
        return None
    config = folder.config()
    ended = (folder.path / "summary.json").exists()
    status = folder.read("summary.json")["status"] if ended else "still training, or killed"
    epochs = config["settings"]["epochs"]
    seeds = range(config["seed"], config["seed"] + config["seeds"])
    saved = ", ".join(f"seed {s} after {_saved(folder, s)} of {epochs} epochs" for s in seeds)
    return f"{folder.path} is an unfinished run ({status}): {saved}"


def _saved(folder: RunFolder, seed: int) -> int:
    checkpoints = folder.checkpoints(seed)
    latest = checkpoints.latest()
    checkpoints.close()
    return latest
