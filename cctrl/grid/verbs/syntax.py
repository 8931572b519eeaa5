"""The grammar of `ttGridAdmin` (reference timesten.md, 2): its commands, their options, how a line is read. Pure.

Names are read without regard to case, and options with one dash or two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cctrl.grid.model import GridError
from cctrl.grid.verbs.documented import SYNTAX
from cctrl.outcome import Outcome, did_you_mean

TIMEOUT = 600.0  # seconds that an operation on a host may take, where -timeout is not given
HELP = ("-h", "-help", "-?")


class SyntaxWrong(GridError):
    """The words are wrong: exit status 254."""

    outcome = Outcome.GRID_SYNTAX


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a command."""

    name: str
    value: str = ""  # what it takes, for the usage; "" where it takes nothing
    maybe: bool = False  # the value, a number, may be left out
    many: bool = False  # it may be given several times
    only: tuple[str, ...] = ()  # the values there are; any where empty

    @property
    def shown(self) -> str:
        """As the usage writes it."""
        value = f"[{self.value}]" if self.maybe else self.value
        return f"[-{self.name}{' ' if value else ''}{value}]"


@dataclass(frozen=True, slots=True)
class Verb:
    """One command of the utility."""

    name: str
    summary: str
    argument: str = ""  # its positional argument, for the usage; in brackets where it may be left out
    options: tuple[Option, ...] = ()
    command: bool = False  # the words after the options are a command to run on hosts
    notes: tuple[str, ...] = ()  # what its help says beside

    @property
    def syntax(self) -> str:
        """Its syntax, of some commands on several lines."""
        words = (self.name, self.argument, *(o.shown for o in self.options))
        return SYNTAX.get(self.name) or " ".join(word for word in words if word)

    @property
    def usage(self) -> str:
        """The same on one line."""
        return " ".join(self.syntax.split())

    def option(self, name: str) -> Option | None:
        """The option of that name, whatever its case."""
        return next((o for o in self.options if o.name.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Call:
    """A line that was read."""

    verb: Verb
    name: str = ""  # the positional argument
    given: tuple[tuple[str, str], ...] = ()  # options as they were given, in order, by their names of the table
    command: tuple[str, ...] = ()
    json: bool = False
    timeout: float = TIMEOUT  # seconds

    def has(self, option: str) -> bool:
        """Whether the option was given."""
        return any(name == option for name, _ in self.given)

    def value(self, option: str, default: str = "") -> str:
        """The (last) value of an option."""
        return next((value for name, value in reversed(self.given) if name == option), default)

    def values(self, option: str) -> tuple[str, ...]:
        """All values of an option."""
        return tuple(value for name, value in self.given if name == option)


@dataclass(frozen=True, slots=True)
class Help:
    """Help was asked for: of one command, or of the utility."""

    verb: Verb | None = None


_INSTANCE = "hostname[.instancename]"
_WAITING = (Option("nowait"), Option("wait", "timeout", maybe=True))
_ONE = Option("instance", _INSTANCE)
_TARGETS = (Option("parallel", "n"),)

VERBS: tuple[Verb, ...] = (
    Verb("dbCreate", "create a database, or one element of it", "name", (_ONE, *_WAITING)),
    Verb("dbLoad", "load a database, or one element of it", "name", (_ONE, *_WAITING)),
    Verb("dbOpen", "let users in", "name", _WAITING),
    Verb("dbClose", "keep users out", "name", _WAITING),
    Verb("dbUnload", "stop the servers of a closed database", "name", (*_WAITING, Option("force"))),
    Verb("dbDestroy", "remove an unloaded database, or an evicted element, for good", "name", (_ONE, *_WAITING)),
    Verb(
        "dbStatus",
        "show how databases and their elements are",
        "[name]",
        tuple(
            map(
                Option,
                (
                    "summary", "element", "replicaSet", "dataSpaceGroup", "all", "details", "loadReadiness", "epochs",
                    "connections", "proxy", "system",
                ),
            )
        ),
    ),
    Verb("dbList", "list the databases"),
    Verb(
        "dbDistribute",
        "change which elements hold a database's rows",
        "name",
        (
            Option("list"),
            Option("add", f"all|{_INSTANCE}", many=True),
            Option("remove", _INSTANCE, many=True),
            Option("evict", _INSTANCE, many=True),
            Option("replaceWith", _INSTANCE, many=True),
            Option("apply"),
            Option("reset"),
            Option("resync"),
        ),
        notes=(
            "What is given is marked, and made with -apply; -reset forgets it. What was broken off in the middle is",
            "settled by -resync, or undone by -reset.",
            "Rows stay in the replica set that they were written to: -remove needs -replaceWith, the instance they are",
            "copied to; -add, for one of each data space group, brings an empty replica set; -evict, for all",
            "elements of a replica set at once, gives its rows up.",
        ),
    ),
    Verb(
        "dbDisconnect",
        "end the connections of users",
        "name",
        (Option("transactional"), Option("immediate"), Option("abort"), *_WAITING),
    ),
    Verb("dbDisconnectStatus", "show how far dbDisconnect is", "name"),
    Verb(
        "instanceExec",
        "run a command on instances, with their own bin first in its PATH",
        "",
        (
            Option("only", _INSTANCE, many=True),
            Option("exclude", _INSTANCE, many=True),
            *_TARGETS,
            Option("type", "all|management|data", only=("all", "management", "data")),
            Option("up"),
            Option("script", "filepath"),
        ),
        command=True,
    ),
    Verb(
        "hostExec",
        "run a command on hosts",
        "",
        (Option("only", "hostname", many=True), Option("exclude", "hostname", many=True), *_TARGETS,
         Option("script", "filepath")),
        command=True,
    ),
    Verb("instanceList", "list the instances", "", (Option("type", "all|management|data",
                                                            only=("all", "management", "data")),)),
    Verb("instanceStatus", "show how the instances are, as JSON", "", (Option("type", "all|management|data",
                                                                             only=("all", "management", "data")),)),
    Verb("hostList", "list the hosts"),
    Verb("gridDisplay", "show what the grid is"),
    Verb("mgmtStatus", "show the management instances"),
    Verb("mgmtExamine", "check the management instances, and say what to type"),
)  # fmt: skip
"""Every command, in the order that the help lists them."""


EXCLUSIVE = (
    *(("wait", "nowait"), ("apply", "reset"), ("apply", "resync"), ("reset", "resync")),
    *(("add", "resync"), ("remove", "resync"), ("evict", "resync")),  # which settles what was begun, and marks nothing
)
"""Options that exclude each other."""


def verb(name: str) -> Verb:
    """The command of that name. Raises SyntaxWrong."""
    found = next((v for v in VERBS if v.name.lower() == name.lower()), None)
    if found is None:
        near = did_you_mean(name.lower(), [v.name.lower() for v in VERBS])
        spelled = next((v.name for v in VERBS if near and f"did you mean {v.name.lower()}?" == near), "")
        raise SyntaxWrong(
            f"Unknown command {name}", detail=f"did you mean {spelled}?" if spelled else "", next="ttGridAdmin -help"
        )
    return found


def read(words: Sequence[str]) -> Call | Help:
    """Read what follows `ttGridAdmin`. Raises SyntaxWrong."""
    json, timeout = False, TIMEOUT
    rest = list(words)
    while rest and rest[0].startswith("-"):
        word = rest.pop(0)
        name = word.lstrip("-").lower()
        if f"-{name}" in HELP:
            return Help(verb(rest[0]) if rest else None)
        if name == "o":
            json = _choice("-o", rest, ("json",)) == "json"
        elif name == "timeout":
            timeout = _number("-timeout", _taken("-timeout", rest))
        else:
            raise SyntaxWrong(f"Unknown option {word}", next="ttGridAdmin -help")
    if not rest:
        return Help()
    chosen = verb(rest.pop(0))
    if rest and rest[0].lower() in HELP:
        return Help(chosen)
    return _Reader(chosen, rest).call(json, timeout)


@dataclass(slots=True)
class _Reader:
    """Reads the words behind a command."""

    verb: Verb
    rest: list[str]
    name: str = ""
    given: list[tuple[str, str]] = field(default_factory=list)
    command: tuple[str, ...] = ()

    def call(self, json: bool, timeout: float) -> Call:
        while self.rest:
            if self.rest[0].startswith("-") and len(self.rest[0]) > 1:
                self.option(self.rest.pop(0))
            elif self.verb.command:
                self.command, self.rest = tuple(self.rest), []
            else:
                self.argument(self.rest.pop(0))
        self.check()
        return Call(self.verb, self.name, tuple(self.given), self.command, json, timeout)

    def option(self, word: str) -> None:
        found = self.verb.option(word.lstrip("-"))
        if found is None:
            if word.lstrip("-").lower() in ("o", "timeout"):
                raise self.wrong(f"Option {word} stands before the command: ttGridAdmin {word} … {self.verb.name}")
            near = did_you_mean(word.lstrip("-"), [o.name for o in self.verb.options])
            raise self.wrong(f"Unknown option {word}", near.replace("mean ", "mean -"))
        if not found.many and any(name == found.name for name, _ in self.given):
            raise self.wrong(f"Option -{found.name} is given twice")
        self.given.append((found.name, self.value(found)))

    def value(self, option: Option) -> str:
        if not option.value:
            return ""
        if option.maybe:
            return self._seconds(option)
        if not self.rest or self.rest[0].startswith("-"):
            raise self.wrong(f"Option -{option.name} needs a value: {option.value}")
        value = self.rest.pop(0)
        if option.only and value.lower() not in option.only:
            raise self.wrong(f"Option -{option.name} cannot be {value}", f"one of: {', '.join(option.only)}")
        return value.lower() if option.only else value

    def _seconds(self, option: Option) -> str:
        if not self.rest or self.rest[0].startswith("-"):
            return ""
        if self.rest[0].isdigit():
            return self.rest.pop(0)
        if self.name:
            raise self.wrong(f"Option -{option.name} takes a whole number of seconds, not {self.rest[0]}")
        return ""

    def argument(self, word: str) -> None:
        if not self.verb.argument or self.name:
            raise self.wrong(f"{word} is one word too many")
        self.name = word

    def check(self) -> None:
        names = [name for name, _ in self.given]
        if self.verb.argument and not self.verb.argument.startswith("[") and not self.name and not self._resync(names):
            raise self.wrong(f"{self.verb.name} needs a {self.verb.argument}")
        for two in EXCLUSIVE:
            if all(name in names for name in two):
                raise self.wrong(f"-{two[0]} and -{two[1]} exclude each other")
        if self.verb.command and bool(self.command) == ("script" in names):
            raise self.wrong(f"{self.verb.name} needs a command, or -script with a file")
        self.replacements()

    def _resync(self, names: list[str]) -> bool:
        """`dbDistribute -resync` is documented without a name, too."""
        return self.verb.name == "dbDistribute" and names == ["resync"]

    def replacements(self) -> None:
        """-replaceWith stands behind the -remove or -evict it belongs to."""
        before = ""
        for name, _ in self.given:
            if name == "replaceWith" and before not in ("remove", "evict"):
                raise self.wrong("-replaceWith belongs behind -remove or -evict")
            before = name

    def wrong(self, what: str, detail: str = "") -> SyntaxWrong:
        usage = f"usage: ttGridAdmin {self.verb.usage}"
        return SyntaxWrong(
            what, detail=f"{detail}\n{usage}" if detail else usage, next=f"ttGridAdmin -h {self.verb.name}"
        )


def _taken(option: str, rest: list[str]) -> str:
    if not rest:
        raise SyntaxWrong(f"Option {option} needs a value", next="ttGridAdmin -help")
    return rest.pop(0)


def _choice(option: str, rest: list[str], known: tuple[str, ...]) -> str:
    value = _taken(option, rest).lower()
    if value not in known:
        raise SyntaxWrong(
            f"Option {option} cannot be {value}", detail=f"one of: {', '.join(known)}", next="ttGridAdmin -help"
        )
    return value


def _number(option: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e6:
        raise SyntaxWrong(
            f"Option {option} cannot be {value}", detail="a number of seconds above 0", next="ttGridAdmin -help"
        )
    return number


def waiting(call: Call) -> float | None:
    """How many seconds -wait waits: None without it, 0 for without limit."""
    return float(call.value("wait") or 0) if call.has("wait") else None


def help_lines(asked: Help) -> list[str]:
    """What -h prints."""
    if asked.verb is not None:
        told = (asked.verb.summary, *asked.verb.notes)
        return [*f"ttGridAdmin {asked.verb.syntax}".split("\n"), "", *(f"  {line}" for line in told)]
    width = max(len(v.name) for v in VERBS)
    return [
        "ttGridAdmin [-h | -help | -?] [command]",
        "ttGridAdmin [-o json] [-timeout n] command [-command_option] ...",
        "",
        *(f"  {v.name.ljust(width)}  {v.summary}" for v in VERBS),
    ]
