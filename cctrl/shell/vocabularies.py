"""Which vocabulary speaks for which kind of service; each is imported when first needed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from cctrl.config import KINDS, Config, Service
from cctrl.outcome import ConfigError
from cctrl.registry import Vocabulary

if TYPE_CHECKING:
    from cctrl.manager.keeper import Keeper


def vocabulary(kind: str) -> Vocabulary:
    """The vocabulary for services of `kind`. Raises ConfigError where this version has none."""
    return cast(Vocabulary, _named(kind, "VOCABULARY", "commands"))


def keeper(kind: str) -> Callable[[Config, Service, Callable[[str], None]], Keeper]:
    """What makes the manager's part of services of `kind`. Raises ConfigError where this version has none."""
    return cast("Callable[[Config, Service, Callable[[str], None]], Keeper]", _named(kind, "keeper", "manager"))


def _named(kind: str, name: str, what: str) -> Any:
    if kind in KINDS:
        try:
            module = importlib.import_module(f"cctrl.{kind}")
        except ModuleNotFoundError as error:
            if error.name != f"cctrl.{kind}":
                raise
        else:
            if hasattr(module, name):
                return getattr(module, name)
    raise ConfigError(
        f"this version of cctrl has no {what} for services of kind {kind}",
        next="-service NAME chooses a service of kind dataservice",
    )
