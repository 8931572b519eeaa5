# A failed segment whose data directory is still there: only what differs comes from its acting primary.
#@ lab: segments
#@ service: gp
#@ hosts: 2
#@ manager: yes

%% kill sdw1.primary0
%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|m|n|d m|p|n|u timeout 60s
%% wait until sql sdw2.mirror0 select pg_is_in_recovery() is f timeout 60s
%% sql sdw2.mirror0 create table since as select 1 as a

[LOGICAL] /gp > explain gprecoverseg --differential
sdw1:[PORT]: a copy of what differs, as asked
 1  copy sdw2:[PORT] to sdw1:[PORT], beside its data directory, from which all comes that is the same there  [nothing to undo]
 2  move sdw1:[PORT]'s data directory aside and the copy into its place, as a standby of sdw2:[PORT]  [cannot be undone]
 3  start sdw1:[PORT] and wait until it accepts connections  [cannot be undone]
nothing was changed

[LOGICAL] /gp > gprecoverseg --differential -a
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting gprecoverseg with args: --differential -a
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Synchronization mode                 = Differential
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-era is * (glob)
sdw1 (dbid 2): waiting for a checkpoint
...
sdw1 (dbid 2): total size is *  speedup is * (glob)
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Triggering FTS probe
sdw1:[PORT] (dbid 2): * of * bytes came from sdw2:[PORT], and * bytes of its log; the rest was in the old data directory (glob)
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Segments successfully recovered.
...

%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|m|s|u m|p|s|u timeout 60s
%% wait until sql sdw1.primary0 select a from since is 1 timeout 60s
