"""A program of a host that waits, or kills its job, as long as a file is there."""

from __future__ import annotations

from pathlib import Path

from tests.replication.hands import Hands

SCRIPT = """\
#!/bin/sh
case $1 in -V) exec {program} "$@" ;; esac
echo $$ >>{place}/begun
while [ -e {place}/hold ]; do sleep 0.05; done
if [ -e {place}/die ]; then kill -9 $PPID; exit 1; fi
exec {program} "$@"
"""


class Held:
    """A host's programs, of which one is held: `hold` makes it wait, `die` makes it kill its job."""

    def __init__(self, hands: Hands, host: str, held: str) -> None:
        self.place = hands.data(host).parent / "programs"
        self.place.mkdir()
        real = Path(hands.server(host).bin_dir)
        for program in real.iterdir():
            if program.name != held:
                (self.place / program.name).symlink_to(program)
        self.script(held, SCRIPT.format(place=self.place, program=real / held))
        hands.own(host, self.place)
        self.options = ("--yes", "--config", hands.elsewhere(host, bin_dir=str(self.place)), "-c")

    def script(self, name: str, text: str) -> None:
        """Put a script before the program of that name."""
        (self.place / name).write_text(text)
        (self.place / name).chmod(0o755)

    def set(self, name: str) -> None:
        """Begin to hold, or to kill."""
        (self.place / name).touch()

    def lift(self, name: str) -> None:
        """No longer."""
        (self.place / name).unlink()

    @property
    def begun(self) -> list[int]:
        """The processes of every run that was begun."""
        try:
            return [int(line) for line in (self.place / "begun").read_text().split()]
        except OSError:
            return []
