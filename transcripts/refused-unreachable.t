# A host that cannot be reached is told apart from one that is down, and nothing is done behind its back.
#@ policy: manual

%% cut host2
%% wait until host2 state is FAILED(NODE 'host2' IS UNREACHABLE) timeout 60s

[LOGICAL:EXPERT] /alpha > datasource host2 recover
...
ERROR: *host2* (glob)
...
? 3

[LOGICAL:EXPERT] /alpha > switch to host2
...
ERROR: *host2* (glob)
...
? 3

%% heal host2
%% wait until host2 state is ONLINE timeout 60s
%% wait until sql host1 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 60s
