# Both segments of a pair are down: the catalog stays as it is, gprecoverseg cannot help before the acting primary is back.
#@ lab: segments
#@ service: gp
#@ hosts: 2
#@ manager: yes

%% kill sdw2.mirror0
%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|p|n|u m|m|n|d timeout 60s
%% kill sdw1.primary0
%% sql cdw select gp_request_fts_probe_scan()
%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|p|n|u m|m|n|d timeout 60s

[LOGICAL] /gp > gpstate -e
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Starting gpstate with args: -e
...
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Obtaining Segment details from coordinator...
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Gathering data from segments...
[TIME]:[N] gpstate:cdw:postgres-[WARNING]:-could not query segment 2 (sdw1:[PORT])
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-----------------------------------------------------
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Segment Mirroring Status Report
[TIME]:[N] gpstate:cdw:postgres-[WARNING]:-could not query segment 2 (sdw1:[PORT])
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-----------------------------------------------------
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Downed Segments (may include segments where status could not be retrieved)
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-   Segment   Port    Config status   Status
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-   sdw1      [PORT]   Up              Process error -- database process may be down
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-   sdw2      [PORT]   Down            Down in configuration
[TIME]:[N] gpstate:cdw:postgres-[WARNING]:-*****************************************************
[TIME]:[N] gpstate:cdw:postgres-[WARNING]:-DATABASE IS PROBABLY UNAVAILABLE
[TIME]:[N] gpstate:cdw:postgres-[WARNING]:-Review Instance Status in log file or screen output for more information
[TIME]:[N] gpstate:cdw:postgres-[WARNING]:-*****************************************************
dbid 2 (sdw1:[PORT]), an acting primary: is not running: connection to server on socket "*/sdw1/run/.s.PGSQL.*" failed: Connection refused (glob)
NEXT: start the server of sdw1:[PORT]: no other one has all of its content; then gprecoverseg
? 1

[LOGICAL] /gp > gprecoverseg -a
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting gprecoverseg with args: -a
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Obtaining Segment details from coordinator...
[TIME]:[N] gprecoverseg:cdw:postgres-[CRITICAL]:-gprecoverseg failed. (Reason='error 'ERROR:  failed to acquire resources on one or more segments
DETAIL:  dbid 2 is not running: connection to server on socket "*/sdw1/run/.s.PGSQL.*" failed: Connection refused (glob)
 (seg0 sdw1:[PORT])
' in 'SET CLIENT_MIN_MESSAGES='ERROR''') exiting...
NEXT: start the server of dbid 2 on sdw1: it alone has all of content 0
? 2

%% start sdw1.primary0

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

%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|p|s|u m|m|s|u timeout 60s
