# The whole listing of a healthy service, in the documented boxes.
#@ policy: manual
%% wait until sql host1 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 60s

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
|host2(slave:ONLINE, progress=[LSN], latency=[N])                            |
|STATUS [OK] [[TIME]]                                                        |
+----------------------------------------------------------------------------+
|  MANAGER(state=STOPPED)                                                    |
|  REPLICATOR(role=slave, master=host1, state=ONLINE)                        |
|  DATASERVER(state=ONLINE)                                                  |
|  CONNECTIONS(created=[N], active=[N])                                      |
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
