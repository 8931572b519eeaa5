# A mirror segment goes down: commits wait for the grace period and then go on; gprecoverseg starts the mirror again.
#@ lab: segments
#@ service: gp
#@ hosts: 2
#@ manager: yes

%% kill sdw2.mirror0
%% sql sdw1.primary0 create table t as select 1 as i
%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|p|n|u m|m|n|d timeout 60s

[LOGICAL] /gp > gpstate -e
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Starting gpstate with args: -e
...
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Obtaining Segment details from coordinator...
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Gathering data from segments...
[TIME]:[N] gpstate:cdw:postgres-[WARNING]:-pg_stat_replication shows no standby connections
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-----------------------------------------------------
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Segment Mirroring Status Report
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-----------------------------------------------------
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Unsynchronized Segment Pairs
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-   Current Primary   Port    WAL sync remaining bytes   Mirror   Port
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-   sdw1              [PORT]   Unknown                    sdw2     [PORT]
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-----------------------------------------------------
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Downed Segments (may include segments where status could not be retrieved)
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-   Segment   Port    Config status   Status
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-   sdw2      [PORT]   Down            Down in configuration
NEXT: gprecoverseg   (1 down)
? 1

[LOGICAL] /gp > gpstate -Q
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Starting gpstate with args: -Q
...
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-Obtaining Segment details from coordinator...
[TIME]:[N] gpstate:cdw:postgres-[INFO]:--Quick Greenplum database status from Coordinator instance only
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-----------------------------------------------------------
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-# of up segments, from configuration table     = 3
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-# of down segments, from configuration table   = 1
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-   Down Segment   Datadir * Port (glob)
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-   sdw2           */sdw2/mirror/gpseg0   [PORT] (glob)
[TIME]:[N] gpstate:cdw:postgres-[INFO]:-----------------------------------------------------------
? 1

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
%% wait until sql sdw2.mirror0 select i from t is 1 timeout 60s
