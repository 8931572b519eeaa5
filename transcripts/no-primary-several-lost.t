# The master was failed over away from, its successor has lost its data, and the last server is down too: nobody is the
# master or could go on as it. All are shunned. One is made the master by hand, the others are recovered under it.
#@ policy: maintenance

%% kill host1
[LOGICAL:EXPERT] /alpha > failover to host2
...
FAILOVER TO 'host2' WAS COMPLETED
...
%% wipe host2
%% kill host3
%% wait until host3 state is slave:SHUNNED(SHUNNED) timeout 60s

[LOGICAL:EXPERT] /alpha > ls
COORDINATOR[none:MAINTENANCE:OFFLINE]

DATASOURCES:
+----------------------------------------------------------------------------+
|host1(master:SHUNNED(FAILED-OVER-TO-host2))                                 |
|STATUS [SHUNNED] [[TIME]]                                                   |
+----------------------------------------------------------------------------+
|  MANAGER(state=STOPPED)                                                    |
|  REPLICATOR(role=master, state=DEGRADED)                                   |
|  DATASERVER(state=STOPPED)                                                 |
+----------------------------------------------------------------------------+

+----------------------------------------------------------------------------+
|host2(master:SHUNNED(SHUNNED))                                              |
|STATUS [SHUNNED] [[TIME]]                                                   |
+----------------------------------------------------------------------------+
|  MANAGER(state=STOPPED)                                                    |
|  REPLICATOR(role=master, state=DEGRADED)                                   |
|  DATASERVER(state=STOPPED)                                                 |
+----------------------------------------------------------------------------+

+----------------------------------------------------------------------------+
|host3(slave:SHUNNED(SHUNNED))                                               |
|STATUS [SHUNNED] [[TIME]]                                                   |
+----------------------------------------------------------------------------+
|  MANAGER(state=STOPPED)                                                    |
|  REPLICATOR(state=STOPPED)                                                 |
|  DATASERVER(state=STOPPED)                                                 |
+----------------------------------------------------------------------------+
no datasource of alpha accepts writes, and there is none that failover could promote
1. host3: timeline 2, log up to [LSN]; choosing it loses * (glob)
2. host1: timeline 1, log up to [LSN]; choosing it loses * of host3's log, with no committed transaction in them (glob)
3. host2: its server has no data directory (*) (glob)
NEXT: recover using host3

[LOGICAL:EXPERT] /alpha > logical
[LOGICAL] /alpha > set master host3

WARNING: This is an expert-level command:
Incorrect use may cause data corruption
or make the cluster unavailable.

Do you want to continue? (y/n)>
< y
...
PUT THE NEW MASTER 'host3@alpha' ONLINE
DATASOURCE 'host3@alpha' IS NOW A MASTER
NEXT: recover   (brings the other datasources under it)

[LOGICAL] /alpha > recover
FOUND PHYSICAL DATASOURCE TO RECOVER: 'host1@alpha'
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host1'
...
DATA SERVER 'host1' IS NOW AVAILABLE FOR CONNECTIONS
RECOVERING 'host1@alpha' TO A SLAVE USING 'host3@alpha' AS THE MASTER
...
DataSource 'host1' is now OFFLINE
RECOVERY OF DATA SERVICE 'alpha' SUCCEEDED
FOUND PHYSICAL DATASOURCE TO RECOVER: 'host2@alpha'
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host2'
ERROR: host2 has no data directory
...
RECOVERED 1 DATA SOURCES IN SERVICE 'alpha'
host1 is OFFLINE until it is put ONLINE; no manager runs that would do it
NEXT: datasource host1 online
ERROR: not recovered: host2
DETAIL: 1 recovered, 1 not; the reasons stand above
NEXT: tprovision host2   (a full copy; its data directory is moved aside)
? 4
