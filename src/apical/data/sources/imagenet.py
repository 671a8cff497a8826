"""A thousand kinds of things, in photographs of any size; or a part of them.

Source: O. Russakovsky et al., "ImageNet large scale visual recognition challenge", 2015.
"""

from apical.data.image_files.framings import AlexNet
from apical.data.image_files.source import ImageSource
from apical.data.preprocessing import Normalise

SOURCE = ImageSource(
    name="imagenet",
    about="O. Russakovsky et al.; research use",
    framing=AlexNet(),
    preprocessing=Normalise(),
    complete=(1_281_167, 50_000),
)
