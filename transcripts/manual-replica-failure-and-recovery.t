# MANUAL, replica failure and recovery: a replica whose host is gone is out of service by itself, and stays so when the
# host is back, until it is recovered by command.
#@ manager: yes
#@ failure-timeout: 3
#@ policy: manual

%% sql host1 create table t(at timestamptz)
%% cut host2
%% wait until host2 state is slave:FAILED(NODE 'host2' IS UNREACHABLE) timeout 60s
%% wait until sql host1 select count(*) from pg_stat_replication where state = 'streaming' is 1 timeout 60s
%% heal host2
%% wait until sql host1 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 60s
%% sql host1 insert into t values (now())
%% wait until sql host1 select now() - max(at) > '3 s' from t is t timeout 60s
%% wait until host2 state is slave:FAILED(NODE 'host2' IS UNREACHABLE) timeout 60s

[LOGICAL:EXPERT] /alpha > datasource host2 recover
...

[LOGICAL:EXPERT] /alpha > datasource host2 online
DataSource 'host2' is now ONLINE

%% wait until host2 state is slave:ONLINE timeout 60s
