# MANUAL, primary failure and recovery: the host of the master is gone, and that is all the manager says. What is to be
# done is done by hand: failover, and when the host is back, recover and online.
#@ manager: yes
#@ failure-timeout: 3
#@ policy: manual

%% cut host1
%% wait until host1 state is master:FAILED(NODE 'host1' IS UNREACHABLE) timeout 30s
%% wait until host2 state is slave:ONLINE timeout 10s

[LOGICAL:EXPERT] /alpha > failover
unfenced: host1 cannot be reached (no answer within 5 s (exchanging keys with 127.0.0.1 port [PORT]))
If it lives it may still accept writes, and those will not be on the new primary.
Nothing but its isolation protects the data meanwhile.
at risk: what host1 has beyond [LSN]; how much that is cannot be known
Do you want to continue? (y/n)>
< y
EVALUATING SLAVE: host2(stored=[LSN], applied=[LSN], latency=[N], datasource-group-id=0)
EVALUATING SLAVE: host3(stored=[LSN], applied=[LSN], latency=[N], datasource-group-id=0)
SELECTED SLAVE: host2@alpha
host3@alpha was not taken: as far as host2, which comes first
PUT THE NEW MASTER 'host2@alpha' ONLINE
RECONFIGURING SLAVE 'host3@alpha' TO USE 'host2@alpha' AS THE MASTER
FAILOVER TO 'host2' WAS COMPLETED
host1 is SHUNNED(FAILED-OVER-TO-host2)
NEXT: datasource host1 recover

%% wait until host1 state is master:SHUNNED(FAILED-OVER-TO-host2) timeout 10s
%% wait until host2 state is master:ONLINE timeout 10s
%% wait until host3 state is slave:ONLINE timeout 10s

# At the first contact the manager fences it, so that it takes no write; it stays SHUNNED.
%% heal host1
%% wait until sql host2 select count(*) from pg_stat_replication where state = 'streaming' is 1 timeout 10s

[LOGICAL:EXPERT] /alpha > datasource host1 recover
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host1'
host1: 22 MB: a full copy takes about 0.3 s, a rewind about 2.3 s
host1: the log that only it has is kept in /tmp/cctrl-6h_fag_l/host1/.cctrl-data.kept-20261125T153414-c69c
host1: its old data directory is kept in /tmp/cctrl-6h_fag_l/host1/.cctrl-data.aside-20261125T153414-c69c
DATA SERVER 'host1' IS NOW AVAILABLE FOR CONNECTIONS
RECOVERING 'host1@alpha' TO A SLAVE USING 'host2@alpha' AS THE MASTER
host1: its log went on after the fork: it gets a full copy, which is quicker
RECOVERY OF 'host1@alpha' WAS SUCCESSFUL
host1 is OFFLINE until it is put ONLINE
NEXT: datasource host1 online

[LOGICAL:EXPERT] /alpha > datasource host1 online
ERROR: host1 is SHUNNED(FAILED-OVER-TO-host2)
NEXT: datasource host1 recover
? 3

%% wait until host1 state is slave:ONLINE timeout 10s
%% wait until sql host2 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 10s
