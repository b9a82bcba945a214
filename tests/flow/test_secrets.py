"""Secrets: keys that are planted wherever a spec can hold one turn up in nothing that a run writes or says."""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from turnwright.models import Message, Request
from turnwright.models.redaction import REDACTED
from turnwright.models.scripts import obliging
from turnwright.store import read_run
from turnwright.store.packing import unpack

MINI_SHOP = Path(__file__).parents[1] / "fixtures" / "mini_shop"
KEYS = {
    "environment": "sk-env-7f3a9c21d4aa",
    "authorization": "header-bearer-55aa17",
    "x-api-key": "x-api-0c4e9977be",
    "custom": "gateway-91c0ffee77",
    "query": "query/secret+66zz",
    "extra": "extra-body-1b2c3d4e",
    "nested": "nested-8899aabbcc",
}
SPEC = """\
version: 1
name: planted
domain: {domain}
seed: 5
scenarios: {scenarios}
models:
  one:
    kind: openai
    base_url: {url}/v1?api_key=query%2Fsecret%2B66zz
    model: mini
    api_key_env: PLANTED_KEY
    extra_body: {{api_key: extra-body-1b2c3d4e, routing: {{authToken: nested-8899aabbcc}}, top_k: 5}}
  two:
    kind: openai
    base_url: {url}/v1
    model: maxi
    headers: {{Authorization: Bearer header-bearer-55aa17, x-api-key: x-api-0c4e9977be, X-Team: gateway-91c0ffee77}}
roles: {{user: one, teacher: two}}
export: {{formats: [openai, sharegpt, trl]}}
run: {{concurrency: 4, durability: process, keep_requests: true}}
"""


class Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a child that is killed leaves its calls."""


class Endpoint:
    """Answers as a good model would, and gives away every key that it was sent: in words, and in errors."""

    def __init__(self) -> None:
        self.seen = ""
        self.calls = 0
        self.refuses = False
        self.enough = threading.Event()
        endpoint = self

        class Answerer(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = endpoint.answer(f"{self.path} {dict(self.headers)}", json.loads(body))
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.server = Server(("127.0.0.1", 0), Answerer)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, head: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.calls += 1
        self.seen += head + json.dumps(body)
        if self.calls >= 25:
            self.enough.set()
        leak = f"you sent {body.get('api_key')}, {body.get('routing')}, {head}"
        if self.refuses:
            return 401, {"error": {"message": leak}}
        if self.calls % 13 == 4:
            return 500, {"error": {"message": leak}}
        if self.calls % 47 == 7:
            return 400, {"odd": [leak]}
        messages = tuple(Message(role=one["role"], content=one["content"] or "") for one in body["messages"])
        schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
        said = obliging(Request(messages=messages, seed=body["seed"], json_schema=schema))
        if self.calls % 3 == 0 and schema is None:
            said += f" {leak}"
        return 200, {
            "choices": [{"message": {"role": "assistant", "content": said}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 5, "completion_tokens": 5},
        }


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    running = Endpoint()
    yield running
    running.server.shutdown()
    running.server.server_close()


def write(folder: Path, url: str, scenarios: int = 10) -> Path:
    path = folder / "factory.yaml"
    path.write_text(SPEC.format(domain=MINI_SHOP, url=url, scenarios=scenarios))
    return path


def child(spec: Path, folder: Path, *more: str, told: str = "run") -> subprocess.Popen[str]:
    command = [sys.executable, "-X", "dev", "-m", "turnwright", told, str(spec), "--folder", str(folder), *more]
    environment = {**os.environ, "PLANTED_KEY": KEYS["environment"]}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)


def everything(folder: Path) -> bytes:
    """All bytes of all files, and what is packed in the databases among them."""
    parts = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    parts += [gzip.decompress(part) for part in parts if part.startswith(b"\x1f\x8b")]
    for database in folder.rglob("*.db"):
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
            for (table,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                for row in opened.execute(f'SELECT * FROM "{table}"'):
                    parts += [plain(cell) for cell in row]
    return b"\n".join(parts)


def plain(cell: object) -> bytes:
    if isinstance(cell, bytes):
        with suppress(zlib.error):  # not packed
            return cell + b"\n" + unpack(cell)
        return cell
    return str(cell).encode()


def leaked(text: bytes) -> list[str]:
    forms = {name: {key, key.replace("+", "%2B"), quote(key, safe="")} for name, key in KEYS.items()}
    low = text.lower()
    return [name for name, written in forms.items() if any(one.lower().encode() in low for one in written)]


def test_no_planted_key_is_found_in_anything_that_a_run_writes_or_says(endpoint: Endpoint, tmp_path: Path) -> None:
    spec, folder = write(tmp_path, endpoint.url), tmp_path / "out"
    killed = child(spec, folder)
    assert endpoint.enough.wait(60)
    killed.kill()
    said = killed.communicate()[0]
    assert leaked(everything(folder)) == [], "after a kill, with its write-ahead log"
    ended = child(spec, folder)
    said += ended.communicate(timeout=120)[0]
    assert ended.returncode == 0, said
    assert set(leaked(endpoint.seen.encode())) == set(KEYS), "every key was sent"
    written = everything(folder)
    assert b"you sent" in written, "what the endpoint gave away was written, without the keys"
    assert REDACTED.encode() in written
    assert leaked(written) == []
    bundled = child(spec, folder, "--to", str(tmp_path / "bundle"), told="bundle")
    said += bundled.communicate(timeout=120)[0]
    assert bundled.returncode == 0, said
    bundle = everything(tmp_path / "bundle")
    assert b"you sent" in bundle
    assert leaked(bundle) == []
    assert leaked(said.encode()) == []


def test_a_refusal_that_echoes_every_key_is_told_without_them(endpoint: Endpoint, tmp_path: Path) -> None:
    endpoint.refuses = True
    ended = child(write(tmp_path, endpoint.url), tmp_path / "out")
    said = ended.communicate(timeout=60)[0]
    assert ended.returncode != 0
    assert "you sent" in said
    assert "check the key in PLANTED_KEY" in said or "check the key in api_key_env" in said
    assert leaked(said.encode() + everything(tmp_path / "out")) == []


def test_the_spec_that_a_run_keeps_shows_that_a_key_was_changed_but_no_key(endpoint: Endpoint, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    child(write(tmp_path, endpoint.url, scenarios=1), folder).communicate(timeout=60)
    with read_run(folder) as run:
        models = run.spec["models"]
    assert models["two"]["headers"]["Authorization"].startswith("[REDACTED ")
    assert models["one"]["extra_body"]["top_k"] == 5
    assert models["one"]["api_key_env"] == "PLANTED_KEY"
    other = write(tmp_path, endpoint.url, scenarios=1)
    other.write_text(other.read_text().replace(KEYS["custom"], "gateway-0000000000"))
    changed = child(other, folder)
    said = changed.communicate(timeout=60)[0]
    assert changed.returncode == 2
    assert "models.two.headers.X-Team" in said
    assert "gateway" not in said


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("api_key_env: PLANTED_KEY", "api_key: sk-env-7f3a9c21d4aa", "unknown key"),
        ("base_url: http://", "base_url: http://me:x-api-0c4e9977be@", "user or password"),
        ("X-Team: gateway-91c0ffee77", "X-Team: [gateway-91c0ffee77]", "models.two"),
        ("x-api-key: x-api-0c4e9977be", '"x-api-key": "x-api-0c4e9977be\\nX-More: 1"', "x-api-key"),
        (KEYS["nested"], f"{KEYS['nested']}, bad: [1", "valid YAML"),
        ("model: maxi", "model: [header-bearer-55aa17]", "model"),
        ("kind: openai", "kind: open", "kind"),
    ],
)
def test_a_spec_that_is_refused_is_refused_without_showing_a_key(
    old: str, new: str, told: str, endpoint: Endpoint, tmp_path: Path
) -> None:
    spec = write(tmp_path, endpoint.url)
    spec.write_text(spec.read_text().replace(old, new))
    refused = child(spec, tmp_path / "out")
    said = refused.communicate(timeout=60)[0]
    assert refused.returncode == 2, said
    assert told in said
    assert leaked(said.encode()) == []
    assert not (tmp_path / "out" / "run.db").exists()
