# A datasource that lost its data comes back from its last backup; without one the full copy is the next command.
#@ policy: manual

%% sql host1 create table t(i int)
[LOGICAL:EXPERT] /alpha > datasource host3 backup
Using the 'pg_basebackup' backup agent.
Replicator 'host3' starting backup
Backup of dataSource 'host3' succeeded; uri=storage://file-system/store-0000000001.properties

%% sql host1 insert into t values (1)
%% wipe host3
%% wait until host3 state is FAILED(DATASERVER 'host3@alpha' HAS NO DATA DIRECTORY) timeout 60s

[LOGICAL:EXPERT] /alpha > datasource host3 restore
  NOTE  >> Restore host3 from the backup in */store-0000000001 (glob)
  NOTE  >> host3 >> Put the backup into its place
  NOTE  >> Put the alpha replication service online
  NOTE  >> host3 >> Streams from host1 and has caught up
host3 is OFFLINE until it is put ONLINE; no manager runs that would do it
NEXT: datasource host3 online

[LOGICAL:EXPERT] /alpha > datasource host3 online
DataSource 'host3' is now ONLINE
%% wait until sql host3 select count(*) from t is 1 timeout 60s

%% wipe host2
%% wait until host2 state is FAILED(DATASERVER 'host2@alpha' HAS NO DATA DIRECTORY) timeout 60s
[LOGICAL:EXPERT] /alpha > datasource host2 restore
ERROR: host2 has no backup that it could come back from
DETAIL: there is none in */.cctrl-data.backups (glob)
NEXT: tprovision host2   (a full copy of another datasource)
? 3
