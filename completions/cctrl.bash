# bash completion for cctrl. Made by `python -m cctrl.shell.completions`; change that, not this.
# Use: source this file in ~/.bashrc, or copy it to ~/.local/share/bash-completion/completions/cctrl

# What `cctrl --complete WHAT` lists, without the remarks.
_cctrl_ask() {
    "${COMP_WORDS[0]}" "${_cctrl_where[@]}" --complete "$@" 2>/dev/null | cut -f 1
}

# The options that say which configuration is meant, and the sub-command, of the line so far.
_cctrl_look() {
    local i word
    _cctrl_where=() _cctrl_sub=
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
        -config | --config | -lab | --lab | -service | --service)
            ((++i < COMP_CWORD)) && _cctrl_where+=("$word" "${COMP_WORDS[i]}") ;;
        --name)
            ((++i < COMP_CWORD)) && _cctrl_where+=(--lab "${COMP_WORDS[i]}") ;;
        -c|-f|-service|--service|-config|--config|-lab|--lab|-format|--format|-timeout|--timeout) ((i++)) ;;
        -*) ;;
        *) [[ -n $_cctrl_sub ]] && _cctrl_verb=$word || _cctrl_sub=$word ;;
        esac
    done
}

_cctrl_reply() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_cctrl() {
    local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local -a _cctrl_where
    local _cctrl_sub _cctrl_verb= text
    _cctrl_look
    COMPREPLY=()
    case $previous in
    -c)
        text=${cur#[\'\"]}
        mapfile -t COMPREPLY < <(_cctrl_ask line -- "$text")
        return ;;
    -f|-config|--config)
        compopt -o default
        return ;;
    -service|--service)
        _cctrl_reply "$(_cctrl_ask services)"
        return ;;
    -lab|--lab | --name)
        _cctrl_reply "$(_cctrl_ask labs)"
        return ;;
    -format|--format)
        _cctrl_reply "text json"
        return ;;
    -timeout|--timeout)
        return ;;
    esac
    case $_cctrl_sub:$cur in
    lab:-*) _cctrl_reply "--name --hosts --dir --postgresql --sshd --netns --disk --no-manager --synchronous --spares --failure-timeout --failover-block" ;;
    lab:*) case $_cctrl_verb in
        "") _cctrl_reply "up down list env dsn kill stop start cut heal freeze thaw wipe fill unfill exhaust release traffic" ;;
        up) _cctrl_reply "dataservice segments grid" ;;
        traffic) _cctrl_reply "start stop report" ;;
        down | list | env) ;;
        *) _cctrl_reply "$(_cctrl_ask hosts)" ;;
        esac ;;
    *:--*) _cctrl_reply "--help --expert --logical --physical --admin --multi --no-history --service --config --lab --format --yes --verbose --timeout --version" ;;
    *:-*) _cctrl_reply "-h -c -f -expert -logical -physical -admin -multi -no-history -service -config -lab -format -yes -v -timeout -version" ;;
    trust:*) _cctrl_reply "$(_cctrl_ask hosts)" ;;
    replay:* | record:*) compopt -o default ;;
    :*) _cctrl_reply "demo doctor lab manager record replay trust" ;;
    esac
}

complete -F _cctrl cctrl
