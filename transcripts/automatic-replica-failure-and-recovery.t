# AUTOMATIC, replica failure and recovery: a replica that dies is out of service by itself; when its server runs again it
# is back by itself.
#@ manager: yes
#@ failure-timeout: 3

%% kill host2
%% wait until host2 state is slave:FAILED(DATASERVER 'host2@alpha' STOPPED) timeout 60s
%% wait until host1 state is master:ONLINE timeout 60s
[LOGICAL:EXPERT] /alpha > ls host2
...
|host2(slave:FAILED(DATASERVER 'host2@alpha' STOPPED))                       |
...

%% start host2
%% wait until host2 state is slave:ONLINE timeout 60s
%% wait until sql host1 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 60s

# So is one whose host is cut off.
%% cut host3
%% wait until host3 state is slave:FAILED(NODE 'host3' IS UNREACHABLE) timeout 60s
%% heal host3
%% wait until host3 state is slave:ONLINE timeout 60s
%% wait until sql host1 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 60s
