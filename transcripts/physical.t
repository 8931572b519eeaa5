# The PHYSICAL mode: the tree of what is on the hosts, and the facts of each part of it.
#@ policy: manual
%% wait until sql host1 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 60s

[LOGICAL] /alpha > physical
[PHYSICAL] /alpha > ls
host1/
host2/
host3/

[PHYSICAL] /alpha > ls -lR host2
/alpha/host2:
host/                ONLINE
dataserver/          ONLINE
replicator/          ONLINE
manager/             STOPPED

/alpha/host2/host:
Host                 ONLINE

/alpha/host2/dataserver:
DataServer           ONLINE

/alpha/host2/replicator:
Replicator           ONLINE

/alpha/host2/manager:
ServiceManager       STOPPED

[PHYSICAL] /alpha > cd host2/replicator
[PHYSICAL] /alpha/host2/replicator > Replicator/diag
+----------------------------------------------------------------------------+
|/alpha/host2/replicator/Replicator                                          |
+----------------------------------------------------------------------------+
|              appliedLastSeqno: [LSN]                                       |
|                appliedLatency: 0.0                                         |
|                          host: host2                                       |
|                        master: host1                                       |
|                     receivers:                                             |
|                  replayPaused: false                                       |
|               storedLastSeqno: [LSN]                                       |
|                      upstream: 127.0.0.1:[PORT] streaming                  |
+----------------------------------------------------------------------------+

[PHYSICAL] /alpha/host2/replicator > cd ..
[PHYSICAL] /alpha/host2 > cd /alpha
[PHYSICAL] /alpha > ls -l */dataserver
/alpha/host1/dataserver:
DataServer           ONLINE

/alpha/host2/dataserver:
DataServer           ONLINE

/alpha/host3/dataserver:
DataServer           ONLINE

# As the manuals' scripts give it: services, hosts, component, resource.
[PHYSICAL] /alpha > */*/manager/ServiceManager/diag
+----------------------------------------------------------------------------+
|/alpha/host1/manager/ServiceManager                                         |
+----------------------------------------------------------------------------+
|                   coordinator: none                                        |
|                         state: STOPPED                                     |
+----------------------------------------------------------------------------+
+----------------------------------------------------------------------------+
|/alpha/host2/manager/ServiceManager                                         |
+----------------------------------------------------------------------------+
|                   coordinator: none                                        |
|                         state: STOPPED                                     |
+----------------------------------------------------------------------------+
+----------------------------------------------------------------------------+
|/alpha/host3/manager/ServiceManager                                         |
+----------------------------------------------------------------------------+
|                   coordinator: none                                        |
|                         state: STOPPED                                     |
+----------------------------------------------------------------------------+

[PHYSICAL] /alpha > cd host9
ERROR: element 'host9' not found in path '/alpha/host9' while searching for entry 'host9'
DETAIL: below '/alpha': host1, host2, host3
NEXT: ls /alpha   (where it is a command: logical, then that)
? 2
[PHYSICAL] /alpha > cd */replicator
ERROR: the element '*' of path '*/replicator' resolves to more than one element
DETAIL: /alpha/host1/replicator, /alpha/host2/replicator, /alpha/host3/replicator
NEXT: cd /alpha/host1/replicator
? 2
[PHYSICAL] /alpha > host1/replicator
ERROR: Cannot execute 'host1/replicator' in this context.
NEXT: ls -l host1/replicator
? 2
[PHYSICAL] /alpha > recover
ERROR: element 'recover' not found in path '/alpha/recover' while searching for entry 'recover'
DETAIL: below '/alpha': host1, host2, host3
NEXT: ls /alpha   (where it is a command: logical, then that)
? 2
[PHYSICAL] /alpha > cd ..
ERROR: above /alpha there are only services
NEXT: use SERVICE   (goes to another)
? 2
[PHYSICAL] /alpha > logical
[LOGICAL] /alpha > 
