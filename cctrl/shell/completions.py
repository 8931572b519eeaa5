"""Makes the files in `completions/`: `python -m cctrl.shell.completions [DIRECTORY]`.

Options and sub-commands come from `cctrl.shell.options`, fault verbs from `cctrl.shell.stage`. Commands
inside `-c '…'`, hosts and services are asked of `cctrl --complete` when needed, so they are those of the
registry and of the configuration in use.
"""

from __future__ import annotations

import sys
from argparse import Action
from collections.abc import Sequence
from pathlib import Path

from cctrl.config import KINDS
from cctrl.shell.options import SUBCOMMANDS, parser
from cctrl.shell.stage import FAULTS, TRAFFIC

LAB_VERBS = {
    "up": "make a lab",
    "down": "end a lab and remove it",
    "list": "list the labs",
    "env": "print the export line for eval",
    "dsn": "print a libpq URI",
    **FAULTS,
    "traffic": "write all the time, tell of losses",
}
LAB_OPTIONS = (
    *("--name", "--hosts", "--dir", "--postgresql", "--sshd", "--netns", "--disk", "--no-manager"),
    *("--synchronous", "--spares", "--failure-timeout", "--failover-block"),
)

_MADE = "Made by `python -m cctrl.shell.completions`; change that, not this."


def _options() -> list[Action]:
    return [a for a in parser()._actions if a.option_strings and a.help and not a.help.startswith("=")]


def _value(action: Action) -> str:
    """What kind of value an option takes: command, file, service, lab, choice, other, or empty for none."""
    if action.nargs == 0:
        return ""
    if action.choices:
        return "choice"
    known = {"COMMAND": "command", "FILE": "file", "NAME": "service"}
    kind = known.get(str(action.metavar), "other")
    return action.dest if kind == "service" else kind


def _spellings(kind: str) -> str:
    return "|".join(o for a in _options() if _value(a) == kind for o in a.option_strings)


def bash() -> str:
    """The completion for bash."""
    spellings = [o for a in _options() for o in a.option_strings]
    two_dashes = " ".join(o for o in spellings if o.startswith("--"))
    one_dash = " ".join(o for o in spellings if not o.startswith("--"))
    taking = "|".join(o for a in _options() if _value(a) for o in a.option_strings)
    return f"""\
# bash completion for cctrl. {_MADE}
# Use: source this file in ~/.bashrc, or copy it to ~/.local/share/bash-completion/completions/cctrl

# What `cctrl --complete WHAT` lists, without the remarks.
_cctrl_ask() {{
    "${{COMP_WORDS[0]}}" "${{_cctrl_where[@]}}" --complete "$@" 2>/dev/null | cut -f 1
}}

# The options that say which configuration is meant, and the sub-command, of the line so far.
_cctrl_look() {{
    local i word
    _cctrl_where=() _cctrl_sub=
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${{COMP_WORDS[i]}}
        case $word in
        -config | --config | -lab | --lab | -service | --service)
            ((++i < COMP_CWORD)) && _cctrl_where+=("$word" "${{COMP_WORDS[i]}}") ;;
        --name)
            ((++i < COMP_CWORD)) && _cctrl_where+=(--lab "${{COMP_WORDS[i]}}") ;;
        {taking}) ((i++)) ;;
        -*) ;;
        *) [[ -n $_cctrl_sub ]] && _cctrl_verb=$word || _cctrl_sub=$word ;;
        esac
    done
}}

_cctrl_reply() {{
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}}

_cctrl() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}}
    local -a _cctrl_where
    local _cctrl_sub _cctrl_verb= text
    _cctrl_look
    COMPREPLY=()
    case $previous in
    {_spellings("command")})
        text=${{cur#[\\'\\"]}}
        mapfile -t COMPREPLY < <(_cctrl_ask line -- "$text")
        return ;;
    {_spellings("file")})
        compopt -o default
        return ;;
    {_spellings("service")})
        _cctrl_reply "$(_cctrl_ask services)"
        return ;;
    {_spellings("lab")} | --name)
        _cctrl_reply "$(_cctrl_ask labs)"
        return ;;
    {_spellings("choice")})
        _cctrl_reply "text json"
        return ;;
    {_spellings("other")})
        return ;;
    esac
    case $_cctrl_sub:$cur in
    lab:-*) _cctrl_reply "{" ".join(LAB_OPTIONS)}" ;;
    lab:*) case $_cctrl_verb in
        "") _cctrl_reply "{" ".join(LAB_VERBS)}" ;;
        up) _cctrl_reply "{" ".join(KINDS)}" ;;
        traffic) _cctrl_reply "{" ".join(TRAFFIC)}" ;;
        down | list | env) ;;
        *) _cctrl_reply "$(_cctrl_ask hosts)" ;;
        esac ;;
    *:--*) _cctrl_reply "{two_dashes}" ;;
    *:-*) _cctrl_reply "{one_dash}" ;;
    trust:*) _cctrl_reply "$(_cctrl_ask hosts)" ;;
    replay:* | record:*) compopt -o default ;;
    :*) _cctrl_reply "{" ".join(SUBCOMMANDS)}" ;;
    esac
}}

complete -F _cctrl cctrl
"""


def _zsh_option(action: Action) -> list[str]:
    actions = {
        "command": ":command:_cctrl_line",
        "file": ":file:_files",
        "service": ":service:_cctrl_ask services",
        "lab": ":lab:_cctrl_ask labs",
        "choice": ":form:(text json)",
        "other": f":{action.metavar}: ",
        "": "",
    }
    again = "*" if action.dest == "sources" else ""
    return [_quoted(f"{again}{o}[{action.help}]{actions[_value(action)]}") for o in action.option_strings]


def _zsh_described(words: dict[str, str]) -> str:
    return " ".join(_quoted(f"{word}:{remark}") for word, remark in words.items())


def _quoted(text: str) -> str:
    """`text` as one word of bash, zsh or fish."""
    return "'" + text.replace("'", """'\\''""") + "'"


def zsh() -> str:
    """The completion for zsh."""
    options = " \\\n        ".join(o for a in _options() for o in _zsh_option(a))
    return f"""\
#compdef cctrl
# zsh completion for cctrl. {_MADE}
# Use: copy this file to a directory of $fpath

# What `cctrl --complete WHAT` lists, each with its remark.
_cctrl_list() {{
    local line
    words_found=() remarks=()
    for line in "${{(@f)$(_call_program ask ${{(q)program}} ${{(q)where}} --complete ${{(q)@}} 2>/dev/null)}}"; do
        [[ -n $line ]] || continue
        words_found+=("${{line%%$'\\t'*}}")
        remarks+=("${{line%%$'\\t'*}}  ${{line#*$'\\t'}}")
    done
    (( $#words_found ))
}}

_cctrl_ask() {{
    local -a words_found remarks
    _cctrl_list $1 && compadd -l -d remarks -a words_found
}}

# The text after -c, quoted or not: what it may become.
_cctrl_line() {{
    local -a words_found remarks
    _cctrl_list line -- "${{(Q)PREFIX}}" && compadd -l -d remarks -a words_found
}}

_cctrl_lab() {{
    local -a verbs=({_zsh_described(LAB_VERBS)})
    local name=${{words[(i)--name]}}
    (( name < $#words )) && where=(--lab ${{words[name + 1]}})
    if [[ ${{words[CURRENT-1]}} == --name ]]; then
        where=() && _cctrl_ask labs
    elif [[ $PREFIX == -* ]]; then
        compadd -- {" ".join(LAB_OPTIONS)}
    elif (( CURRENT == 2 )); then
        _describe 'lab verb' verbs
    elif [[ $words[2] == up ]]; then
        compadd -- {" ".join(KINDS)}
    elif [[ $words[2] == traffic ]]; then
        compadd -- {" ".join(TRAFFIC)}
    else
        _cctrl_ask hosts
    fi
}}

_cctrl() {{
    local program=$words[1] curcontext=$curcontext state line
    local -a where
    local i
    for ((i = 2; i < CURRENT - 1; i++)); do
        case $words[i] in
        -config | --config | -lab | --lab | -service | --service)
            where+=("$words[i]" "$words[i + 1]") ;;
        esac
    done
    local -a subcommands=({_zsh_described(SUBCOMMANDS)})
    _arguments -C \\
        {options} \\
        '1: :->subcommand' '*:: :->rest'
    case $state in
    subcommand) _describe 'sub-command' subcommands ;;
    rest) case $words[1] in
        lab) _cctrl_lab ;;
        trust) _cctrl_ask hosts ;;
        replay | record) _files ;;
        esac ;;
    esac
}}

_cctrl "$@"
"""


def fish() -> str:
    """The completion for fish."""
    return f"""\
# fish completion for cctrl. {_MADE}
# Use: copy this file to ~/.config/fish/completions

# What `cctrl --complete WHAT` lists, for the configuration that the line names.
function __cctrl_ask
    set -l words (commandline -opc)
    set -l where
    for i in (seq 2 (math (count $words) - 1))
        switch $words[$i]
            case -config --config -lab --lab -service --service
                set -a where $words[$i] $words[(math $i + 1)]
            case --name
                set -a where --lab $words[(math $i + 1)]
        end
    end
    $words[1] $where --complete $argv 2>/dev/null
end

# The text after -c, quoted or not: what it may become.
function __cctrl_line
    set -l text (commandline -ct | string replace -r '^[\\'"]' '')
    __cctrl_ask line -- "$text"
end

function __cctrl_lab_verb
    set -l words (commandline -opc)
    set -l at (contains -i -- lab $words); and test (count $words) -gt $at; and echo $words[(math $at + 1)]
end

complete -c cctrl -f
{_fish_options()}
{_fish_words("__fish_use_subcommand", SUBCOMMANDS)}
{_fish_words('__fish_seen_subcommand_from lab; and test -z "$(__cctrl_lab_verb)"', LAB_VERBS)}
complete -c cctrl -n '__fish_seen_subcommand_from lab; and test "$(__cctrl_lab_verb)" = up' -a '{" ".join(KINDS)}'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and test "$(__cctrl_lab_verb)" = traffic' \
-a '{" ".join(TRAFFIC)}'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and contains -- "$(__cctrl_lab_verb)" dsn {" ".join(FAULTS)}' \
-a '(__cctrl_ask hosts)'
{_fish_lab_options()}
complete -c cctrl -n '__fish_seen_subcommand_from trust' -a '(__cctrl_ask hosts)'
complete -c cctrl -n '__fish_seen_subcommand_from replay record' -F
"""


def _fish_words(condition: str, words: dict[str, str]) -> str:
    return "\n".join(f"complete -c cctrl -n '{condition}' -a {w} -d {_quoted(s)}" for w, s in words.items())


def _fish_lab_options() -> str:
    return "\n".join(
        f"complete -c cctrl -n '__fish_seen_subcommand_from lab' -l {o.removeprefix('--')}"
        + (" -x -a '(__cctrl_ask labs)'" if o == "--name" else "")
        for o in LAB_OPTIONS
    )


def _fish_options() -> str:
    values = {
        "command": " -x -a '(__cctrl_line)'",
        "file": " -r -F",
        "service": " -x -a '(__cctrl_ask services)'",
        "lab": " -x -a '(__cctrl_ask labs)'",
        "choice": " -x -a 'text json'",
        "other": " -x",
        "": "",
    }
    return "\n".join(
        f"complete -c cctrl{_fish_spelling(o)}{values[_value(a)]} -d {_quoted(str(a.help))}"
        for a in _options()
        for o in a.option_strings
    )


def _fish_spelling(option: str) -> str:
    if option.startswith("--"):
        return f" -l {option[2:]}"
    return f" -s {option[1:]}" if len(option) == 2 else f" -o {option[1:]}"


FILES = {"cctrl.bash": bash, "_cctrl": zsh, "cctrl.fish": fish}


def main(argv: Sequence[str]) -> int:
    """Write the three files into the directory given, `completions` where none is."""
    directory = Path(argv[0] if argv else "completions")
    for name, make in FILES.items():
        (directory / name).write_text(make(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
