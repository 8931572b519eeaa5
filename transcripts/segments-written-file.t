# What gprecoverseg -o has written gprecoverseg -i takes; which options do not go together, and a file that is not there.
#@ lab: segments
#@ service: gp
#@ hosts: 2
#@ manager: yes

%% kill sdw1.primary0
%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|m|n|d m|p|n|u timeout 60s

$ gprecoverseg -o ~/gpAdminLogs/recover.file -r
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting gprecoverseg with args: -o ~/gpAdminLogs/recover.file -r
[TIME]:[N] gprecoverseg:cdw:postgres-[ERROR]:-gprecoverseg: error: Invalid -r provided with -o argument
NEXT: gprecoverseg --help
? 2

$ gprecoverseg -o ~/gpAdminLogs/recover.file
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting gprecoverseg with args: -o ~/gpAdminLogs/recover.file
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Obtaining Segment details from coordinator...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Configuration file output to ~/gpAdminLogs/recover.file successfully.

$ gprecoverseg -a -i ~/gpAdminLogs/recover.file
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting gprecoverseg with args: -a -i ~/gpAdminLogs/recover.file
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Recovery from configuration -i option supplied
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Failed instance directory            = */sdw1/primary/gpseg0 (glob)
...
sdw1 (dbid 2): pg_rewind: no rewind required
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Segments successfully recovered.
...

%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|m|s|u m|p|s|u timeout 60s

$ gprecoverseg -a -i no-such.file
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting gprecoverseg with args: -a -i no-such.file
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Obtaining Segment details from coordinator...
[TIME]:[N] gprecoverseg:cdw:postgres-[CRITICAL]:-gprecoverseg failed. (Reason='[Errno 2] No such file or directory: 'no-such.file'') exiting...
NEXT: gprecoverseg -o FILE   (writes a file of what is down, where you may write)
? 2
