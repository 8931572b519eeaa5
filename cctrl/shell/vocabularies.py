"""Which vocabulary speaks for which kind of service; each is imported when first needed."""

from __future__ import annotations

import importlib
from typing import cast

from cctrl.config import KINDS
from cctrl.outcome import ConfigError
from cctrl.registry import Vocabulary


def vocabulary(kind: str) -> Vocabulary:
    """The vocabulary for services of `kind`. Raises ConfigError where this version has none."""
    if kind in KINDS:
        try:
            module = importlib.import_module(f"cctrl.{kind}")
        except ModuleNotFoundError as error:
            if error.name != f"cctrl.{kind}":
                raise
        else:
            if hasattr(module, "VOCABULARY"):
                return cast(Vocabulary, module.VOCABULARY)
    raise ConfigError(
        f"this version of cctrl has no commands for services of kind {kind}",
        next="-service NAME chooses a service of kind dataservice",
    )
