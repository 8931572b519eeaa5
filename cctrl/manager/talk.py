"""What a verb is given to speak with when the manager runs it: everything goes to one place, nobody is asked."""

from __future__ import annotations

from collections.abc import Callable

from cctrl.registry import Talk


class ManagerTalk(Talk):
    """registry.Talk without a person: what a person would be asked is told, and done."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    @property
    def expert(self) -> bool:
        """True: the policy has decided."""
        return True

    @property
    def verbose(self) -> bool:
        """False."""
        return False

    def line(self, text: str = "") -> None:
        """One line of what was done."""
        self._say(text)

    def note(self, text: str) -> None:
        """One line about it."""
        self._say(text)

    @property
    def live(self) -> bool:
        """False: nobody watches."""
        return False

    def progress(self, text: str) -> None:
        """Nothing: nobody watches it move."""

    def hint(self, text: str) -> None:
        """Nothing: nobody reads it."""

    def data(self, name: str, value: object) -> None:
        """Nothing: the lines have it."""

    def secret(self, prompt: str) -> str | None:
        """None: nobody can be asked."""
        return None

    @property
    def asks(self) -> bool:
        """False: nobody can be asked."""
        return False

    def ask(self, question: str) -> str | None:
        """None: nobody can be asked."""
        return None

    def confirm(self, question: str) -> None:
        """Return: what is at risk has been told, and the policy says to go on."""
