# A lost data directory needs a full copy: recover refuses, and names the command that makes one.
#@ policy: manual

%% wipe host3
[LOGICAL:EXPERT] /alpha > datasource host3 recover
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host3'
ERROR: host3 has no data directory
DETAIL: */data is not a data directory on host3 (glob)
NEXT: tprovision host3   (a full copy; its data directory is moved aside)
? 3
