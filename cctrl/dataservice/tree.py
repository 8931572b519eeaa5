"""The tree that the PHYSICAL mode walks: service, hosts, components, resources, and what is known of each. Pure.

    /alpha/host1/replicator/Replicator/diag

A path's elements may be `*`. Messages as documented (reference tungsten.md, part 7); layout is our own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cctrl.outcome import UsageError

ANY, UP, DIAG = "*", "..", "diag"


@dataclass(frozen=True, slots=True)
class Element:
    """One element: with others below it, or a resource, with what was found of it."""

    name: str
    below: tuple[Element, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    remark: str = ""  # its state, for `ls -l`

    @property
    def resource(self) -> bool:
        """True for one that `diag` can be asked of."""
        return not self.below


Found = tuple[tuple[str, ...], Element]
"""Where an element is, and the element."""


def elements(path: str, place: Sequence[str]) -> tuple[str, ...]:
    """The elements of a path from the root, read at `place`."""
    at = [] if path.startswith("/") else list(place)
    for word in path.split("/"):
        if word == UP:
            at = at[:-1]
        elif word not in ("", "."):
            at.append(word)
    return tuple(at)


def find(root: Element, path: str, place: Sequence[str]) -> list[Found]:
    """The elements that a path names, seen from `place` or else from the root. Raises UsageError where none is."""
    wanted = elements(path, place)
    found = _below(root, wanted) or _below(root, elements("/" + path, ()))
    if not found:
        raise _missing(root, wanted, path)
    return found


def _below(root: Element, wanted: tuple[str, ...]) -> list[Found]:
    """`root` is the whole, without a name; its first level are services."""
    found: list[Found] = [((), root)]
    for word in wanted:
        found = [((*at, e.name), e) for at, element in found for e in element.below if word in (ANY, e.name)]
    return found


def _missing(root: Element, wanted: tuple[str, ...], path: str) -> UsageError:
    """The error for a path that names nothing: which element of it is not there."""
    depth = next(n for n in range(len(wanted)) if not _below(root, wanted[: n + 1]))
    above = _below(root, wanted[:depth])
    there = dict.fromkeys(e.name for _, element in above for e in element.below)
    return UsageError(
        f"element '{wanted[depth]}' not found in path '{shown(wanted)}' while searching for entry '{path}'",
        detail=f"below '{shown(wanted[:depth])}': {', '.join(there) or 'nothing'}",
        next=f"ls {shown(wanted[:depth])}" + ("" if "/" in path else "   (where it is a command: logical, then that)"),
    )


def one(root: Element, path: str, place: Sequence[str]) -> Found:
    """The one element that a path names. Raises UsageError where it names none, or several."""
    found = find(root, path, place)
    if len(found) > 1:
        what = f"the element '{ANY}' of path '{path}' resolves to more than one element"
        raise UsageError(what, detail=", ".join(shown(at) for at, _ in found), next=f"cd {shown(found[0][0])}")
    return found[0]


def resources(root: Element, path: str, place: Sequence[str]) -> list[Found]:
    """The resources whose `diag` a path asks for. Raises UsageError where it asks for anything else."""
    above, _, method = path.rpartition("/")
    if method != DIAG:
        find(root, path, place)  # what is not there at all is said to be that
        raise UsageError(f"Cannot execute '{path}' in this context.", next=f"ls -l {path}")
    found = find(root, above or ".", place)
    if not all(element.resource for _, element in found):
        raise UsageError(f"Cannot execute '{DIAG}' in this context.", next=f"ls -lR {above}".rstrip())
    return found


def listed(found: Sequence[Found], *, remarks: bool, deep: bool) -> list[str]:
    """The lines of `ls`: what is below each; all of it with `deep`; with states where `remarks`."""
    lines: list[str] = []
    several = len(found) > 1 or deep
    for at, element in _walk(found) if deep else found:
        if lines:
            lines.append("")
        lines += [f"{shown(at)}:"] if several else []
        lines += [_row(e, remarks=remarks) for e in element.below or (element,)]
    return lines


def _walk(found: Sequence[Found]) -> Iterator[Found]:
    for at, element in found:
        if element.below:
            yield at, element
            yield from _walk([((*at, e.name), e) for e in element.below])


def _row(element: Element, *, remarks: bool) -> str:
    name = element.name if element.resource else f"{element.name}/"
    return f"{name:<20} {element.remark}".rstrip() if remarks else name


def shown(at: Sequence[str]) -> str:
    """A path from the root."""
    return "/" + "/".join(at)
