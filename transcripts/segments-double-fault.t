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
NEXT: on sdw1: */bin/pg_ctl -D */sdw1/primary/gpseg0 * -w start   (no other one has all of content 0; then gprecoverseg) (glob)
? 1

[LOGICAL] /gp > gprecoverseg -a
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting gprecoverseg with args: -a
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Obtaining Segment details from coordinator...
[TIME]:[N] gprecoverseg:cdw:postgres-[CRITICAL]:-gprecoverseg failed. (Reason='error 'ERROR:  failed to acquire resources on one or more segments
DETAIL:  dbid 2 is not running: connection to server on socket "*/sdw1/run/.s.PGSQL.*" failed: Connection refused (glob)
 (seg0 sdw1:[PORT])
' in 'SET CLIENT_MIN_MESSAGES='ERROR''') exiting...
NEXT: on sdw1: */bin/pg_ctl -D */sdw1/primary/gpseg0 * -w start   (it alone has all of content 0; then the same again) (glob)
? 2

%% start sdw1.primary0

[LOGICAL] /gp > gprecoverseg -a
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting gprecoverseg with args: -a
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Failed instance directory            = */sdw2/mirror/gpseg0 (glob)
...
sdw2 (dbid 4): pg_rewind: no rewind required
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Segments successfully recovered.
...

%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|p|s|u m|m|s|u timeout 60s
