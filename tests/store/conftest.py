"""Stores that are closed at the end of each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cctrl.store.sqlite import SqliteStore

OpenStore = Callable[..., SqliteStore]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store's file, in a directory that is not there yet."""
    return tmp_path / "state" / "cctrl.db"


@pytest.fixture
def opened(path: Path) -> Iterator[OpenStore]:
    """Opens stores: `opened()` the one at `path`, `opened(another, timeout=…)` any."""
    stores: list[SqliteStore] = []

    def open_store(where: Path = path, **options: object) -> SqliteStore:
        stores.append(SqliteStore(where, **options))  # type: ignore[arg-type]  # the options of SqliteStore
        return stores[-1]

    yield open_store
    for store in stores:
        store.close()
