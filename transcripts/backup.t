# A backup is made on the datasource's own host, from that datasource; the file that the URI names tells of it.
#@ policy: manual

[LOGICAL:EXPERT] /alpha > datasource host3 backup
Using the 'pg_basebackup' backup agent.
Replicator 'host3' starting backup
Backup of dataSource 'host3' succeeded; uri=storage://file-system/store-0000000001.properties

[LOGICAL:EXPERT] /alpha > datasource host3 backup pg_basebackup
Using the 'pg_basebackup' backup agent.
Replicator 'host3' starting backup
Backup of dataSource 'host3' succeeded; uri=storage://file-system/store-0000000002.properties

# An agent that is not installed on the host.
[LOGICAL:EXPERT] /alpha > datasource host3 backup xtrabackup
ERROR: there is no backup agent 'xtrabackup' on host3
DETAIL: known: pg_basebackup, pgbackrest; installed on host3: pg_basebackup* (glob)
NEXT: datasource host3 backup
? 3

%% stop host3
%% wait until host3 state is FAILED(DATASERVER 'host3@alpha' STOPPED) timeout 60s
[LOGICAL:EXPERT] /alpha > datasource host3 backup
ERROR: host3 cannot be backed up: its server is not running
DETAIL: * (glob)
NEXT: datasource host3 recover
? 3
