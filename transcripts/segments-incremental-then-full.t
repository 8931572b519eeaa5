# An incremental recovery cannot bring back a segment whose data directory is lost: the full one that is due then does.
#@ lab: segments
#@ service: gp
#@ hosts: 2
#@ manager: yes

%% kill sdw1.primary0
%% wipe sdw1.primary0
%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|m|n|d m|p|n|u timeout 60s

[LOGICAL] /gp > gprecoverseg -a
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting gprecoverseg with args: -a
...
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-cannot access pg_controldata for dbid 2 on host sdw1
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Synchronization mode                 = Incremental
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-era is * (glob)
sdw1 (dbid 2): Failure, exiting
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Failed to recover the following segments. You must run gprecoverseg -F for all incremental failures
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:- hostname: sdw1; port: [PORT]; logfile: *; recoverytype: incremental (glob)
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Triggering FTS probe
[TIME]:[N] gprecoverseg:cdw:postgres-[ERROR]:-gprecoverseg failed. Please check the output for more details.
sdw1:[PORT] (dbid 2): sdw1:[PORT] has no data directory
*/sdw1/primary/gpseg0 is not a data directory on sdw1:* (glob)
NEXT: gprecoverseg -F
? 1

[LOGICAL] /gp > explain gprecoverseg -F
sdw1:[PORT]: a full copy, as asked
 1  copy all of sdw2:[PORT] to sdw1:[PORT], beside its data directory, which is left as it is  [nothing to undo]
 2  move sdw1:[PORT]'s data directory aside and the copy into its place, as a standby of sdw2:[PORT]  [cannot be undone]
 3  start sdw1:[PORT] and wait until it accepts connections  [cannot be undone]
nothing was changed

[LOGICAL] /gp > gprecoverseg -F -a
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting gprecoverseg with args: -F -a
...
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-cannot access pg_controldata for dbid 2 on host sdw1
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Synchronization mode                 = Full
...
sdw1 (dbid 2): pg_basebackup: base backup completed
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Segments successfully recovered.
...

%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|m|s|u m|p|s|u timeout 60s
