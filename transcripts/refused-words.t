# Words that mean nothing here: unknown verbs, hosts, services and values. Nothing is changed.

[LOGICAL:EXPERT] /alpha > datasorce host1 recover
ERROR: *datasorce* (glob)
...
NEXT: *datasource* (glob)
? 2

[LOGICAL:EXPERT] /alpha > datasource host9 recover
ERROR: *host9* (glob)
...
? 2

[LOGICAL:EXPERT] /alpha > datasource host1 recovr
ERROR: *recovr* (glob)
...
NEXT: datasource host1 recover
? 2

[LOGICAL:EXPERT] /alpha > use nosuch
ERROR: unknown service 'nosuch' in 'use nosuch'
DETAIL: use nosuch
DETAIL:     ^^^^^^
DETAIL: expected here: alpha
DETAIL: usage: use SERVICE
NEXT: help use
? 2

[LOGICAL:EXPERT] /alpha > set policy sometimes
ERROR: *sometimes* (glob)
...
? 2

[LOGICAL:EXPERT] /alpha > switch to
ERROR: * (glob)
...
? 2

[LOGICAL:EXPERT] /alpha > switch to host7
ERROR: *host7* (glob)
...
? 2

[LOGICAL:EXPERT] /alpha > datasource 'host1; touch pwned' recover
ERROR: *touch pwned* (glob)
...
? 2

[LOGICAL:EXPERT] /alpha > datasource $(touch pwned) recover
ERROR: * (glob)
...
? 2

[LOGICAL:EXPERT] /alpha > datasource 'host1 recover
ERROR: a quote is not closed * (glob)
...
? 2

%% wait until sql host1 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 60s
