# Commits that only the dead master has are counted and refused; forced, they are kept aside first.
#@ policy: manual

%% sql host1 create table t(i int)
%% wait until sql host2 select count(*) from t is 0 timeout 10s
%% wait until sql host3 select count(*) from t is 0 timeout 10s
%% cut host2
%% cut host3
%% sql host1 set synchronous_commit = local; insert into t values (1); insert into t values (2)
%% kill host1
%% heal host2
%% heal host3

[LOGICAL:EXPERT] /alpha > failover
...
FAILOVER TO 'host2' WAS COMPLETED

[LOGICAL:EXPERT] /alpha > datasource host1 recover
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host1'
DATA SERVER 'host1' IS NOW AVAILABLE FOR CONNECTIONS
...
ERROR: Recovery failed because the failed master has unextracted events in
...
? 3

[LOGICAL:EXPERT] /alpha > datasource host1 recover --force
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host1'
DATA SERVER 'host1' IS NOW AVAILABLE FOR CONNECTIONS
RECOVERING 'host1@alpha' TO A SLAVE USING 'host2@alpha' AS THE MASTER
...
RECOVERY OF 'host1@alpha' WAS SUCCESSFUL

%% wait until sql host1 select count(*) from t is 0 timeout 10s
%% wait until sql host2 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 10s
