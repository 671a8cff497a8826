"""Two hundred classes of ImageNet, in images of 64 x 64 pixels, or a part of them.

Source: Y. Le & X. Yang, "Tiny ImageNet visual recognition challenge", 2015 (Stanford CS 231N).
"""

from apical.data.image_files.framings import Resized
from apical.data.image_files.source import ImageSource
from apical.data.preprocessing import Standardise

SOURCE = ImageSource(
    name="tiny-imagenet",
    about="Y. Le, X. Yang, of ImageNet's images; research use",
    framing=Resized(64),
    preprocessing=Standardise(),
    complete=(100_000, 10_000),
    small=True,
)
