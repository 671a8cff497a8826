"""What a run's epochs are judged by, and how it is shown."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """A number of each split, of which more is better.

    !!! example

        >>> Score("accuracy", percent=True).shown(0.5)
        '50.00 %'
        >>> Score("log joint").metric("val"), Score("log joint").shown(-12.5, 0.25)
        ('val_log_joint', '-12.50 ± 0.25')
    """

    name: str
    percent: bool = False
    """Whether it is a part of 1, shown in per cent."""

    def metric(self, split: str) -> str:
        """Its name where a run's numbers are kept."""
        return f"{split}_{self.name.replace(' ', '_')}"

    def shown(self, value: float, std: float | None = None) -> str:
        """A value with its standard deviation over seeds, if there are several."""
        times, unit = (100, " %") if self.percent else (1, "")
        spread = "" if std is None else f" ± {times * std:.2f}"
        return f"{times * value:.2f}{spread}{unit}"
