# The one that is chosen lacks commits that another one has: forced, the log that holds them is kept aside first.
#@ policy: manual

%% sql host1 create table t(i int)
%% wait until sql host2 select count(*) from t is 0 timeout 60s
%% stop host2
%% stop host3
%% sql host1 insert into t values (1)
%% kill host1

[LOGICAL:EXPERT] /alpha > recover using host2 --force
1. host1: timeline 1, log up to [LSN]; choosing it loses nothing that was seen
...
host1: the log that only it has is kept in */.cctrl-data.kept-* (glob)
SHUNNING PREVIOUS MASTER 'host1@alpha'
PUT THE NEW MASTER 'host2@alpha' ONLINE
DATASOURCE 'host2@alpha' IS NOW A MASTER
...
RECOVERED 2 DATA SOURCES IN SERVICE 'alpha'
...

%% wait until sql host2 select count(*) from t is 0 timeout 60s
%% wait until sql host2 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 60s
