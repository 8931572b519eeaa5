# A host is lost: its segments are copied onto a new host, gprecoverseg -r then restores the roles there.
#@ lab: segments
#@ service: gp
#@ hosts: 2
#@ spares: 1
#@ manager: yes
#@ failure-timeout: 2

%% cut sdw1
%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|m|n|d m|p|n|u timeout 90s
%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 1 is p|p|n|u m|m|n|d timeout 60s

$ gprecoverseg -a -p sdw9
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting gprecoverseg with args: -a -p sdw9
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Obtaining Segment details from coordinator...
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-One or more hosts are not reachable via SSH.  Any segments on those hosts will be marked down
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-Host sdw1 is unreachable
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-Not recovering segment 2 because sdw1 is unreachable
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-Not recovering segment 5 because sdw1 is unreachable
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-One or more hosts are not reachable via SSH.  Any segments on those hosts will be marked down
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-Host sdw9 is unreachable
[segments.gp] has no host sdw9
NEXT: add [segments.gp.spares.sdw9] to the configuration
[TIME]:[N] gprecoverseg:cdw:postgres-[ERROR]:-gprecoverseg error: Cannot recover. The following recovery target hosts are unreachable: ['sdw9']
? 2

$ gprecoverseg -a -p sdw3
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting gprecoverseg with args: -a -p sdw3
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Obtaining Segment details from coordinator...
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-One or more hosts are not reachable via SSH.  Any segments on those hosts will be marked down
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-Host sdw1 is unreachable
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-Not recovering segment 2 because sdw1 is unreachable
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-Not recovering segment 5 because sdw1 is unreachable
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Heap checksum setting is consistent between coordinator and the segments that are candidates for recoverseg
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Greenplum instance recovery parameters
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Recovery type              = Pool Host
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Pool host for recovery     = sdw3
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Recovery 1 of 2
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
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Target instance host        = sdw3
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Target instance address     = sdw3
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Target instance directory   = */sdw3/gpseg0 (glob)
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Target instance port        = [PORT]
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Recovery 2 of 2
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Synchronization mode                 = Full
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Failed instance host                 = sdw1
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Failed instance address              = sdw1
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Failed instance directory            = */sdw1/mirror/gpseg1 (glob)
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Failed instance port                 = [PORT]
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Source instance host        = sdw2
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Source instance address     = sdw2
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Source instance directory   = */sdw2/primary/gpseg1 (glob)
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Source instance port        = [PORT]
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Target instance host        = sdw3
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Target instance address     = sdw3
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Target instance directory   = */sdw3/gpseg1 (glob)
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Target instance port        = [PORT]
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting to create new pg_hba.conf on primary segments
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-None of the reachable segments require update to pg_hba.conf
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-2 segment(s) to recover
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Skipping gpsegstop on unreachable host: sdw1 segment: 0
sdw1:[PORT] is out of sight, so nothing has ended what may run there
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Skipping gpsegstop on unreachable host: sdw1 segment: 1
sdw1:[PORT] is out of sight, so nothing has ended what may run there
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

# The catalog names the new places; the preferred roles are as before.
%% sql cdw select dbid, hostname, role, preferred_role from gp_segment_configuration where content >= 0 order by content, preferred_role desc
2|sdw3|m|p
4|sdw2|p|m
3|sdw2|p|p
5|sdw3|m|m
%% sql cdw select dbid, "desc" from gp_configuration_history where "desc" like 'gprecoverseg%' order by 1
2|gprecoverseg: segment config for resync: inserted segment configuration for full recovery or original dbid 2
5|gprecoverseg: segment config for resync: inserted segment configuration for full recovery or original dbid 5

[LOGICAL] /gp > explain gprecoverseg -r
content 0: sdw3:[PORT] becomes the primary, sdw2:[PORT] its mirror
 1  end sdw2:[PORT]'s client sessions and shut its server down; all it has written goes to its standbys first
 2  FTS swaps the roles and promotes sdw3:[PORT]; nobody writes there meanwhile
 3  start sdw2:[PORT] and wait until it accepts connections, as a mirror (gprecoverseg -a)
nothing was changed

$ gprecoverseg -r -a
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting gprecoverseg with args: -r -a
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-The rebalance operation has completed successfully.
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-******************************************************************

%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|p|s|u m|m|s|u timeout 60s

%% traffic start
# The old host comes back: what ran there is nobody's, and is ended.
%% heal sdw1
%% wait until sql cdw select count(*) from gp_stat_replication where sync_state = 'sync' is 2 timeout 60s
[LOGICAL] /gp > gpstate -e
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Starting gpstate with args: -e
...
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-All segments are running normally
%% traffic report
content 0: [N] rows acknowledged, by sdw3:[PORT]* (glob)
...
content 0: acknowledged but missing on sdw3:[PORT]: 0
content 0: two servers took writes at the same time: never
content 1: [N] rows acknowledged, by sdw2:[PORT]* (glob)
...
%% traffic stop
