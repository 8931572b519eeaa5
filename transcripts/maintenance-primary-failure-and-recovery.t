# MAINTENANCE, primary failure and recovery: the manager sees it and does nothing, however long it lasts. By hand: shun
# the master, or set it to FAILED, then failover; recover the old one.
#@ manager: yes
#@ failure-timeout: 2
#@ policy: maintenance

%% sql host1 create table t(at timestamptz); insert into t values (now())
%% wait until sql host2 select count(*) from t is 1 timeout 60s
%% kill host1

# Long after the failure timeout nothing has been decided about it, and nobody else takes writes.
%% wait until sql host2 select now() - max(at) > '6 s' from t is t timeout 60s
%% sql host2 select pg_is_in_recovery()
t
%% sql host3 select pg_is_in_recovery()
t

[LOGICAL:EXPERT] /alpha > ls
COORDINATOR[*:MAINTENANCE:ONLINE] (glob)
...
+----------------------------------------------------------------------------+
|host1(master:ONLINE)                                                        |
|STATUS [DIMINISHED] [[TIME]]                                                |
|REASON[DATASERVER 'host1@alpha' STOPPED]                                    |
+----------------------------------------------------------------------------+
...

[LOGICAL:EXPERT] /alpha > datasource host1 fail
DataSource 'host1' set to FAILED

[LOGICAL:EXPERT] /alpha > failover to host2
EVALUATING SLAVE: host2(stored=[LSN], applied=[LSN], latency=[N], datasource-group-id=0)
EVALUATING SLAVE: host3(stored=[LSN], applied=[LSN], latency=[N], datasource-group-id=0)
SELECTED SLAVE: host2@alpha
host3@alpha was not taken: (as far as host2, which comes first|\d+ k?B behind host2) (re)
PURGE REMAINING ACTIVE SESSIONS ON CURRENT MASTER 'host1@alpha'
SHUNNING PREVIOUS MASTER 'host1@alpha'
PUT THE NEW MASTER 'host2@alpha' ONLINE
RECONFIGURING SLAVE 'host3@alpha' TO USE 'host2@alpha' AS THE MASTER
FAILOVER TO 'host2' WAS COMPLETED
host1 is SHUNNED(FAILED-OVER-TO-host2)
NEXT: datasource host1 recover

%% wait until host1 state is master:SHUNNED(FAILED-OVER-TO-host2) timeout 60s

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

# A shun in place of the failing does the same.
%% kill host2

[LOGICAL:EXPERT] /alpha > datasource host2 shun
DataSource 'host2' set to SHUNNED

[LOGICAL:EXPERT] /alpha > failover to host1
EVALUATING SLAVE: host1(stored=[LSN], applied=[LSN], latency=[N], datasource-group-id=0)
EVALUATING SLAVE: host3(stored=[LSN], applied=[LSN], latency=[N], datasource-group-id=0)
SELECTED SLAVE: host1@alpha
host3@alpha was not taken: (as far as host1, which comes first|\d+ k?B behind host1) (re)
PURGE REMAINING ACTIVE SESSIONS ON CURRENT MASTER 'host2@alpha'
SHUNNING PREVIOUS MASTER 'host2@alpha'
PUT THE NEW MASTER 'host1@alpha' ONLINE
RECONFIGURING SLAVE 'host3@alpha' TO USE 'host1@alpha' AS THE MASTER
FAILOVER TO 'host1' WAS COMPLETED
host2 is SHUNNED(FAILED-OVER-TO-host1)
NEXT: datasource host2 recover

[LOGICAL:EXPERT] /alpha > recover
FOUND PHYSICAL DATASOURCE TO RECOVER: 'host2@alpha'
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host2'
...
DATA SERVER 'host2' IS NOW AVAILABLE FOR CONNECTIONS
RECOVERING 'host2@alpha' TO A SLAVE USING 'host1@alpha' AS THE MASTER
...
DataSource 'host2' is now OFFLINE
RECOVERY OF DATA SERVICE 'alpha' SUCCEEDED
RECOVERED 1 DATA SOURCES IN SERVICE 'alpha'
host2 is OFFLINE until it is put ONLINE
NEXT: datasource host2 online

[LOGICAL:EXPERT] /alpha > datasource host2 online
DataSource 'host2' is now ONLINE

%% wait until host1 state is master:ONLINE timeout 60s
%% wait until host2 state is slave:ONLINE timeout 60s
%% wait until host3 state is slave:ONLINE timeout 60s
%% wait until sql host1 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 60s
