# The manager is away, then cut off: what it cannot see it does not touch, and ls says so.
#@ manager: yes
#@ failure-timeout: 2

%% wait until manager is ONLINE timeout 60s

# It is stopped: another takes over at once; then that one too.
%% start manager2
%% stop manager
%% wait until manager is ONLINE timeout 60s
%% stop manager2
%% wait until manager is OFFLINE timeout 60s

[LOGICAL] /alpha > ls
COORDINATOR[none:AUTOMATIC:OFFLINE]
...
no manager runs: policy AUTOMATIC is not being carried out
NEXT: cctrl manager   (in a terminal of its own, or as a service)

%% start manager
%% wait until manager is ONLINE timeout 60s

# It is cut off from the master alone: the slaves still receive, so nothing is done.
%% cut host1 --from manager
%% wait until sql host1 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 60s
%% wait until host1 state is master:ONLINE timeout 60s

# It is cut off from all: it reaches no majority, and offers nobody to clients.
%% cut manager
%% wait until host1 state is SHUNNED(FAILSAFE_SHUN) timeout 60s

%% heal manager
%% heal host1
%% wait until host1 state is master:ONLINE timeout 60s
%% wait until host2 state is slave:ONLINE timeout 60s
%% wait until host3 state is slave:ONLINE timeout 60s
