"""Runs: what is written, and what a full disk or a damaged file leaves."""

from tests.mutants.mutant import Mutant

CHECKPOINTS = "tests/runs/test_checkpoints.py"
DISK = "tests/runs/test_full_disk.py"
WHEREVER = f"{DISK}::test_wherever_the_disk_fills_up_the_run_goes_on_bit_for_bit"

MUTANTS = (
    Mutant(
        "checkpoints: arrays are read by their order",
        "runs/checkpoints.py",
        "entries = (io.BytesIO(archive.read(name)) for name in names)",
        "entries = (io.BytesIO(archive.read(name)) for name in archive.namelist()[: len(names)])",
        (f"{CHECKPOINTS}::test_arrays_come_back_to_the_last_bit",),
    ),
    Mutant(
        "checkpoints: an array of another shape is taken",
        "runs/checkpoints.py",
        "if (array.shape, array.dtype) != (wanted.shape, wanted.dtype):",
        "if array.dtype != wanted.dtype:",
        (f"{CHECKPOINTS}::test_arrays_of_another_network_are_refused_by_name",),
    ),
    Mutant(
        "checkpoints: the older ones are kept, the new ones go",
        "runs/checkpoints.py",
        "sorted(saved)[:-KEPT]",
        "sorted(saved)[KEPT:]",
        (f"{CHECKPOINTS}::test_two_are_kept",),
    ),
    Mutant(
        "writing: the old file is written over at once",
        "runs/writing.py",
        'part = path.with_name(f"{path.name}.part")',
        "part = path",
        (
            "tests/runs/test_writing.py::test_what_is_written_by_half_when_the_disk_fills_up_is_removed",
        ),
    ),
    Mutant(
        "writing: half a line stays",
        "runs/writing.py",
        "            file.truncate(before)\n",
        "",
        (WHEREVER,),
    ),
    Mutant(
        "writing: half a file stays beside the whole one",
        "runs/writing.py",
        "part.unlink(missing_ok=True)",
        "pass",
        (WHEREVER,),
    ),
    Mutant(
        "writing: the folder of a run is made again",
        "runs/checkpoints.py",
        "self.folder.parent.mkdir(exist_ok=True)",
        "self.folder.parent.mkdir(parents=True, exist_ok=True)",
        (f"{CHECKPOINTS}::test_the_folder_of_a_run_is_not_made_again",),
    ),
)
