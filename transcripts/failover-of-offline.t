# Every slave is OFFLINE when the master fails: failover takes one as it is. One that is shunned is welcomed first.
#@ manager: yes
#@ policy: manual

[LOGICAL] /alpha > cluster offline
DataSource 'host1' is now OFFLINE
DataSource 'host2' is now OFFLINE
DataSource 'host3' is now OFFLINE
[LOGICAL] /alpha > datasource host1 online
DataSource 'host1' is now ONLINE
%% kill host1
%% wait until host1 state is FAILED(DATASERVER 'host1@alpha' STOPPED) timeout 60s
[LOGICAL] /alpha > show alarms
host1(master:FAILED(DATASERVER 'host1@alpha' STOPPED)) STATUS [CRITICAL] [[TIME]]
  NEXT: failover
host2(slave:OFFLINE) STATUS [WARN] [[TIME]]
  REASON[REPLICATOR STOPPED]
  NEXT: failover
host3(slave:OFFLINE) STATUS [WARN] [[TIME]]
  REASON[REPLICATOR STOPPED]
  NEXT: failover
[LOGICAL] /alpha > failover
EVALUATING SLAVE: host2(stored=[LSN], applied=[LSN], latency=0.000, datasource-group-id=0)
EVALUATING SLAVE: host3(stored=[LSN], applied=[LSN], latency=0.000, datasource-group-id=0)
SELECTED SLAVE: host2@alpha
host3@alpha was not taken: (as far as host2, which comes first|\d+ k?B behind host2) (re)
PURGE REMAINING ACTIVE SESSIONS ON CURRENT MASTER 'host1@alpha'
SHUNNING PREVIOUS MASTER 'host1@alpha'
PUT THE NEW MASTER 'host2@alpha' ONLINE
RECONFIGURING SLAVE 'host3@alpha' TO USE 'host2@alpha' AS THE MASTER
FAILOVER TO 'host2' WAS COMPLETED
host1 is SHUNNED(FAILED-OVER-TO-host2)
NEXT: datasource host1 recover
[LOGICAL] /alpha > show topology
alpha(MANUAL)
  host1(master:SHUNNED(FAILED-OVER-TO-host2)) 127.0.0.1:[PORT]
  host2(master:ONLINE) 127.0.0.1:[PORT]
    host3(slave:OFFLINE) 127.0.0.1:[PORT]
[LOGICAL] /alpha > datasource host3 online
DataSource 'host3' is now ONLINE

# The new master fails, too, and the only slave is shunned: that was a person's decision, and is lifted by one.
[LOGICAL] /alpha > datasource host3 shun
DataSource 'host3' set to SHUNNED
%% kill host2
%% wait until host2 state is FAILED(DATASERVER 'host2@alpha' STOPPED) timeout 60s
[LOGICAL] /alpha > failover
ERROR: no member can become the master
DETAIL: host3: it is SHUNNED(MANUALLY-SHUNNED); first: datasource host3 welcome
DETAIL: host1: it is SHUNNED(FAILED-OVER-TO-host2); first: datasource host1 recover
NEXT: datasource host3 welcome
? 3
[LOGICAL] /alpha > datasource host3 welcome
DataSource 'host3' is now ONLINE
[LOGICAL] /alpha > failover
...
FAILOVER TO 'host3' WAS COMPLETED
...
