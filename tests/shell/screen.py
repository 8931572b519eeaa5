"""As much of a terminal as the shell's drawing needs: what stands where after the bytes that came."""

from __future__ import annotations

import re

_PART = re.compile(r"\x1b\[([?0-9;]*)([@-~])|\x1b[=>]|.", re.DOTALL)


class Screen:
    """Rows of characters, each with the colour it was written in (the SGR digits, `31` for red)."""

    def __init__(self, rows: int = 30, columns: int = 100) -> None:
        self.columns = columns
        self.cells = [self._blank() for _ in range(rows)]
        self.row = self.column = 0
        self.colour = "0"

    def _blank(self) -> list[tuple[str, str]]:
        return [(" ", "0")] * self.columns

    def feed(self, text: str) -> None:
        """Draw what came."""
        for part in _PART.finditer(text):
            if part[2]:
                self._control(part[2], part[1])
            elif part[0] == "\r":
                self.column = 0
            elif part[0] == "\n":
                self._down()
            elif part[0] == "\b":
                self.column = max(0, self.column - 1)
            elif part[0].isprintable():
                self._put(part[0])

    def _put(self, character: str) -> None:
        if self.column >= self.columns:
            self.column = 0
            self._down()
        self.cells[self.row][self.column] = (character, self.colour)
        self.column += 1

    def _down(self) -> None:
        if self.row + 1 < len(self.cells):
            self.row += 1
        else:
            self.cells = [*self.cells[1:], self._blank()]

    def _control(self, kind: str, given: str) -> None:
        number = int(given) if given.isdigit() else 0
        if kind == "A":
            self.row = max(0, self.row - (number or 1))
        elif kind == "B":
            self.row = min(len(self.cells) - 1, self.row + (number or 1))
        elif kind == "C":
            self.column = min(self.columns - 1, self.column + (number or 1))
        elif kind == "D":
            self.column = max(0, self.column - (number or 1))
        elif kind in "JK":
            self.cells[self.row][self.column :] = self._blank()[self.column :]
            for row in range(self.row + 1, len(self.cells)) if kind == "J" else ():
                self.cells[row] = self._blank()
        elif kind == "m":
            self.colour = given or "0"

    def lines(self) -> list[str]:
        """The rows as text."""
        return ["".join(c for c, _ in row).rstrip() for row in self.cells]

    def colour_of(self, word: str) -> str:
        """The colours in which the lowest `word` on the screen is written."""
        for row, text in reversed(list(enumerate(self.lines()))):
            if word in text:
                at = text.index(word)
                return ";".join(sorted({c for _, c in self.cells[row][at : at + len(word)]}))
        return ""
