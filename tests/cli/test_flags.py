"""What the flags of settings are read as, and how settings are written as flags."""

import pytest

from apical.cli.support.flags import cli
from apical.errors import UsageError
from apical.networks.activations import relu
from apical.networks.layers import Conv, Fc
from apical.networks.transmission import Sign
from apical.settings import Settings
from apical.settings.schedules import Cosine
from apical.settings.turns import ByBatch
from apical.values.arguments import flags, words


def read(*args: str) -> Settings:
    def command(settings: Settings = Settings()) -> Settings:
        return settings

    return cli(command, list(args), "apical test")


CHANGED = Settings(
    hidden=(Conv((3, 3), 8, 2), Fc(5, Sign()), Fc(4)), activation=relu, schedule=Cosine(),
    alternate=ByBatch(), bias=False, optimizer_args={"b1": 0.5},
)  # fmt: skip


def test_settings_are_read_from_the_flags_they_are_written_as():
    written = " ".join(flags(CHANGED, Settings()))
    assert "--hidden conv:3x3,8,s2 5,sign 4" in written
    assert read(*written.split()) == CHANGED
    back = " ".join(flags(Settings(), CHANGED))
    assert read(*back.split()) == Settings()


@pytest.mark.parametrize("name", ["--hidden", "--net"])
def test_layers_have_two_names(name):
    assert read(name, "fc:9,sign", "7").hidden == (Fc(9, Sign()), Fc(7))
    assert read(f"{name}=7").hidden == (Fc(7),)
    with pytest.raises(UsageError, match="hidden, net: both name the hidden layers"):
        read("--hidden", "9", "--net", "fc:7")


@pytest.mark.parametrize("none", ["none", "None"])
def test_nothing_is_none(none):
    assert read("--alternate", none, "--output", none) == Settings()
    assert words(None) == "None"
