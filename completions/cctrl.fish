# fish completion for cctrl. Made by `python -m cctrl.shell.completions`; change that, not this.
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
    set -l text (commandline -ct | string replace -r '^[\'"]' '')
    __cctrl_ask line -- "$text"
end

function __cctrl_lab_verb
    set -l words (commandline -opc)
    set -l at (contains -i -- lab $words); and test (count $words) -gt $at; and echo $words[(math $at + 1)]
end

complete -c cctrl -f
complete -c cctrl -s h -d 'show this help message and exit'
complete -c cctrl -l help -d 'show this help message and exit'
complete -c cctrl -s c -x -a '(__cctrl_line)' -d 'run a command and leave; may be given again'
complete -c cctrl -s f -r -F -d 'run the commands of a file and leave; - is standard input'
complete -c cctrl -o expert -d 'start in EXPERT mode'
complete -c cctrl -l expert -d 'start in EXPERT mode'
complete -c cctrl -o logical -d 'start in LOGICAL mode (the default)'
complete -c cctrl -l logical -d 'start in LOGICAL mode (the default)'
complete -c cctrl -o physical -d 'start in PHYSICAL mode: the tree of what is on the hosts'
complete -c cctrl -l physical -d 'start in PHYSICAL mode: the tree of what is on the hosts'
complete -c cctrl -o admin -d 'start in ADMIN mode: who is a member'
complete -c cctrl -l admin -d 'start in ADMIN mode: who is a member'
complete -c cctrl -o multi -d 'start at the root: several services'
complete -c cctrl -l multi -d 'start at the root: several services'
complete -c cctrl -o no-history -d 'neither read nor keep the history'
complete -c cctrl -l no-history -d 'neither read nor keep the history'
complete -c cctrl -o service -x -a '(__cctrl_ask services)' -d 'the service to work on'
complete -c cctrl -l service -x -a '(__cctrl_ask services)' -d 'the service to work on'
complete -c cctrl -o config -r -F -d 'the configuration'
complete -c cctrl -l config -r -F -d 'the configuration'
complete -c cctrl -o lab -x -a '(__cctrl_ask labs)' -d 'use the configuration of a lab'
complete -c cctrl -l lab -x -a '(__cctrl_ask labs)' -d 'use the configuration of a lab'
complete -c cctrl -o format -x -a 'text json' -d 'the form of the output'
complete -c cctrl -l format -x -a 'text json' -d 'the form of the output'
complete -c cctrl -o yes -d 'answer every question with yes'
complete -c cctrl -l yes -d 'answer every question with yes'
complete -c cctrl -s v -d 'show each remote command as it runs'
complete -c cctrl -l verbose -d 'show each remote command as it runs'
complete -c cctrl -o timeout -x -d 'how long one host may take to answer'
complete -c cctrl -l timeout -x -d 'how long one host may take to answer'
complete -c cctrl -o version -d 'show the version'
complete -c cctrl -l version -d 'show the version'
complete -c cctrl -n '__fish_use_subcommand' -a demo -d 'three servers on this machine, a shell on them, and all of it gone at the end'
complete -c cctrl -n '__fish_use_subcommand' -a doctor -d 'check configuration, SSH, privileges, binaries and clocks'
complete -c cctrl -n '__fish_use_subcommand' -a lab -d 'hosts on this machine to learn, rehearse and test on'
complete -c cctrl -n '__fish_use_subcommand' -a manager -d 'the watching process: in the foreground, until SIGTERM'
complete -c cctrl -n '__fish_use_subcommand' -a record -d 'a shell whose session is kept as a transcript'
complete -c cctrl -n '__fish_use_subcommand' -a replay -d 'run transcripts and show differences'
complete -c cctrl -n '__fish_use_subcommand' -a trust -d 'accept a host'\''s SSH key after showing its fingerprint'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and test -z "$(__cctrl_lab_verb)"' -a up -d 'make a lab'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and test -z "$(__cctrl_lab_verb)"' -a down -d 'end a lab and remove it'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and test -z "$(__cctrl_lab_verb)"' -a list -d 'list the labs'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and test -z "$(__cctrl_lab_verb)"' -a env -d 'print the export line for eval'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and test -z "$(__cctrl_lab_verb)"' -a dsn -d 'print a libpq URI'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and test -z "$(__cctrl_lab_verb)"' -a kill -d 'the data server dies at once (SIGKILL)'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and test -z "$(__cctrl_lab_verb)"' -a stop -d 'the data server is shut down cleanly'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and test -z "$(__cctrl_lab_verb)"' -a start -d 'the data server is started as it lies'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and test -z "$(__cctrl_lab_verb)"' -a cut -d 'the host cannot be reached by anyone, and reaches no one'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and test -z "$(__cctrl_lab_verb)"' -a heal -d 'a cut host can be reached again'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and test -z "$(__cctrl_lab_verb)"' -a freeze -d 'the data server is suspended; its sockets stay open'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and test -z "$(__cctrl_lab_verb)"' -a thaw -d 'a frozen data server goes on'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and test -z "$(__cctrl_lab_verb)"' -a wipe -d 'the data directory is lost'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and test -z "$(__cctrl_lab_verb)"' -a fill -d 'the file system that the data directory is on is full'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and test -z "$(__cctrl_lab_verb)"' -a unfill -d 'the file system has its room again'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and test -z "$(__cctrl_lab_verb)"' -a exhaust -d 'all connections that the data server allows are taken'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and test -z "$(__cctrl_lab_verb)"' -a release -d 'they are given back'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and test -z "$(__cctrl_lab_verb)"' -a traffic -d 'write all the time, tell of losses'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and test "$(__cctrl_lab_verb)" = up' -a 'dataservice segments grid'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and test "$(__cctrl_lab_verb)" = traffic' -a 'start stop report'
complete -c cctrl -n '__fish_seen_subcommand_from lab; and contains -- "$(__cctrl_lab_verb)" dsn kill stop start cut heal freeze thaw wipe fill unfill exhaust release' -a '(__cctrl_ask hosts)'
complete -c cctrl -n '__fish_seen_subcommand_from lab' -l name -x -a '(__cctrl_ask labs)'
complete -c cctrl -n '__fish_seen_subcommand_from lab' -l hosts
complete -c cctrl -n '__fish_seen_subcommand_from lab' -l dir
complete -c cctrl -n '__fish_seen_subcommand_from lab' -l postgresql
complete -c cctrl -n '__fish_seen_subcommand_from lab' -l sshd
complete -c cctrl -n '__fish_seen_subcommand_from lab' -l netns
complete -c cctrl -n '__fish_seen_subcommand_from lab' -l disk
complete -c cctrl -n '__fish_seen_subcommand_from lab' -l no-manager
complete -c cctrl -n '__fish_seen_subcommand_from lab' -l synchronous
complete -c cctrl -n '__fish_seen_subcommand_from lab' -l spares
complete -c cctrl -n '__fish_seen_subcommand_from lab' -l failure-timeout
complete -c cctrl -n '__fish_seen_subcommand_from lab' -l failover-block
complete -c cctrl -n '__fish_seen_subcommand_from trust' -a '(__cctrl_ask hosts)'
complete -c cctrl -n '__fish_seen_subcommand_from replay record' -F
