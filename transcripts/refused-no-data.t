# A lost data directory needs a full copy: recover refuses, and names the command that makes one.
#@ policy: manual

%% wipe host3
[LOGICAL:EXPERT] /alpha > datasource host3 recover
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host3'
ERROR: host3 has no data directory
DETAIL: pg_controldata: error: could not open file "*/global/pg_control" for reading: No such file or directory (glob)
NEXT: tprovision host3   (a full copy; its data directory is moved aside)
? 3
