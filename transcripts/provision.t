# A slave that cannot be recovered cheaply gets a full copy: its data directory is lost, or it is insisted on.
#@ policy: manual

%% sql host1 create table t(i int)
%% wipe host3
%% wait until host3 state is FAILED(DATASERVER 'host3@alpha' HAS NO DATA DIRECTORY) timeout 60s

[LOGICAL:EXPERT] /alpha > recover
FOUND PHYSICAL DATASOURCE TO RECOVER: 'host3@alpha'
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host3'
ERROR: host3 has no data directory
DETAIL: * (glob)
NEXT: tprovision host3   (a full copy; its data directory is moved aside)
ERROR: not recovered: host3
DETAIL: 0 recovered, 1 not; the reasons stand above
NEXT: tprovision host3   (a full copy; its data directory is moved aside)
? 3

[LOGICAL:EXPERT] /alpha > explain tprovision host3
host3: a full copy of host2, [N] MB
 1  copy all of host2 to host3, beside its data directory, which is left as it is  [nothing to undo]
 2  move host3's data directory aside and the copy into its place, as a standby of host1  [cannot be undone]
 3  start host3 and wait until it accepts connections  [cannot be undone]
 4  wait until host3 streams from host1 and has caught up  [cannot be undone]
nothing was changed

[LOGICAL:EXPERT] /alpha > tprovision host3
  NOTE  >> Create a pg_basebackup backup of host2 on host3
  NOTE  >> host3 >> Put the backup into its place
  NOTE  >> Put the alpha replication service online
  NOTE  >> host3 >> Streams from host1 and has caught up
host3 is OFFLINE until it is put ONLINE; no manager runs that would do it
NEXT: datasource host3 online

[LOGICAL:EXPERT] /alpha > datasource host3 online
DataSource 'host3' is now ONLINE

# One that streams needs no copy; where it is wanted all the same, the old data directory is kept.
[LOGICAL:EXPERT] /alpha > tprovision host3 --source host1
ERROR: host3 streams from host1: it needs no copy
NEXT: tprovision host3 --source host1 --force   (its data is replaced all the same)
? 3

[LOGICAL:EXPERT] /alpha > tprovision host3 --source host1 --max-rate 500M --force
  NOTE  >> Create a pg_basebackup backup of host1 on host3
  NOTE  >> Put alpha replication service offline
  NOTE  >> host3 >> Moved the old data directory to */.cctrl-data.aside-* (glob)
  NOTE  >> host3 >> Put the backup into its place
  NOTE  >> Put the alpha replication service online
  NOTE  >> host3 >> Streams from host1 and has caught up
host3 is OFFLINE until it is put ONLINE; no manager runs that would do it
NEXT: datasource host3 online

[LOGICAL:EXPERT] /alpha > tungsten_provision_slave host1 --force
ERROR: host1 is the master: nothing is copied over it
NEXT: switch   (another one must be the master first)
? 3

[LOGICAL:EXPERT] /alpha > tprovision host3 --max-rate 5 --force
ERROR: '5' is no rate: it must be from 32k to 1024M, in kB (k) or MB (M) a second
NEXT: tprovision host3 --max-rate 50M --force
? 2

# What was moved aside stays until it is removed by command.
[LOGICAL:EXPERT] /alpha > datasource host3 cleanup
aside-[N]T[N]-*   [N] MB   [TIME]   old data directory (glob)
Remove these 1 from host3, [N] MB? They cannot be brought back. (y/n)>
< y
removed 1 from host3, [N] MB

[LOGICAL:EXPERT] /alpha > datasource host3 cleanup
nothing is kept aside on host3
