# While the master is well there is no failover, no switch to itself and nothing to recover.
#@ policy: manual
%% wait until sql host1 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 60s

[LOGICAL:EXPERT] /alpha > failover
ERROR: host1 is healthy and accepts writes
NEXT: switch * (glob)
? 3

[LOGICAL:EXPERT] /alpha > failover to host2
ERROR: host1 is healthy and accepts writes
NEXT: switch * (glob)
? 3

[LOGICAL:EXPERT] /alpha > switch to host1
ERROR: host1 already is the master
...
? 3

[LOGICAL:EXPERT] /alpha > datasource host1 recover
ERROR: *host1* (glob)
...
? 3

[LOGICAL:EXPERT] /alpha > datasource host2 welcome
ERROR: *host2* (glob)
...
? 3

%% wait until sql host1 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 60s
