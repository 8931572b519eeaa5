# MANUAL, primary failure and recovery: the host of the master is gone, and that is all the manager says. What is to be
# done is done by hand: failover, and when the host is back, recover and online.
#@ manager: yes
#@ failure-timeout: 3
#@ policy: manual

%% cut host1
%% wait until host1 state is master:FAILED(NODE 'host1' IS UNREACHABLE) timeout 60s

[LOGICAL:EXPERT] /alpha > failover
unfenced: host1 cannot be reached *) (glob)
If it lives it may still accept writes, and those will not be on the new master.
Nothing but its isolation protects the data meanwhile.
at risk: what host1 has beyond [LSN]; how much that is cannot be known
Do you want to continue? (y/n)>
< y
EVALUATING SLAVE: host2(stored=[LSN], applied=[LSN], latency=[N], datasource-group-id=0)
EVALUATING SLAVE: host3(stored=[LSN], applied=[LSN], latency=[N], datasource-group-id=0)
SELECTED SLAVE: host2@alpha
host3@alpha was not taken: (as far as host2, which comes first|\d+ k?B behind host2) (re)
PUT THE NEW MASTER 'host2@alpha' ONLINE
RECONFIGURING SLAVE 'host3@alpha' TO USE 'host2@alpha' AS THE MASTER
FAILOVER TO 'host2' WAS COMPLETED
host1 is SHUNNED(FAILED-OVER-TO-host2)
NEXT: datasource host1 recover

%% wait until host1 state is master:SHUNNED(FAILED-OVER-TO-host2) timeout 60s

# At the first contact the manager fences it, so that it takes no write; it stays SHUNNED.
%% heal host1
%% wait until sql host2 select count(*) from pg_stat_replication where state = 'streaming' is 1 timeout 60s

[LOGICAL:EXPERT] /alpha > datasource host1 recover
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host1'
...
DATA SERVER 'host1' IS NOW AVAILABLE FOR CONNECTIONS
RECOVERING 'host1@alpha' TO A SLAVE USING 'host2@alpha' AS THE MASTER
...
RECOVERY OF 'host1@alpha' WAS SUCCESSFUL
host1 is OFFLINE until it is put ONLINE
NEXT: datasource host1 online

[LOGICAL:EXPERT] /alpha > datasource host1 online
DataSource 'host1' is now ONLINE

%% wait until host1 state is slave:ONLINE timeout 60s
%% wait until sql host2 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 60s
