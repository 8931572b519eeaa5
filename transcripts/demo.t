# The session of the README: the master dies, the manager makes another one the master, the old one is brought back.
#@ manager: yes

%% kill host1
%% wait until host1 state is master:SHUNNED(FAILED-OVER-TO-host2) timeout 60s
%% wait until host3 state is slave:ONLINE timeout 60s
[LOGICAL:EXPERT] /alpha > ls host1
+----------------------------------------------------------------------------+
|host1(master:SHUNNED(FAILED-OVER-TO-host2))                                 |
|STATUS [SHUNNED] [[TIME]]                                                   |
+----------------------------------------------------------------------------+
|  MANAGER(state=ONLINE)                                                     |
|  REPLICATOR(role=master, state=DEGRADED)                                   |
|  DATASERVER(state=STOPPED)                                                 |
+----------------------------------------------------------------------------+
host1 is SHUNNED(FAILED-OVER-TO-host2)
NEXT: datasource host1 recover
...
[LOGICAL:EXPERT] /alpha > datasource host1 recover
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host1'
...
DATA SERVER 'host1' IS NOW AVAILABLE FOR CONNECTIONS
RECOVERING 'host1@alpha' TO A SLAVE USING 'host2@alpha' AS THE MASTER
...
RECOVERY OF 'host1@alpha' WAS SUCCESSFUL
host1 is OFFLINE until the manager puts it ONLINE, as the policy says

%% wait until host1 state is slave:ONLINE timeout 60s
[LOGICAL:EXPERT] /alpha > ls host1
+----------------------------------------------------------------------------+
|host1(slave:ONLINE, progress=[LSN], latency=*) * | (glob)
|STATUS [OK] [[TIME]]                                                        |
+----------------------------------------------------------------------------+
|  MANAGER(state=ONLINE)                                                     |
|  REPLICATOR(role=slave, master=host2, state=ONLINE)                        |
|  DATASERVER(state=ONLINE)                                                  |
|  CONNECTIONS(created=[N], active=[N])                                      |
+----------------------------------------------------------------------------+
