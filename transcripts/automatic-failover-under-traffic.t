# The host of the master is cut off while clients write, with synchronous = true: the manager fails over, the master that
# nobody reaches can acknowledge no write, and nothing that was acknowledged is lost.
#@ manager: yes
#@ failure-timeout: 3
#@ synchronous: yes

%% traffic start
%% cut host1
%% wait until host1 state is master:SHUNNED timeout 60s
%% wait until sql host2 select coalesce(sum(n_tup_ins), 0) > 0 from pg_stat_user_tables where relname = 'traffic' is t timeout 60s
%% traffic report
[N] rows acknowledged, by host1, * (glob)
longest gap: [N] ms, from * (glob)
gaps over 100 ms: [N]
acknowledged but missing on *: 0 (glob)
two servers took writes at the same time: never
%% heal host1
%% traffic stop

# What it still wrote and could acknowledge to nobody is kept aside.
%% wait until sql host2 select count(*) from pg_stat_replication where state = 'streaming' is 1 timeout 60s
[LOGICAL:EXPERT] /alpha > datasource host1 recover --force
...
RECOVERY OF 'host1@alpha' WAS SUCCESSFUL
...

%% wait until host1 state is slave:ONLINE timeout 60s
