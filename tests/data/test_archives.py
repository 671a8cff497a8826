"""Archives: only the expected plain members, unpacked once, kept whole in the cache."""

import tarfile

import pytest

from apical.data import load
from apical.errors import DataError

from .conftest import files_in, real
from .tiny import FOLDER, GOOD, RAW, archive, plain, write_tar


def special(name: str, kind: bytes, target: str = "") -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member, b""


@pytest.mark.parametrize(
    ("suffix", "mode"), [(".tar", "w"), (".tar.gz", "w:gz"), (".tar.xz", "w:xz")]
)
def test_contents_are_kept_raw_and_read_from_the_cache_later(user, cache, suffix, mode):
    path = write_tar(user / "tiny" / f"tiny{suffix}", [*GOOD, plain("readme.html", b"hi")], mode)
    assert archive().read("tiny") == RAW
    assert files_in(cache) == {"tiny/one.bin", "tiny/two.bin"}
    path.unlink()
    assert archive().read("tiny") == RAW


def test_a_cached_file_is_verified_again(user, cache):
    write_tar(user / "tiny" / "tiny.tar.xz", GOOD)
    archive().read("tiny")
    (cache / "tiny" / "two.bin").write_bytes(RAW["one.bin"])
    with pytest.raises(DataError, match=str(cache / "tiny" / "two.bin")):
        archive().read("tiny")


def test_an_archive_the_user_unpacked_is_found(user, cache):
    (user / "tiny" / FOLDER).mkdir(parents=True)
    for name, raw in RAW.items():
        (user / "tiny" / FOLDER / name).write_bytes(raw)
    assert archive().read("tiny") == RAW
    assert not files_in(cache)


@pytest.mark.parametrize(
    ("member", "says"),
    [
        (plain("../evil", b"!"), "'../evil' points outside"),
        (plain(f"{FOLDER}/../../evil", b"!"), "points outside"),
        (plain("/tmp/evil", b"!"), "'/tmp/evil' points outside"),
        (special("link", tarfile.SYMTYPE, "/etc/passwd"), "'link' is a link"),
        (special("link", tarfile.LNKTYPE, "one.bin"), "'link' is a link"),
        (special(f"{FOLDER}/pipe", tarfile.FIFOTYPE), "is a link or a special file"),
        (special("device", tarfile.CHRTYPE), "is a link or a special file"),
        (plain("bomb", bytes(3_000_000)), "found more"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_an_archive_with_an_unsafe_member_is_refused(user, member, says, first):
    members = [member, *GOOD] if first else [*GOOD, member]
    path = write_tar(user / "tiny" / "tiny.tar.xz", members)
    before = files_in(user.parent)
    with pytest.raises(DataError) as error:
        archive().read("tiny")
    assert str(path) in str(error.value)
    assert says in str(error.value)
    assert files_in(user.parent) == before


@pytest.mark.parametrize(
    ("members", "says"),
    [
        (GOOD[:1], "expected two.bin in batches/"),
        ([GOOD[0], plain(f"{FOLDER}/two.bin", RAW["one.bin"])], "member batches/two.bin"),
        ([GOOD[0], plain(f"{FOLDER}/two.bin", RAW["two.bin"][:-1])], "expected 10240 bytes"),
        ([], "expected"),
    ],
)
def test_an_archive_with_wrong_contents_is_refused(user, cache, members, says):
    write_tar(user / "tiny" / "tiny.tar.gz", members, "w:gz")
    with pytest.raises(DataError, match=says):
        archive().read("tiny")
    assert not files_in(cache)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.95])
@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_a_truncated_archive_is_refused(user, cache, mode, share):
    path = write_tar(user / "tiny" / "tiny.tar", GOOD, mode)
    size = len(RAW["one.bin"]) * 2 if mode == "w" else path.stat().st_size
    path.write_bytes(path.read_bytes()[: int(share * size)])
    with pytest.raises(DataError, match=r"tiny\.tar"):
        archive().read("tiny")
    assert not files_in(cache)


def test_without_a_writable_cache_it_loads_with_a_warning(user, tmp_path, monkeypatch):
    # Below a regular file nothing can be made, even by root.
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("APICAL_CACHE", str(tmp_path / "file" / "cache"))
    write_tar(user / "tiny" / "tiny.tar.xz", GOOD)
    with pytest.warns(UserWarning, match="cannot write .*cache"):
        assert archive().read("tiny") == RAW


@pytest.mark.hard
def test_cifar_10_is_whole(user):
    folder = real("cifar-10")
    (user / "cifar-10").symlink_to(folder)
    dataset = load("cifar-10")
    again = load("cifar-10")
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (45000, 5000, 10000)
    assert dataset.shape == (32, 32, 3)
    assert dataset.classes[3] == "cat"
    assert (dataset.test.y[:4] == [3, 8, 8, 0]).all()  # cat, ship, ship, airplane
    assert (dataset.train.x == again.train.x).all()
