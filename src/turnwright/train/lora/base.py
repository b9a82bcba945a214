"""The model that a student is tuned from: found in the catalogue or in a folder, known by its hash, loaded once.

Everything of torch and its companions is imported inside functions: they are an extra (`train`) and slow to import.
Nothing is fetched here.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec

from turnwright.errors import InputError
from turnwright.models.catalogue import digest, located
from turnwright.train.lora.settings import Precision

__all__ = ["Base", "Tongue", "base_of", "fold", "load_tongue", "quiet", "require_train"]

EXTRA = ("torch", "transformers", "peft", "trl", "gguf")
_WEIGHTS = (".safetensors", ".bin", ".json", ".model", ".txt", ".jinja")


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """A base model. name: as it was asked for. sha256: of its file, or of all files of its folder."""

    name: str
    path: Path
    sha256: str

    @property
    def gguf(self) -> bool:
        """Whether it is one GGUF file; a folder as Hugging Face writes it otherwise."""
        return self.path.is_file()


class Tongue(msgspec.Struct, frozen=True, kw_only=True):
    """A model ready to run, with its tokenizer. device: `cpu` or `cuda`."""

    model: Any
    tokenizer: Any
    device: str


def require_train() -> None:
    """Raise InputError, saying which extra, where torch or one of its companions is not installed."""
    missing = [name for name in EXTRA if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"{', '.join(missing)} is not installed", fix="pip install 'turnwright[train]'")


def base_of(name: str | Path) -> Base:
    """Find a base model: a name of the catalogue, a GGUF file, or a folder as Hugging Face writes it.

    Raises:
        CatalogueError: there is no such model or file. InputError: the folder holds no model.
    """
    folder = Path(name).expanduser()
    if not folder.is_dir():
        path = located(name)
        return Base(name=str(name), path=path, sha256=digest(path))
    files = sorted(each for each in folder.iterdir() if each.suffix in _WEIGHTS)
    if not any(each.name == "config.json" for each in files) or not any(each.suffix in _WEIGHTS[:2] for each in files):
        raise InputError(
            "the folder holds no model", where=str(folder), fix="it needs config.json, weights and a tokenizer"
        )
    told = "".join(f"{each.name} {digest(each)}\n" for each in files)
    return Base(name=str(name), path=folder, sha256=hashlib.sha256(told.encode()).hexdigest())


def load_tongue(base: Base, precision: Precision = "auto") -> Tongue:
    """Load model and tokenizer, onto a GPU where there is one. precision: see `LoraSettings`.

    Raises:
        InputError: the extra is missing, or the files cannot be read as a model.
    """
    require_train()
    quiet()
    import torch  # an extra, and slow to import
    from transformers import AutoModelForCausalLM, AutoTokenizer

    place, options = _place(base)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    half = precision == "bfloat16" or (precision == "auto" and _computes_half(device))
    try:
        with redirect_stderr(StringIO()):  # a bar over the tensors of a GGUF file that no setting turns off
            tokenizer = AutoTokenizer.from_pretrained(place, **options)
            model = AutoModelForCausalLM.from_pretrained(
                place, dtype=torch.bfloat16 if half else torch.float32, attn_implementation="sdpa", **options
            )
    except (OSError, ValueError, KeyError, RuntimeError) as fault:
        line = " ".join(str(fault).split())[:200]
        raise InputError(
            f"the base model cannot be loaded ({line})", where=str(base.path), fix="try another"
        ) from fault
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return Tongue(model=_full(model).to(device), tokenizer=tokenizer, device=device)


def _computes_half(device: str) -> bool:
    """Whether the device has instructions for bfloat16; without them it is slower than single precision."""
    import torch  # an extra, and slow to import

    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return any(getattr(torch.cpu, name, bool)() for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))


def _full(model: Any) -> Any:
    """A model from a GGUF file has full weights by now, and still says that it is quantized, which nothing may tune."""
    for name in ("hf_quantizer", "quantization_method", "is_quantized"):
        vars(model).pop(name, None)
    vars(model.config).pop("quantization_config", None)
    return model


def _place(base: Base) -> tuple[str, dict[str, Any]]:
    """Where transformers looks, and what it is told; never a hub."""
    if base.gguf:
        return str(base.path.parent), {"gguf_file": base.path.name, "local_files_only": True}
    return str(base.path), {"local_files_only": True}


def quiet() -> None:
    """Keep transformers from asking a hub, drawing bars and printing warnings."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when the libraries are first imported
    from transformers.utils import logging  # an extra, and slow to import

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def fold(tongue: Tongue, *, into: bool = True) -> None:
    """Fold the adapter into the weights, which spares work in answering, or take it out again to learn.

    Weights in bfloat16 are too coarse to take it in, and are left as they are.
    """
    import torch  # an extra, and slow to import
    from peft.tuners.tuners_utils import BaseTunerLayer

    if tongue.model.dtype != torch.float32:
        return
    layers = [each for each in tongue.model.modules() if isinstance(each, BaseTunerLayer)]
    if layers and layers[0].merged != into:
        (tongue.model.merge_adapter if into else tongue.model.unmerge_adapter)()
