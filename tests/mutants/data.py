"""Data: what is verified, and how image files are read."""

from tests.mutants.mutant import Mutant

IMAGES = "tests/data/test_images.py"
FILES = "tests/data/test_image_files.py"
STREAMS = "tests/training/test_image_streams.py"

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
        "ImageOps.exif_transpose(image)",
        "image.copy()",
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
    Mutant(
        "image files: labels in the order in which val/ is told",
        "data/image_files/layouts.py",
        "dict(zip(names, lines, strict=True))",
        "dict(zip(names, lines[::-1], strict=True))",
        (f"{FILES}::test_every_file_that_tells_classes_is_read",),
    ),
    Mutant(
        "image files: a member is read from its header on",
        "data/image_files/trees.py",
        "yield path.as_posix(), member.offset_data, member.size",
        "yield path.as_posix(), member.offset, member.size",
        (f"{FILES}::test_a_tar_file_tells_what_its_folder_tells",),
    ),
    Mutant(
        "image files: an inner tar file's offset is forgotten",
        "data/image_files/trees.py",
        "at = begins + offset",
        "at = offset",
        (f"{FILES}::test_imagenets_own_tar_files_are_read_as_they_are",),
    ),
    Mutant(
        "image files: a synset with children is a class",
        "data/image_files/layouts.py",
        'if not int(s["num_children"])',
        "if True",
        (f"{FILES}::test_a_wrong_tree_is_named",),
    ),
    Mutant(
        "image files: held-out images are trained on",
        "data/image_files/source.py",
        "_taken(part, ~drawn), _taken(part, drawn)",
        "part, _taken(part, drawn)",
        (f"{FILES}::test_validation_is_a_tenth_of_each_class_and_val_is_the_test_set",),
    ),
    Mutant(
        "image files: a damaged cache is taken",
        "data/image_files/kept.py",
        'zlib.crc32(found.data) == told["crc32"]',
        "True",
        (f"{FILES}::test_a_damaged_cache_is_made_anew",),
    ),
    Mutant(
        "image files: a changed file is not noticed",
        "data/image_files/kept.py",
        "path.stat().st_mtime_ns",
        "0",
        (f"{FILES}::test_changed_files_are_decoded_again",),
    ),
    Mutant(
        "image files: a camera's remark is not read",
        "data/image_files/decoding.py",
        'or b"Exif\\0" in raw[:EXIF]',
        "",
        (f"{FILES}::test_an_image_is_turned_as_its_camera_says",),
    ),
    Mutant(
        "framings: the square for measuring is in a corner",
        "data/image_files/framings.py",
        "(columns - side) / 2, (rows - side) / 2",
        "0.0, 0.0",
        (f"{FILES}::test_the_frame_for_measuring_is_in_the_middle",),
    ),
    Mutant(
        "framings: the same frames in every epoch",
        "training/stream.py",
        "(seed << 64) + row",
        "row",
        (f"{STREAMS}::test_frames_depend_on_seed_epoch_and_image_alone",),
    ),
    Mutant(
        "image files: frames for training are those for measuring",
        "training/stream.py",
        ".drawn(chance)",
        ".__array__()",
        (f"{STREAMS}::test_frames_depend_on_seed_epoch_and_image_alone",),
    ),
    Mutant(
        "image files: labels of another chunk",
        "training/stream.py",
        "join((x, self._split.y[part])",
        "join((x, self._split.y[parts[0]])",
        (f"{STREAMS}::test_files_train_as_their_pixels_do_bit_for_bit",),
    ),
)
