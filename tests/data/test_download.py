"""Downloads over real HTTP on this machine: only what is whole and verified is kept."""

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from apical.data import download
from apical.errors import DataError, WriteError
from tests.disks import mounted

from .conftest import files_in
from .tiny import GOOD, RAW, archive, single, write_tar

GZ = gzip.compress(RAW["one.bin"], mtime=0)
FETCH = download._fetch


@pytest.fixture
def server(no_network, monkeypatch, tmp_path):
    """Serves `pages`; a page that is a pair promises the second number of bytes."""
    monkeypatch.setattr(download, "_fetch", FETCH)
    pages = {
        "/good.gz": GZ,
        "/short.gz": (GZ[: len(GZ) // 2], len(GZ)),
        "/half.gz": GZ[: len(GZ) // 2],
        "/other.gz": gzip.compress(RAW["two.bin"]),
        "/page.gz": b"<html>moved</html>",
        "/tiny.tar.gz": write_tar(tmp_path / "tiny.tar.gz", GOOD, "w:gz").read_bytes(),
        "/tiny.tar": write_tar(tmp_path / "tiny.tar", GOOD, "w").read_bytes(),
        "/bad.tar.gz": write_tar(tmp_path / "bad.tar.gz", GOOD[:1], "w:gz").read_bytes(),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            page = pages.get(self.path)
            if page is None:
                self.send_error(404)
                return
            body, promised = page if isinstance(page, tuple) else (page, len(page))
            self.send_response(200)
            self.send_header("Content-Length", str(promised))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


def test_a_good_file_is_kept_raw_and_not_fetched_twice(server, cache, monkeypatch):
    assert single(f"{server}/good.gz").read("tiny") == {"one.bin": RAW["one.bin"]}
    assert files_in(cache) == {"tiny/one.bin"}
    assert (cache / "tiny/one.bin").stat().st_mode & 0o444 == 0o444
    assert single().read("tiny") == {"one.bin": RAW["one.bin"]}  # no mirror left


def test_a_good_archive_is_kept_raw(server, cache):
    assert archive(f"{server}/tiny.tar.gz").read("tiny") == RAW
    assert files_in(cache) == {"tiny/one.bin", "tiny/two.bin"}


@pytest.mark.parametrize("page", ["short.gz", "half.gz", "other.gz", "page.gz", "none.gz"])
def test_a_bad_file_is_never_kept(server, cache, page):
    url = f"{server}/{page}"
    with pytest.raises(DataError) as error:
        single(url).read("tiny")
    assert url in str(error.value)
    assert "APICAL_DATA" in str(error.value)
    assert ".partial" not in str(error.value)
    assert not files_in(cache)
    assert not single().is_here("tiny")


def test_a_bad_archive_is_never_kept(server, cache):
    with pytest.raises(DataError, match=r"two\.bin"):
        archive(f"{server}/bad.tar.gz").read("tiny")
    assert not files_in(cache)


def test_mirrors_are_tried_in_turn(server, cache):
    mirrors = [f"{server}/{page}" for page in ("none.gz", "half.gz", "good.gz")]
    assert single(*mirrors).read("tiny") == {"one.bin": RAW["one.bin"]}
    assert files_in(cache) == {"tiny/one.bin"}


def test_every_mirror_that_failed_is_named(no_network, cache):
    with pytest.raises(DataError) as error:
        single("http://a/one.gz", "http://b/one.gz").read("tiny")
    assert no_network == ["http://a/one.gz", "http://b/one.gz"]
    assert all(url in str(error.value) for url in no_network)
    assert not files_in(cache)


def test_an_interrupted_download_leaves_nothing(monkeypatch, cache):
    def interrupted(url, path):
        path.write_bytes(GZ[:100])
        raise KeyboardInterrupt

    monkeypatch.setattr(download, "_fetch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        single("http://mirror/one.gz").read("tiny")
    assert not files_in(cache)


def test_a_read_only_cache_is_named_with_the_remedy(no_network, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("APICAL_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(WriteError) as error:
        single("http://mirror/one.gz").read("tiny")
    assert "\n" not in str(error.value)
    for part in (str(tmp_path / "file" / "cache" / "tiny"), "APICAL_CACHE", "APICAL_DATA"):
        assert part in str(error.value)
    assert not no_network  # refused before a long download


def test_a_disk_that_fills_up_is_not_taken_for_a_bad_mirror(monkeypatch, cache):
    def full(url, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download, "_fetch", full)
    with pytest.raises(WriteError, match=r"written \(No space left on device\); make room there"):
        single("http://mirror/one.gz").read("tiny")
    assert not files_in(cache)


@pytest.mark.parametrize("page", ["tiny.tar", "tiny.tar.gz"])
def test_a_cache_without_room_keeps_nothing_by_half(server, tmp_path, monkeypatch, page):
    """The disk is too small for the archive, for what is in it, for the second file of it."""
    disk = tmp_path / "disk"
    monkeypatch.setenv("APICAL_CACHE", str(disk))
    with mounted(disk, "size=4k") as change:
        for room in (4, 16):
            change(f"size={room}k")
            with pytest.raises(WriteError, match=f"^{disk}/tiny: .*No space left") as told:
                archive(f"{server}/{page}").read("tiny")
            assert "\n" not in str(told.value)
            assert files_in(disk) <= {"tiny/one.bin"}
        change("size=64k")
        assert archive(f"{server}/{page}").read("tiny") == RAW


def test_relative_folders_are_fine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("APICAL_DATA", "mine")
    (tmp_path / "mine" / "tiny").mkdir(parents=True)
    (tmp_path / "mine" / "tiny" / "one.bin.gz").write_bytes(GZ)
    assert single().read("tiny") == {"one.bin": RAW["one.bin"]}
    assert str(tmp_path / "mine") in single().status("tiny")
