# All servers are down. They are ranked by how far their logs go, with what choosing each would lose; one that would
# lose commits is refused; the last master is started as it was, and the others come back under it.
#@ policy: manual

%% sql host1 create table t(i int)
%% wait until sql host2 select count(*) from t is 0 timeout 60s
%% stop host2
%% sql host1 insert into t values (1)
%% wait until sql host3 select count(*) from t is 1 timeout 60s
%% kill host3
%% sql host1 insert into t values (2)
%% kill host1

[LOGICAL:EXPERT] /alpha > ls host1
+----------------------------------------------------------------------------+
|host1(master:FAILED(DATASERVER 'host1@alpha' STOPPED))                      |
|STATUS [CRITICAL] [[TIME]]                                                  |
|REASON[DATASERVER 'host1@alpha' STOPPED]                                    |
+----------------------------------------------------------------------------+
|  MANAGER(state=STOPPED)                                                    |
|  REPLICATOR(role=master, state=DEGRADED)                                   |
|  DATASERVER(state=STOPPED)                                                 |
+----------------------------------------------------------------------------+
...
no datasource of alpha accepts writes, and there is none that failover could promote
1. host1: timeline 1, log up to [LSN]; choosing it loses nothing that was seen
2. host3: timeline 1, log up to [LSN]; choosing it loses 1 committed transaction that host1 has (* of log, *) (glob)
3. host2: timeline 1, log up to [LSN]; choosing it loses 2 committed transactions that host1 has (* of log, *) (glob)
NEXT: recover using host1

[LOGICAL:EXPERT] /alpha > failover
ERROR: no standby is up
...
NEXT: ls   (it ranks the candidates; then: recover using HOST)
? 3

[LOGICAL:EXPERT] /alpha > recover using host3
...
ERROR: making host3 the master would lose 1 committed transaction that host1 has (* of log, *) (glob)
DETAIL: host1: transaction [N] at [LSN], [TIME]
DETAIL: host1 is the one that is furthest
NEXT: recover using host3 --force   (what only they have is kept aside first)
? 3

[LOGICAL:EXPERT] /alpha > explain recover using host1
...
 1  start host1 and wait until it accepts connections  [cannot be undone]
nothing was changed

[LOGICAL:EXPERT] /alpha > recover using host1
...
PUT THE NEW MASTER 'host1@alpha' ONLINE
DATASOURCE 'host1@alpha' IS NOW A MASTER
FOUND PHYSICAL DATASOURCE TO RECOVER: 'host2@alpha'
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host2'
...
DATA SERVER 'host2' IS NOW AVAILABLE FOR CONNECTIONS
RECOVERING 'host2@alpha' TO A SLAVE USING 'host1@alpha' AS THE MASTER
...
DataSource 'host2' is now OFFLINE
RECOVERY OF DATA SERVICE 'alpha' SUCCEEDED
FOUND PHYSICAL DATASOURCE TO RECOVER: 'host3@alpha'
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host3'
...
DATA SERVER 'host3' IS NOW AVAILABLE FOR CONNECTIONS
RECOVERING 'host3@alpha' TO A SLAVE USING 'host1@alpha' AS THE MASTER
...
DataSource 'host3' is now OFFLINE
RECOVERY OF DATA SERVICE 'alpha' SUCCEEDED
RECOVERED 2 DATA SOURCES IN SERVICE 'alpha'
host2 is OFFLINE until it is put ONLINE; no manager runs that would do it
NEXT: datasource host2 online
host3 is OFFLINE until it is put ONLINE; no manager runs that would do it
NEXT: datasource host3 online

%% wait until sql host2 select count(*) from t is 2 timeout 60s
%% wait until sql host3 select count(*) from t is 2 timeout 60s
