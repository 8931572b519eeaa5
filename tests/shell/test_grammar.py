"""The parser: what it understands, what it says of what it does not, and that it never says anything else."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cctrl import grammar
from cctrl.outcome import Outcome, UsageError
from cctrl.registry import Command, Invocation
from cctrl.shell.common import COMMON
from tests.shell.toy import Toy

COMMANDS = (*Toy.commands, *COMMON)
WORDS = {
    "HOST": {"host1": "master:ONLINE", "host2": "slave:ONLINE", "db-3.example": "slave:SHUNNED"},
    "SERVICE": {"alpha": "", "beta": ""},
}


def words(kind: str) -> Mapping[str, str]:
    return WORDS.get(kind, {})


def parsed(line: str) -> tuple[Command, Invocation]:
    (statement,) = grammar.split(line)
    return grammar.parse(COMMANDS, statement, words)


def refused(line: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        for statement in grammar.split(line):
            grammar.parse(COMMANDS, statement, words)
    assert caught.value.outcome is Outcome.USAGE
    return caught.value


# ---------------------------------------------------------------- what is understood


def test_arguments_words_and_flags() -> None:
    command, typed = parsed("datasource  host2 recover --force")
    assert command.usage == "datasource HOST recover [--force]"
    assert typed == Invocation(
        "datasource  host2 recover --force", {"HOST": "host2"}, frozenset({"--force"}), ("datasource", "recover")
    )


@pytest.mark.parametrize(
    ("line", "usage"),
    [
        ("ls", "ls [-l] [HOST]"),
        ("LS -l host1", "ls [-l] [HOST]"),
        ("ls host1 -l", "ls [-l] [HOST]"),
        ("datasource --force host1 RECOVER", "datasource HOST recover [--force]"),
        ("recover", "recover"),
        ("switch", "switch [to HOST]"),
        ("switch to 'host1'", "switch [to HOST]"),
        ("Set Policy MANUAL", "set policy automatic|manual|maintenance"),
        ("set primary host1", "set master HOST"),
        ("cd ..", "cd SERVICE|.."),
        ("cd beta", "cd SERVICE|.."),
        ("explain switch to host1", "explain COMMAND..."),
        ("explain datasource host1 recover --force", "explain COMMAND..."),
        ("help", "help"),
        ("help set policy", "help COMMAND..."),
        ("datasource db\\-3.example shun", "datasource HOST shun"),
    ],
)
def test_the_command_that_is_meant(line: str, usage: str) -> None:
    assert parsed(line)[0].usage == usage


def test_synonyms_give_the_documented_word() -> None:
    assert parsed("set Primary host1")[1].words == ("set", "master")


def test_the_rest_of_the_line_is_kept_as_typed() -> None:
    assert parsed("explain datasource host1 recover --force")[1].rest == ("datasource", "host1", "recover", "--force")


def test_statements_are_divided_by_semicolons_outside_quotes() -> None:
    statements = grammar.split(" ls; ;switch to 'a;b' ;\\; x;")
    assert [[t.text for t in s.tokens] for s in statements] == [["ls"], ["switch", "to", "a;b"], [";", "x"]]
    assert [s.start for s in statements] == [0, 6, 23]


def test_two_arguments_of_a_type_have_two_names() -> None:
    commands = [Command("move HOST to HOST", "", Toy.commands[0].run)]
    (statement,) = grammar.split("move host1 to host2")
    assert grammar.parse(commands, statement, words)[1].arguments == {"HOST": "host1", "HOST2": "host2"}


def test_a_word_wins_over_an_argument() -> None:
    run = Toy.commands[0].run
    commands = [Command("show NAME", "", run), Command("show all", "", run)]
    (statement,) = grammar.split("show all")
    assert grammar.parse(commands, statement, words)[0] is commands[1]


@pytest.mark.parametrize("usage", ["", "a [b", "a ]", "a b||c", "[a]", "a A|B"])
def test_a_usage_line_against_the_grammar_is_an_error_of_the_program(usage: str) -> None:
    with pytest.raises(ValueError, match="usage"):
        grammar.compile_usage(usage)


# ---------------------------------------------------------------- what is not


@pytest.mark.parametrize(
    ("line", "what", "under", "meant", "next"),
    [
        (
            "datasorce host1 recover",
            "unknown command 'datasorce'",
            "datasorce",
            "datasource",
            "datasource host1 recover",
        ),
        ("datasource host9 recover", "unknown host 'host9'", "host9", "", "help datasource"),
        ("recover host1", "nothing may follow, but there is 'host1'", "host1", "", "datasource host1 recover"),
        ("datasource hst1 recover", "unknown host 'hst1'", "hst1", "host1", "datasource host1 recover"),
        ("datasource host1 recovr", "unknown word 'recovr'", "recovr", "recover", "datasource host1 recover"),
        ("use alhpa", "unknown service 'alhpa'", "alhpa", "alpha", "use alpha"),
        ("use nosuch", "unknown service 'nosuch'", "nosuch", "", "help use"),
        ("set policy sometimes", "unknown word 'sometimes'", "sometimes", "", "help set"),
        ("switch to", "'switch to' is not complete: HOST is missing", "", "", "help switch"),
        ("switch host2", "unknown word 'host2'", "host2", "", "switch to host2"),
        ("switch host7", "unknown word 'host7'", "host7", "", "help switch"),
        ("datasource 'host1; touch x' recover", "unknown host 'host1; touch x'", "'host1; touch x'", "", "help data"),
        ("datasource $(touch x) recover", "unknown host '$(touch'", "$(touch", "", "help datasource"),
        ("recover now", "nothing may follow, but there is 'now'", "now", "", "help recover"),
        ("ls -x", "unknown option '-x'", "-x", "", "help ls"),
        ("datasource host1 recover --forse", "unknown option '--forse'", "--forse", "--force", "datasource host1 rec"),
        ("datasource host1 recover --force --force", "unknown option '--force'", "--force", "", "help datasource"),
        ("set primry host1", "unknown word 'primry'", "primry", "primary", "set primary host1"),
        ("switch to ''", "unknown host ''", "''", "", "help switch"),
        ("cluster heartbeat", "unknown command 'cluster'", "cluster", "", "help"),
        ("hlep \x1b[31m", "unknown command 'hlep'", "hlep", "help", "help"),
    ],
)
def test_the_wrong_word_is_named_and_pointed_at(line: str, what: str, under: str, meant: str, next: str) -> None:
    error = refused(line)
    assert error.what.startswith(what)
    text, caret = error.detail.splitlines()[:2]
    assert text == line.replace("\x1b", "\\x1b")
    column = caret.index("^")
    if under:
        assert line[column : column + caret.count("^")] == under
    else:
        assert column == len(line) + 1
    assert (f"did you mean {meant}?" in error.detail.splitlines()) == bool(meant)
    assert error.next.startswith(next)
    for statement in grammar.split(error.next):
        grammar.parse(COMMANDS, statement, words)  # it can be typed as it stands


def test_a_line_for_the_systems_shell_is_sent_there() -> None:
    error = refused("cctrl trust host1")
    assert error.what == "'cctrl trust host1' is given to your system's shell, not here"
    assert error.next == "quit   (then: cctrl trust host1)"


def test_of_several_usages_the_one_that_the_rest_fits_is_shown() -> None:
    assert "usage: datasource HOST shun" in refused("datasource host9 shun").detail.splitlines()
    assert "usage: datasource HOST recover [--force]" not in refused("datasource host9 shun").detail


def test_the_words_that_could_have_been_are_listed() -> None:
    assert "expected here: host1, host2, db-3.example" in refused("switch to nowhere").detail
    assert "expected here: automatic, manual, maintenance" in refused("set policy x").detail


def test_the_caret_stands_under_wide_and_control_characters() -> None:
    error = refused("switch to '日本\x1b[31m'")
    text, caret = error.detail.splitlines()[:2]
    assert "\x1b" not in "".join(error.lines())
    assert text == "switch to '日本\\x1b[31m'"
    assert caret == " " * 10 + "^" * 14


def test_a_quote_never_closed() -> None:
    error = refused("datasource 'host1 recover")
    assert error.what.startswith("a quote is not closed")
    assert error.detail.splitlines()[1] == " " * 11 + "^" * 14


# ---------------------------------------------------------------- for any input

HOSTILE = st.text(max_size=60) | st.lists(
    st.sampled_from(
        [
            *(
                "datasource",
                "host1",
                "recover",
                "set",
                "policy",
                "manual",
                "to",
                "switch",
                "explain",
                "help",
                "--force",
            ),
            *("-l", ";", "'", '"', "\\", " ", "\t", "\x00", "\x1b", "$(x)", "`", "|", "..", "é", "\ud800", "\u202e"),
        ]
    ),
    max_size=12,
).map(" ".join)


@given(HOSTILE)
def test_any_line_is_parsed_or_refused(line: str) -> None:
    try:
        for statement in grammar.split(line):
            grammar.parse(COMMANDS, statement, words)
    except UsageError as error:
        shown = "".join(error.lines())
        assert error.next
        assert all(c.isprintable() for c in shown)


@given(HOSTILE)
def test_any_line_can_be_completed_and_coloured(line: str) -> None:
    for statement in grammar.scan(line):
        pieces = list(grammar.typed(COMMANDS, statement.tokens, words))
        assert [t for t, _ in pieces] == list(statement.tokens)
        for token in statement.tokens:
            assert statement.start + token.end <= len(line)
    for word, _remark in grammar.completions(COMMANDS, line, words):
        assert word.lower().startswith(grammar.last_word(line).lower())


def way(path: grammar.Path, draw: st.DrawFn) -> list[str]:
    typed: list[str] = []
    for item in path.items:
        choices = [*item.words, *WORDS.get(item.argument, {})]
        if item.argument == "COMMAND":
            choices = ["ls", "recover"]
        word = draw(st.sampled_from(choices))
        typed.append(word if word.startswith("-") else draw(st.sampled_from([word, f"'{word}'", f'"{word}"'])))
    for flag in draw(st.sets(st.sampled_from(sorted(path.flags)))) if path.flags else ():
        typed.insert(draw(st.integers(1, len(typed))), flag)
    return typed


@st.composite
def valid(draw: st.DrawFn) -> tuple[Command, str]:
    command = draw(st.sampled_from(COMMANDS))
    path = draw(st.sampled_from(grammar.compile_usage(command.usage)))
    return command, draw(st.sampled_from([" ", "  ", "\t"])).join(way(path, draw))


@given(valid())
def test_every_valid_line_is_understood(case: tuple[Command, str]) -> None:
    command, line = case
    assert parsed(line)[0].usage == command.usage


@given(valid())
def test_a_valid_line_is_all_the_right_colours_and_can_be_completed_to(case: tuple[Command, str]) -> None:
    _command, line = case
    (statement,) = grammar.split(line)
    assert "wrong" not in [what for _, what in grammar.typed(COMMANDS, statement.tokens, words)]
    last = statement.tokens[-1]
    if not last.quoted:
        assert last.text in [w for w, _ in grammar.completions(COMMANDS, line, words)]


def test_completion_offers_what_may_come_with_its_remark() -> None:
    assert grammar.completions(COMMANDS, "data", words) == [("datasource", "recover, shun, fail")]
    assert grammar.completions(COMMANDS, "reco", words) == [("recover", "bring all back")]
    assert grammar.completions(COMMANDS, "switch ", words) == [("to", "HOST")]
    assert grammar.completions(COMMANDS, "set m", words) == [("master", "set the master")]
    assert grammar.completions(COMMANDS, "switch to ", words) == list(WORDS["HOST"].items())
    assert grammar.completions(COMMANDS, "explain switch to host", words)[0] == ("host1", "master:ONLINE")
    assert grammar.completions(COMMANDS, "ls; use b", words) == [("beta", "")]
    assert grammar.completions(COMMANDS, "datasource host1 recover ", words) == [("--force", "")]
    assert grammar.completions(COMMANDS, "nonsense ", words) == []


def test_options_that_take_a_value_come_in_any_order() -> None:
    commands = (Command("copy HOST [--source HOST] [--max-rate RATE] [--force]", "copy all", Toy.commands[0].run),)
    for line in ("--source host2 --max-rate 10M", "--max-rate 10M --source host2 --force"):
        (statement,) = grammar.split(f"copy host1 {line}")
        typed = grammar.parse(commands, statement, words)[1]
        assert dict(typed.arguments) == {"HOST": "host1", "HOST2": "host2", "RATE": "10M"}
    assert dict(grammar.completions(commands, "copy host1 --max-rate 10M --s", words)) == {"--source": "HOST"}
