"""Data: what is verified, and how image files are read."""

from tests.mutants.mutant import Mutant

IMAGES = "tests/data/test_images.py"

MUTANTS = (
    Mutant(
        "files: the digest is not looked at",
        "data/verified_files.py",
        "if found != self.md5:",
        "if False:",
        ("tests/data/test_damage.py::test_a_damaged_file_is_named_and_never_passed_over",),
    ),
    Mutant(
        "images: black strokes lie on a black ground",
        "data/images.py",
        "abs(drawn - ground) < CONTRAST",
        "False",
        (f"{IMAGES}::test_black_strokes_on_a_transparent_ground_are_black_on_white",),
    ),
    Mutant(
        "images: the EXIF orientation is ignored",
        "data/images.py",
        "ImageOps.exif_transpose(file)",
        "file.copy()",
        (f"{IMAGES}::test_the_exif_orientation_is_followed",),
    ),
    Mutant(
        "images: grey of 16 bits is clipped, as Pillow does it",
        "data/images.py",
        "(grey + 128) // 257",
        "np.minimum(grey, 255)",
        (f"{IMAGES}::test_grey_of_16_bits_keeps_its_levels",),
    ),
    Mutant(
        "images: white is 255 whatever the data set's range",
        "data/images.py",
        "(data.white / WHITE)",
        "1",
        (f"{IMAGES}::test_examples_have_the_range_and_the_ground_of_their_data_set",),
    ),
)
