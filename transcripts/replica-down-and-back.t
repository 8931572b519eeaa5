# A replica stops; the service goes on; `datasource host2 recover` brings it back.
#@ policy: manual

%% sql host1 create table t(i int)
%% stop host2
%% wait until host2 state is FAILED(DATASERVER 'host2@alpha' STOPPED) timeout 60s

[LOGICAL:EXPERT] /alpha > ls
COORDINATOR[none:MANUAL:OFFLINE]

DATASOURCES:
+----------------------------------------------------------------------------+
|host1(master:ONLINE, progress=[LSN], THL latency=[N])                       |
|STATUS [OK] [[TIME]]                                                        |
+----------------------------------------------------------------------------+
|  MANAGER(state=STOPPED)                                                    |
|  REPLICATOR(role=master, state=ONLINE)                                     |
|  DATASERVER(state=ONLINE)                                                  |
|  CONNECTIONS(created=[N], active=[N])                                      |
+----------------------------------------------------------------------------+

+----------------------------------------------------------------------------+
|host2(slave:FAILED(DATASERVER 'host2@alpha' STOPPED))                       |
|STATUS [CRITICAL] [[TIME]]                                                  |
|REASON[DATASERVER 'host2@alpha' STOPPED]                                    |
+----------------------------------------------------------------------------+
|  MANAGER(state=STOPPED)                                                    |
|  REPLICATOR(state=STOPPED)                                                 |
|  DATASERVER(state=STOPPED)                                                 |
+----------------------------------------------------------------------------+

+----------------------------------------------------------------------------+
|host3(slave:ONLINE, progress=[LSN], latency=[N])                            |
|STATUS [OK] [[TIME]]                                                        |
+----------------------------------------------------------------------------+
|  MANAGER(state=STOPPED)                                                    |
|  REPLICATOR(role=slave, master=host1, state=ONLINE)                        |
|  DATASERVER(state=ONLINE)                                                  |
|  CONNECTIONS(created=[N], active=[N])                                      |
+----------------------------------------------------------------------------+
...

%% sql host1 insert into t values (1)
[LOGICAL:EXPERT] /alpha > datasource host2 recover
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host2'
DATA SERVER 'host2' IS NOW AVAILABLE FOR CONNECTIONS
RECOVERING 'host2@alpha' TO A SLAVE USING 'host1@alpha' AS THE MASTER
RECOVERY OF 'host2@alpha' WAS SUCCESSFUL
host2 is OFFLINE until it is put ONLINE; no manager runs that would do it
NEXT: datasource host2 online

[LOGICAL:EXPERT] /alpha > datasource host2 online
DataSource 'host2' is now ONLINE

%% wait until host2 state is slave:ONLINE timeout 60s
%% wait until sql host2 select count(*) from t is 1 timeout 60s
%% wait until sql host1 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 60s
