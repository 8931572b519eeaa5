# The control data of a server, whatever its state.
exec "${bin:+$bin/}pg_controldata" -D "$data"
