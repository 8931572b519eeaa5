# The ADMIN mode: a member is removed. It leaves its slot behind on nobody, and its lines are to be deleted from the
# configuration, which is its owner's file.
#@ policy: manual
%% wait until sql host1 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 60s
%% sql host1 select pg_create_physical_replication_slot('host3')

[LOGICAL] /alpha > rm host3
ERROR: 'rm host3' is a command of the ADMIN mode
NEXT: admin   (then: rm host3)
? 2
[LOGICAL] /alpha > admin
[ADMIN] /alpha > ls
+----------------------------------------------------------------------------+
|alpha                                                                       |
+----------------------------------------------------------------------------+
...
|                        engine: postgresql                                  |
...
|host3                                                                       |
+----------------------------------------------------------------------------+
...
+----------------------------------------------------------------------------+

[ADMIN] /alpha > rm host1

WARNING: This is an expert-level command:
Incorrect use may cause data corruption
or make the cluster unavailable.

Do you want to continue? (y/n)>
< y
ERROR: host1 is the master: it cannot be removed
NEXT: logical; switch   (another one must be the master first)
? 3
[ADMIN] /alpha > rm host3

WARNING: This is an expert-level command:
Incorrect use may cause data corruption
or make the cluster unavailable.

Do you want to continue? (y/n)>
< n
ERROR: rm host3 was not confirmed: nothing was changed
? 3
[ADMIN] /alpha > rm host3

WARNING: This is an expert-level command:
Incorrect use may cause data corruption
or make the cluster unavailable.

Do you want to continue? (y/n)>
< y
ERROR: host3 still receives from host1
NEXT: rm host3   (once its server is stopped; or as it is: rm host3 --force)
? 3

%% stop host3
[ADMIN] /alpha > explain rm host3
1 record that host3 is removed
2 drop its replication slots on the other members: host3
nothing was changed
[ADMIN] /alpha > rm host3

WARNING: This is an expert-level command:
Incorrect use may cause data corruption
or make the cluster unavailable.

Do you want to continue? (y/n)>
< y
dropped its replication slot host3 on host1
DataSource 'host3' was removed from service 'alpha'
it is SHUNNED(REMOVED) until its table is gone from the configuration; then restart managers
NEXT: delete lines [N] to [N] of *cctrl.toml: [dataservice.alpha.members.host3] (glob)
%% wait until sql host1 select count(*) from pg_replication_slots is 0 timeout 60s

[ADMIN] /alpha > logical
[LOGICAL] /alpha > ls host3
+----------------------------------------------------------------------------+
|host3(slave:SHUNNED(REMOVED))                                               |
|STATUS [SHUNNED] [[TIME]]                                                   |
+----------------------------------------------------------------------------+
|  MANAGER(state=STOPPED)                                                    |
|  REPLICATOR(state=STOPPED)                                                 |
|  DATASERVER(state=STOPPED)                                                 |
+----------------------------------------------------------------------------+
no manager runs: policy MANUAL is not being carried out
NEXT: cctrl manager   (in a terminal of its own, or as a service)
host3 is SHUNNED(REMOVED)
NEXT: delete its table from the configuration; to have it back: datasource host3 recover
[LOGICAL] /alpha > recover
host3 was removed by hand and is left as it is
NEXT: datasource host3 recover
RECOVERED 0 DATA SOURCES IN SERVICE 'alpha'
[LOGICAL] /alpha > datasource host3 welcome
ERROR: host3 is SHUNNED(REMOVED)
NEXT: delete its table from the configuration; to have it back: datasource host3 recover
? 3
# Whoever wants it back recovers it.
[LOGICAL] /alpha > datasource host3 recover
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host3'
DATA SERVER 'host3' IS NOW AVAILABLE FOR CONNECTIONS
RECOVERING 'host3@alpha' TO A SLAVE USING 'host1@alpha' AS THE MASTER
RECOVERY OF 'host3@alpha' WAS SUCCESSFUL
host3 is OFFLINE until it is put ONLINE; no manager runs that would do it
NEXT: datasource host3 online
[LOGICAL] /alpha > datasource host3 online
DataSource 'host3' is now ONLINE
