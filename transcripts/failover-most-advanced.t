# Of two replicas the one with the most received changes becomes the master, and the other follows it.
#@ policy: manual

%% sql host1 create table t(i int)
%% wait until sql host2 select count(*) from t is 0 timeout 60s
%% wait until sql host3 select count(*) from t is 0 timeout 60s

# host2 is down while host1 goes on: host3 has a row that host2 lacks.
%% stop host2
%% sql host1 insert into t values (1)
%% wait until sql host3 select count(*) from t is 1 timeout 60s
%% kill host1
%% start host2

[LOGICAL:EXPERT] /alpha > failover
EVALUATING SLAVE: host3(stored=[LSN], applied=[LSN], latency=[N], datasource-group-id=0)
EVALUATING SLAVE: host2(stored=[LSN], applied=[LSN], latency=[N], datasource-group-id=0)
SELECTED SLAVE: host3@alpha
host2@alpha was not taken: * behind host3 (glob)
PURGE REMAINING ACTIVE SESSIONS ON CURRENT MASTER 'host1@alpha'
SHUNNING PREVIOUS MASTER 'host1@alpha'
PUT THE NEW MASTER 'host3@alpha' ONLINE
RECONFIGURING SLAVE 'host2@alpha' TO USE 'host3@alpha' AS THE MASTER
FAILOVER TO 'host3' WAS COMPLETED
host1 is SHUNNED(FAILED-OVER-TO-host3)
NEXT: datasource host1 recover

%% wait until sql host2 select count(*) from t is 1 timeout 60s
[LOGICAL:EXPERT] /alpha > datasource host1 recover
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host1'
...
DATA SERVER 'host1' IS NOW AVAILABLE FOR CONNECTIONS
RECOVERING 'host1@alpha' TO A SLAVE USING 'host3@alpha' AS THE MASTER
...
RECOVERY OF 'host1@alpha' WAS SUCCESSFUL
host1 is OFFLINE until it is put ONLINE; no manager runs that would do it
NEXT: datasource host1 online
