# The whole service at a glance: the majority, the topology, a heartbeat, the alarms, and all out of service and back.
#@ policy: maintenance

[LOGICAL:EXPERT] /alpha > cluster validate
CHECKING FOR QUORUM: MUST BE AT LEAST 2 DB MEMBERS
POTENTIAL QUORUM SET MEMBERS ARE: host1, host2, host3
SIMPLE MAJORITY SIZE: 2
GC VIEW OF CURRENT DB MEMBERS IS: host1, host2, host3
VALIDATED DB MEMBERS ARE: host1, host2, host3
REACHABLE DB MEMBERS ARE: host1, host2, host3
========================================================================
CONCLUSION: I AM IN A PRIMARY PARTITION OF 3 MEMBERS OUT OF A REQUIRED MAJORITY SIZE OF 2
AND THERE ARE 0 REACHABLE WITNESSES OUT OF 0

[LOGICAL:EXPERT] /alpha > cluster topology validate
VALIDATING THE TOPOLOGY OF DATA SERVICE 'alpha'
'host1@alpha': master
'host2@alpha': slave of host1
'host3@alpha': slave of host1
THE TOPOLOGY OF DATA SERVICE 'alpha' IS VALID

[LOGICAL:EXPERT] /alpha > show topology
alpha(MAINTENANCE)
  host1(master:ONLINE) *:[PORT] (glob)
    host2(slave:ONLINE) *:[PORT] (glob)
    host3(slave:ONLINE) *:[PORT] (glob)

[LOGICAL:EXPERT] /alpha > cluster heartbeat
HEARTBEAT [LSN:beat] WRITTEN ON MASTER 'host1@alpha'
HEARTBEAT [LSN:beat] APPLIED BY 'host2@alpha' WITHIN [N] s
HEARTBEAT [LSN:beat] APPLIED BY 'host3@alpha' WITHIN [N] s

[LOGICAL:EXPERT] /alpha > cluster flush
HEARTBEAT [LSN:flush] WRITTEN ON MASTER 'host1@alpha'
HEARTBEAT [LSN:flush] STORED ON 'host2@alpha' WITHIN [N] s
HEARTBEAT [LSN:flush] STORED ON 'host3@alpha' WITHIN [N] s
[LSN:flush]

[LOGICAL:EXPERT] /alpha > show alarms
every datasource of alpha is OK

[LOGICAL:EXPERT] /alpha > cluster offline
DataSource 'host1' is now OFFLINE
DataSource 'host2' is now OFFLINE
DataSource 'host3' is now OFFLINE

%% kill host3
[LOGICAL:EXPERT] /alpha > show alarms
host1(master:OFFLINE) STATUS [WARN] [[TIME]]
  NEXT: datasource host1 online
host2(slave:OFFLINE) STATUS [WARN] [[TIME]]
  NEXT: datasource host2 online
host3(slave:OFFLINE) STATUS [WARN] [[TIME]]
  REASON[DATASERVER 'host3@alpha' STOPPED]
  NEXT: datasource host3 recover

[LOGICAL:EXPERT] /alpha > cluster online
ERROR: host3 is not well: DATASERVER 'host3@alpha' STOPPED
...
NEXT: datasource host3 recover
DataSource 'host1' is now ONLINE
DataSource 'host2' is now ONLINE

[LOGICAL:EXPERT] /alpha > cluster topology validate
VALIDATING THE TOPOLOGY OF DATA SERVICE 'alpha'
'host1@alpha': master
'host2@alpha': slave of host1
'host3@alpha': DATASERVER 'host3@alpha' STOPPED
ERROR: the topology of alpha is not valid
DETAIL: 1 of 3 datasources: host3
NEXT: datasource host3 recover
? 3
