"""Ten classes of ImageNet that are easily told apart, in photographs; or a part of them.

Source: J. Howard, "Imagenette", 2019 (github.com/fastai/imagenette).
"""

from apical.data.image_files.framings import AlexNet
from apical.data.image_files.source import ImageSource
from apical.data.preprocessing import Normalise

SOURCE = ImageSource(
    name="imagenette",
    about="J. Howard, of ImageNet's images; research use",
    framing=AlexNet(),
    preprocessing=Normalise(),
    complete=(9_469, 3_925),
)
