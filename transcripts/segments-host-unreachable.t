# A host is cut off: its primary is failed over, its mirror marked down; what cannot be reached is left alone, and told.
#@ lab: segments
#@ service: gp
#@ hosts: 2
#@ manager: yes
#@ failure-timeout: 2

%% cut sdw1
%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|m|n|d m|p|n|u timeout 90s
%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 1 is p|p|n|u m|m|n|d timeout 60s

[LOGICAL] /gp > gprecoverseg -a
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting gprecoverseg with args: -a
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Obtaining Segment details from coordinator...
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-One or more hosts are not reachable via SSH.  Any segments on those hosts will be marked down
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-Host sdw1 is unreachable
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-Not recovering segment 2 because sdw1 is unreachable
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-Not recovering segment 5 because sdw1 is unreachable
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-No segments to recover
still down: sdw1:[PORT], sdw1:[PORT]: their hosts do not answer
NEXT: gprecoverseg   (when they answer again; gprecoverseg -p HOST: onto another host)

%% heal sdw1

[LOGICAL] /gp > gprecoverseg -a
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting gprecoverseg with args: -a
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Obtaining Segment details from coordinator...
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Heap checksum setting is consistent between coordinator and the segments that are candidates for recoverseg
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Greenplum instance recovery parameters
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Recovery type              = Standard
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Recovery 1 of 2
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
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Recovery 2 of 2
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Synchronization mode                 = Incremental
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Failed instance host                 = sdw1
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Failed instance address              = sdw1
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Failed instance directory            = */sdw1/mirror/gpseg1 (glob)
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Failed instance port                 = [PORT]
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Source instance host        = sdw2
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Source instance address     = sdw2
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Source instance directory   = */sdw2/primary/gpseg1 (glob)
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Source instance port        = [PORT]
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Target                      = in-place
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting to create new pg_hba.conf on primary segments
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-None of the reachable segments require update to pg_hba.conf
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-2 segment(s) to recover
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Ensuring 2 failed segment(s) are stopped
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Setting up the required segments for recovery
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Updating configuration for mirrors
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Initiating segment recovery. Upon completion, will start the successfully recovered segments
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-era is * (glob)
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Triggering FTS probe
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-********************************
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Segments successfully recovered.
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-********************************
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Recovered mirror segments need to sync WAL with primary segments.
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Use 'gpstate -e' to check progress of WAL sync remaining bytes

%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|m|s|u m|p|s|u timeout 60s
%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 1 is p|p|s|u m|m|s|u timeout 60s
