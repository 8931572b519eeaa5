# Both questions of gprecoverseg answered no: nothing is changed, and the exit status is 4.
#@ lab: segments
#@ service: gp
#@ hosts: 2
#@ manager: yes

%% kill sdw1.primary0
%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|m|n|d m|p|n|u timeout 60s

[LOGICAL] /gp > gprecoverseg
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting gprecoverseg with args: 
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-   Recovery Target                      = in-place
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:----------------------------------------------------------

Continue with segment recovery procedure Yy|Nn (default=N):
>
< maybe
Invalid input: 'maybe'

Continue with segment recovery procedure Yy|Nn (default=N):
>
< n
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-User abort requested, Exiting...
? 4

[LOGICAL] /gp > recover
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting gprecoverseg with args: -a
...
sdw1 (dbid 2): pg_rewind: no rewind required
...
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Segments successfully recovered.
...

%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|m|s|u m|p|s|u timeout 60s

[LOGICAL] /gp > gprecoverseg -r
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-Starting gprecoverseg with args: -r
...
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-This operation will cancel queries that are currently executing.
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-Connections to the database however will not be interrupted.
connections to the coordinator are not; those to sdw2:[PORT] end, because that is shut down

Continue with segment rebalance procedure Yy|Nn (default=N):
>
<
[TIME]:[N] gprecoverseg:cdw:postgres-[INFO]:-User abort requested, Exiting...
? 4

%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|m|s|u m|p|s|u timeout 60s
