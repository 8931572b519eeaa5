# AUTOMATIC, primary failure and recovery: the master dies; the manager promotes a replica and points the other one at it.
# The old master is recovered by hand, and the manager puts it ONLINE.
#@ manager: yes
#@ failure-timeout: 3

%% sql host1 create table t(i int); insert into t values (1)
%% wait until sql host2 select count(*) from t is 1 timeout 60s
%% wait until sql host3 select count(*) from t is 1 timeout 60s
%% kill host1
%% wait until host1 state is master:SHUNNED(FAILED-OVER-TO-host2) timeout 60s
%% wait until host2 state is master:ONLINE timeout 60s
%% wait until host3 state is slave:ONLINE timeout 60s
%% sql host2 insert into t values (2)
%% wait until sql host3 select count(*) from t is 2 timeout 60s

[LOGICAL:EXPERT] /alpha > ls
COORDINATOR[*:AUTOMATIC:ONLINE] (glob)
...
+----------------------------------------------------------------------------+
|host1(master:SHUNNED(FAILED-OVER-TO-host2))                                 |
|STATUS [SHUNNED] [[TIME]]                                                   |
+----------------------------------------------------------------------------+
|  MANAGER(state=ONLINE)                                                     |
|  REPLICATOR(role=master, state=DEGRADED)                                   |
|  DATASERVER(state=STOPPED)                                                 |
+----------------------------------------------------------------------------+
...

[LOGICAL:EXPERT] /alpha > datasource host1 recover
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host1'
...
DATA SERVER 'host1' IS NOW AVAILABLE FOR CONNECTIONS
RECOVERING 'host1@alpha' TO A SLAVE USING 'host2@alpha' AS THE MASTER
...
RECOVERY OF 'host1@alpha' WAS SUCCESSFUL
...

%% wait until host1 state is slave:ONLINE timeout 60s
%% wait until sql host1 select count(*) from t is 2 timeout 60s
%% wait until sql host2 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 60s
