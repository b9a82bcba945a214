"""Keeping secrets out of whatever is written or shown: the one place that knows what a secret is and what hides it.

Keys are held by clients alone. Error texts, replies that echo a key, and specs that are kept or shown pass through here
first. A secret that a client was never told of (a key in the words of a domain) is not found.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import quote, unquote, unquote_plus, urlsplit, urlunsplit

import msgspec

from turnwright.records import Json, content_id

__all__ = ["REDACTED", "Secrets", "names_a_secret", "secrets_of", "without_secrets"]

REDACTED = "[REDACTED]"
"""What stands in place of a secret."""
SHORTEST = 6
"""Letters of the shortest secret; anything shorter stands in words by chance."""
_DIGITS_OF_HASH = 6
"""Enough to see that a secret was changed, too few to confirm a guess at it."""

_NAMES = re.compile(
    r"(?:^|[_-])(?:api_?key|access_?key|subscription-?key|key|token|auth|authorization|password|passwd|pwd|secret|"
    r"credentials?|bearer|cookie|sig|signature|jwt)$",
    re.IGNORECASE,
)
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SHAPES = re.compile(
    r"(?:sk|pk|rk)-[\w-]{12,}|gh[pousr]_\w{20,}|hf_\w{16,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}|"
    r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
)
"""Keys that are known by how they begin."""
_LEFT = "/?:@!$'()*,;"
"""What a URL's query may hold unquoted."""
_SCHEMES = frozenset(("bearer", "basic", "digest", "token", "apikey", "negotiate"))
_LIKELY = re.compile(r"(?=.*\d)\S{8,}|\S{16,}")


def names_a_secret(name: str) -> bool:
    """Whether a header, a field or a query key of this name holds a secret (`x-api-key`, `accessToken`)."""
    return _NAMES.search(_HUMPS.sub("_", name)) is not None


class Secrets:
    """Exact values that nothing written or shown may hold; also as a URL or JSON would write them, in any case."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values = sorted({form for value in values for form in _forms(value)}, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, self._values)), re.IGNORECASE) if self._values else None

    def __repr__(self) -> str:
        return f"Secrets({len(self._values)} forms)"

    def among(self, text: str) -> bool:
        """Whether one of them stands in the text."""
        return self._pattern is not None and self._pattern.search(text) is not None

    def redacted(self, text: str) -> str:
        """The text with `[REDACTED]` in place of each, also where a text was cut (`...`) in the middle of one."""
        if self._pattern is None:
            return text
        text = self._pattern.sub(REDACTED, text)
        return self._without_cut(text) if "..." in text or "…" in text else text

    def in_trace(self, error: BaseException) -> bool:
        """Whether an error, or one that led to it, would show one of them in a traceback."""
        links: list[BaseException] = []
        here: BaseException | None = error
        while here is not None and here not in links:
            links.append(here)
            here = here.__cause__ or here.__context__
        return any(self.among(f"{link} {link!r}") for link in links)

    def _without_cut(self, text: str) -> str:
        for value in self._values:
            for length in range(len(value) - 1, SHORTEST - 1, -1):
                for dots in ("...", "…"):
                    text = text.replace(value[:length] + dots, REDACTED)
        return text


def secrets_of(settings: Mapping[str, Json], *, certain: bool = False) -> Iterator[str]:
    """Every secret in the settings of a model: its headers, the credentials and the query of its address, and what
    stands under a secret's name or looks like a key.

    certain: leave out what may be a plain word (`X-Team: support`), for texts in which words must stay as they are.
    """
    for name, value in _leaves(settings):
        if name == "base_url":
            found = list(_of_url(value))
        elif name.startswith("headers.") or any(map(names_a_secret, name.split("."))):
            found = value.split()
        else:
            found = _SHAPES.findall(value)
        yield from (part for part in found if not certain or _LIKELY.fullmatch(part))


def without_secrets(settings: Mapping[str, Json], *, hashed: bool = True) -> dict[str, Json]:
    """The settings of a model as they may be kept and shown.

    All values of headers and of an address's query are taken for secrets, whatever their names.

    hashed: put a few digits of its hash beside each `[REDACTED`, so that a change is still seen.
    """
    mark = _marked if hashed else _unmarked
    return {name: _hidden(value, (name,), mark) for name, value in settings.items()}


def _hidden(value: Json, path: tuple[str, ...], mark: Callable[[Json], str]) -> Json:
    if isinstance(value, Mapping):
        return {name: _hidden(each, (*path, str(name)), mark) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(each, path, mark) for each in value]
    if path == ("base_url",) and isinstance(value, str):
        return _hidden_url(value, mark)
    secret = path[0] == "headers" or (path[0] == "extra_body" and any(map(names_a_secret, path[1:])))
    if secret and value is not None and not isinstance(value, bool):
        return mark(value)
    return _SHAPES.sub(lambda match: mark(match[0]), value) if isinstance(value, str) else value


def _hidden_url(url: str, mark: Callable[[Json], str]) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return REDACTED
    user, at, host = parts.netloc.rpartition("@")
    pairs = [pair.partition("=") for pair in parts.query.split("&") if pair]
    query = "&".join(f"{name}{sign}{mark(value) if value else ''}" for name, sign, value in pairs)
    path = _SHAPES.sub(lambda match: mark(match[0]), parts.path)
    return urlunsplit((parts.scheme, f"{mark(user)}@{host}" if at else host, path, query, ""))


def _marked(value: Json) -> str:
    digits = content_id("secret", value).removeprefix("secret_")[:_DIGITS_OF_HASH]
    return f"{REDACTED[:-1]} {digits}]"


def _unmarked(value: Json) -> str:
    return REDACTED


def _leaves(value: Json, path: str = "") -> Iterator[tuple[str, str]]:
    """Dotted name → text of every text in the settings; what stands in a list has the name of the list."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _leaves(each, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _leaves(each, path)
    elif isinstance(value, str):
        yield path, value


def _of_url(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    user, _, _ = parts.netloc.rpartition("@")
    yield from user.split(":")
    yield from (pair.partition("=")[2] for pair in parts.query.split("&"))
    yield from _SHAPES.findall(parts.path)


def _forms(value: str) -> Iterator[str]:
    """The ways in which a value may come back: as it is, quoted for a URL or for JSON, and what Basic stands for."""
    plain = {value, unquote(value), unquote_plus(value), *_decoded(value)}
    for each in plain:
        written = msgspec.json.encode(each).decode()[1:-1]
        for form in (each, quote(each, safe=""), quote(each, safe=_LEFT), written, written.replace("/", "\\/")):
            if len(form) >= SHORTEST and form.casefold() not in _SCHEMES:
                yield form


def _decoded(value: str) -> tuple[str, ...]:
    """User and password of a Basic authorization; nothing where the value is none."""
    try:
        text = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, ValueError):
        return ()
    return (text, text.partition(":")[2]) if ":" in text and text.isprintable() else ()
