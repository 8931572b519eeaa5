# A shunned datasource keeps replicating, but is out of service and never becomes the master.
#@ policy: manual

[LOGICAL:EXPERT] /alpha > datasource host3 shun
DataSource 'host3' set to SHUNNED

[LOGICAL:EXPERT] /alpha > ls host3
...
+----------------------------------------------------------------------------+
|host3(slave:SHUNNED(MANUALLY-SHUNNED), progress=[LSN], latency=[N])         |
|STATUS [SHUNNED] [[TIME]]                                                   |
+----------------------------------------------------------------------------+
|  MANAGER(state=STOPPED)                                                    |
|  REPLICATOR(role=slave, master=host1, state=ONLINE)                        |
|  DATASERVER(state=ONLINE)                                                  |
|  CONNECTIONS(created=[N], active=[N])                                      |
+----------------------------------------------------------------------------+
...

%% sql host1 create table t(i int); insert into t values (1)
%% wait until sql host3 select count(*) from t is 1 timeout 60s

[LOGICAL:EXPERT] /alpha > switch to host3
ERROR: *host3* (glob)
...
? 3

[LOGICAL:EXPERT] /alpha > datasource host3 welcome
DataSource 'host3' is now ONLINE

%% wait until host3 state is slave:ONLINE timeout 60s
