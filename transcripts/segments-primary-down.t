# A primary segment goes down: FTS promotes its mirror, gprecoverseg brings it back, gprecoverseg -r restores the roles.
#@ lab: segments
#@ service: gp
#@ hosts: 2
#@ manager: yes

# Preferred role, role, mode and status of the pair, as it was built.
%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|p|s|u m|m|s|u timeout 60s
%% sql sdw1.primary0 create table t as select generate_series(1, 1000) as i

[LOGICAL] /gp > gpstate -e
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Starting gpstate with args: -e
...
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Obtaining Segment details from coordinator...
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Gathering data from segments...
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-----------------------------------------------------
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Segment Mirroring Status Report
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-----------------------------------------------------
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-All segments are running normally

%% kill sdw1.primary0

# FTS marks the segment down; the mirror acts as primary.
%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|m|n|d m|p|n|u timeout 60s
%% wait until sql sdw2.mirror0 select count(*) from t where not pg_is_in_recovery() is 1000 timeout 60s

[LOGICAL] /gp > gpstate -e
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Starting gpstate with args: -e
...
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Obtaining Segment details from coordinator...
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Gathering data from segments...
[TIME]:[N] gpstate:cdw:postgres-[WARNING]:-pg_stat_replication shows no standby connections
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-----------------------------------------------------
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Segment Mirroring Status Report
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-----------------------------------------------------
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Segments with Primary and Mirror Roles Switched
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-   Current Primary   Port    Mirror   Port
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-   sdw2              [PORT]   sdw1     [PORT]
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-----------------------------------------------------
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Unsynchronized Segment Pairs
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-   Current Primary   Port    WAL sync remaining bytes   Mirror   Port
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-   sdw2              [PORT]   Unknown                    sdw1     [PORT]
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-----------------------------------------------------
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Downed Segments (may include segments where status could not be retrieved)
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-   Segment   Port    Config status   Status
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-   sdw1      [PORT]   Down            Down in configuration
NEXT: gprecoverseg   (1 down)
? 1

[LOGICAL] /gp > ls
SEGMENT CLUSTER gp: 2 pairs, coordinator cdw:[PORT], FTS runs
   Content   Segment      Role      Preferred   Mode           Status
   0         sdw2:[PORT]   Primary   Mirror      Not In Sync    Up
   0         sdw1:[PORT]   Mirror    Primary     Not In Sync    Down in configuration
   1         sdw2:[PORT]   Primary   Primary     Synchronized   Up
   1         sdw1:[PORT]   Mirror    Mirror      Synchronized   Up
down: sdw1:[PORT]
NEXT: gprecoverseg   (1 down)

$ gprecoverseg -a
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting gprecoverseg with args: -a
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Obtaining Segment details from coordinator...
...
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
sdw1 (dbid 2): pg_rewind: no rewind required
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Triggering FTS probe
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-********************************
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Segments successfully recovered.
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-********************************
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Recovered mirror segments need to sync WAL with primary segments.
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Use 'gpstate -e' to check progress of WAL sync remaining bytes

# Both are up, with their roles reversed.
%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|m|s|u m|p|s|u timeout 60s

$ gprecoverseg -r -a
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting gprecoverseg with args: -r -a
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Obtaining Segment details from coordinator...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Greenplum instance recovery parameters
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Recovery type              = Rebalance
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Unbalanced segment 1 of 2
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Unbalanced instance host        = sdw2
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Unbalanced instance address     = sdw2
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Unbalanced instance directory   = */sdw2/mirror/gpseg0 (glob)
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Unbalanced instance port        = [PORT]
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Balanced role                   = Mirror
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Current role                    = Primary
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Unbalanced segment 2 of 2
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Unbalanced instance host        = sdw1
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Unbalanced instance address     = sdw1
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Unbalanced instance directory   = */sdw1/primary/gpseg0 (glob)
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Unbalanced instance port        = [PORT]
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Balanced role                   = Primary
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Current role                    = Mirror
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-This operation will cancel queries that are currently executing.
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-Connections to the database however will not be interrupted.
connections to the coordinator are not; those to sdw2:[PORT] end, because that is shut down
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Determining primary and mirror segment pairs to rebalance
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Allowed replay lag during rebalance is 10 GB
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Stopping unbalanced primary segments...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Triggering segment reconfiguration
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting segment synchronization
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-=============================START ANOTHER RECOVER=========================================
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Obtaining Segment details from coordinator...
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Heap checksum setting is consistent between coordinator and the segments that are candidates for recoverseg
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Greenplum instance recovery parameters
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Recovery type              = Standard
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Recovery 1 of 1
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Synchronization mode                 = Incremental
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Failed instance host                 = sdw2
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Failed instance address              = sdw2
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Failed instance directory            = */sdw2/mirror/gpseg0 (glob)
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Failed instance port                 = [PORT]
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Source instance host        = sdw1
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Source instance address     = sdw1
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Source instance directory   = */sdw1/primary/gpseg0 (glob)
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
sdw2 (dbid 4): pg_rewind: no rewind required
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Triggering FTS probe
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-********************************
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Segments successfully recovered.
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-********************************
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Recovered mirror segments need to sync WAL with primary segments.
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Use 'gpstate -e' to check progress of WAL sync remaining bytes
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-==============================END ANOTHER RECOVER==========================================
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-******************************************************************
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-The rebalance operation has completed successfully.
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-******************************************************************

# The roles are the preferred ones again.
%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|p|s|u m|m|s|u timeout 60s
%% wait until sql sdw1.primary0 select count(*) from t is 1000 timeout 60s

[LOGICAL] /gp > gpstate -m
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Starting gpstate with args: -m
...
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Obtaining Segment details from coordinator...
[TIME]:[N] gpstate:cdw:postgres-[INFO]:--------------------------------------------------------------
[TIME]:[N] gpstate:cdw:postgres-[INFO]:--Current GPDB mirror list and status
[TIME]:[N] gpstate:cdw:postgres-[INFO]:--Type = Spread
[TIME]:[N] gpstate:cdw:postgres-[INFO]:--------------------------------------------------------------
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-   Mirror   Datadir * Port    Status    Data Status     (glob)
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-   sdw2     */sdw2/mirror/gpseg0   [PORT]   Passive   Synchronized (glob)
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-   sdw1     */sdw1/mirror/gpseg1   [PORT]   Passive   Synchronized (glob)
[TIME]:[N] gpstate:cdw:postgres-[INFO]:--------------------------------------------------------------

%% wait until sql cdw select "desc" from gp_configuration_history where dbid = 2 order by time desc limit 1 is FTS: update role, status, and mode for dbid 2 with contentid 0 to p, u, and s timeout 60s
