# force: for this session, as if every command that knows --force was given with it. Each command says so.

[LOGICAL:EXPERT] /alpha > set force true
force is now true

[LOGICAL:EXPERT] /alpha > explain datasource host2 recover
force is true in this session, as if --force was given; `set force false` ends that
host2: it already streams from the master
nothing was changed

[LOGICAL:EXPERT] /alpha > set force false
force is now false

[LOGICAL:EXPERT] /alpha > explain datasource host2 recover
host2: it already streams from the master
nothing was changed
