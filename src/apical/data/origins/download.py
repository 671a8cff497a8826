"""Downloading a parcel into the cache, where only verified contents ever arrive."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from apical.data.origins.cache import keep, partial_file
from apical.data.origins.parcel import Parcel
from apical.errors import DataError

TIMEOUT = 30  # seconds without a byte


def download(parcel: Parcel, folder: Path) -> Mapping[str, bytes]:
    """The verified contents of `parcel` from the first mirror that has them, kept in `folder`.

    **Raises:** `DataError` if the folder cannot be written to, or no mirror gives the contents.
    """
    faults = []
    try:
        with partial_file(folder) as partial:
            for url in parcel.urls:
                try:
                    _fetch(url, partial)
                    contents = parcel.unpack(partial, where=url)
                except (_request_error(), DataError) as error:
                    faults.append(f"  {error}" if url in str(error) else f"  {url}: {error}")
                    continue
                keep(contents, folder)
                return contents
    except OSError as error:
        raise DataError(
            f"{folder}: expected to keep a download here, but it cannot be written to ({error}). "
            "Set APICAL_CACHE to a writable folder, or APICAL_DATA to one that has the files."
        ) from error
    raise DataError("no mirror gave it:\n" + "\n".join(faults))


def _fetch(url: str, path: Path) -> None:
    import pooch

    pooch.get_logger().info("Downloading %s", url)
    pooch.HTTPDownloader(timeout=TIMEOUT, chunk_size=1 << 20)(url, str(path), None)


def _request_error() -> type[Exception]:
    from requests import RequestException

    return RequestException
