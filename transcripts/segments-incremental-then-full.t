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
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Obtaining Segment details from coordinator...
...
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-cannot access pg_controldata for dbid 2 on host sdw1
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Heap checksum setting is consistent between coordinator and the segments that are candidates for recoverseg
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Greenplum instance recovery parameters
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Recovery type              = Standard
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Recovery 1 of 1
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Synchronization mode                 = Incremental
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Failed instance host                 = sdw1
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Failed instance address              = sdw1
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Failed instance directory            = */sdw1/primary/gpseg0 (glob)
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Failed instance port                 = [PORT]
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Source instance host        = sdw2
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Source instance address     = sdw2
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Source instance directory   = */sdw2/mirror/gpseg0 (glob)
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Source instance port        = [PORT]
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Target                      = in-place
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting to create new pg_hba.conf on primary segments
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-None of the reachable segments require update to pg_hba.conf
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-1 segment(s) to recover
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Ensuring 1 failed segment(s) are stopped
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Setting up the required segments for recovery
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Updating configuration for mirrors
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Initiating segment recovery. Upon completion, will start the successfully recovered segments
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-era is * (glob)
sdw1 (dbid 2): Failure, exiting
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Failed to recover the following segments. You must run gprecoverseg -F for all incremental failures
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:- hostname: sdw1; port: [PORT]; logfile: *; recoverytype: incremental (glob)
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Triggering FTS probe
[TIME]:[N] gprecoverseg:cdw:postgres-[ERROR]:-gprecoverseg failed. Please check the output for more details.
sdw1:[PORT] (dbid 2): primary0 has no data directory
*/sdw1/primary/gpseg0 is not a data directory on primary0 (glob)
NEXT: gprecoverseg -F
? 1

[LOGICAL] /gp > explain gprecoverseg -F
sdw1:[PORT]: a full copy, as asked
 1  copy all of mirror0 to primary0, beside its data directory, which is left as it is  [nothing to undo]
 2  move primary0's data directory aside and the copy into its place, as a standby of mirror0  [cannot be undone]
 3  start primary0 and wait until it accepts connections  [cannot be undone]
nothing was changed

[LOGICAL] /gp > gprecoverseg -F -a
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting gprecoverseg with args: -F -a
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Obtaining Segment details from coordinator...
...
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-cannot access pg_controldata for dbid 2 on host sdw1
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Heap checksum setting is consistent between coordinator and the segments that are candidates for recoverseg
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Greenplum instance recovery parameters
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Recovery type              = Standard
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Recovery 1 of 1
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Synchronization mode                 = Full
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Failed instance host                 = sdw1
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Failed instance address              = sdw1
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Failed instance directory            = */sdw1/primary/gpseg0 (glob)
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Failed instance port                 = [PORT]
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Source instance host        = sdw2
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Source instance address     = sdw2
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Source instance directory   = */sdw2/mirror/gpseg0 (glob)
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Source instance port        = [PORT]
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Target                      = in-place
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting to create new pg_hba.conf on primary segments
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-None of the reachable segments require update to pg_hba.conf
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-1 segment(s) to recover
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Ensuring 1 failed segment(s) are stopped
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Setting up the required segments for recovery
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Updating configuration for mirrors
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Initiating segment recovery. Upon completion, will start the successfully recovered segments
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-era is * (glob)
...
sdw1 (dbid 2): pg_basebackup: base backup completed
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Triggering FTS probe
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-********************************
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Segments successfully recovered.
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-********************************
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Recovered mirror segments need to sync WAL with primary segments.
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Use 'gpstate -e' to check progress of WAL sync remaining bytes

%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|m|s|u m|p|s|u timeout 60s
