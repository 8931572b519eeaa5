# The simple failover and recovery example: preferred_role, role, mode and status of the pair at each stage.
#@ lab: segments
#@ service: gp
#@ hosts: 2
#@ manager: yes

%% sql cdw create view segment_states as select concat_ws(' | ', case preferred_role when 'p' then 'Primary' else 'Mirror' end, w ->> preferred_role::text, w ->> role::text, w ->> mode::text, w ->> status::text) || ' |' as line, preferred_role from gp_segment_configuration, (select '{"p": "p (primary)", "m": "m (mirror)", "s": "s (Synchronized)", "n": "n (Not In Sync)", "u": "u (up)", "d": "d (down)"}'::json as w) words where content = 0
%% kill sdw1.primary0
%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|m|n|d m|p|n|u timeout 60s
# The primary is down, and the segments are not in their preferred roles.
%% sql cdw select line from segment_states order by preferred_role desc
Primary | p (primary) | m (mirror) | n (Not In Sync) | d (down) |
Mirror | m (mirror) | p (primary) | n (Not In Sync) | u (up) |

$ gprecoverseg -a -q

# There might be a lag until FTS has set the status to u.
%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|m|s|u m|p|s|u timeout 60s
%% sql cdw select line from segment_states order by preferred_role desc
Primary | p (primary) | m (mirror) | s (Synchronized) | u (up) |
Mirror | m (mirror) | p (primary) | s (Synchronized) | u (up) |

$ gprecoverseg -r -a -q
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-This operation will cancel queries that are currently executing.
[TIME]:[N] gprecoverseg:cdw:postgres-[WARNING]:-Connections to the database however will not be interrupted.
connections to the coordinator are not; those to sdw2:[PORT] end, because that is shut down

%% wait until sql cdw select string_agg(concat_ws('|', preferred_role, role, mode, status), ' ' order by preferred_role desc) from gp_segment_configuration where content = 0 is p|p|s|u m|m|s|u timeout 60s
%% sql cdw select line from segment_states order by preferred_role desc
Primary | p (primary) | p (primary) | s (Synchronized) | u (up) |
Mirror | m (mirror) | m (mirror) | s (Synchronized) | u (up) |
