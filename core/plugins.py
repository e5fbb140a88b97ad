"""Plugins are found, never listed: what the modules of a package declare of one kind."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

T = TypeVar("T")


def declared(package: str, kind: Callable[..., T]) -> Iterator[T]:
    """One instance of each class that stands in a module of the package, module by module. What is abstract, has a leading underscore or was only
    imported into a module is left out, and so is `kind`."""
    wanted = cast(type[Any], kind)  # told as what makes a T: mypy lets no abstract class pass as a type[T]
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        name = f"{package}.{module.name}"
        for value in vars(importlib.import_module(name)).values():
            own = inspect.isclass(value) and issubclass(value, wanted) and value is not wanted and value.__module__ == name
            if own and not inspect.isabstract(value) and not value.__name__.startswith("_"):
                yield value()
