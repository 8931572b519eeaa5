# Recover a whole data service, as the manual shows it: host2, then host1, under host3.
# The master was host1, then host2, then host3: two failovers, and both old masters are down.
#@ policy: manual

%% sql host1 create table t(i int); insert into t values (1)
%% wait until sql host2 select count(*) from t is 1 timeout 60s
%% wait until sql host3 select count(*) from t is 1 timeout 60s

%% kill host1
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

%% sql host2 insert into t values (2)
%% wait until sql host3 select count(*) from t is 2 timeout 60s

%% kill host2
[LOGICAL:EXPERT] /alpha > failover to host3
EVALUATING SLAVE: host3(stored=[LSN], applied=[LSN], latency=[N], datasource-group-id=0)
SELECTED SLAVE: host3@alpha
host1@alpha was not taken: it is SHUNNED(FAILED-OVER-TO-host2); first: datasource host1 recover
PURGE REMAINING ACTIVE SESSIONS ON CURRENT MASTER 'host2@alpha'
SHUNNING PREVIOUS MASTER 'host2@alpha'
PUT THE NEW MASTER 'host3@alpha' ONLINE
FAILOVER TO 'host3' WAS COMPLETED
host2 is SHUNNED(FAILED-OVER-TO-host3)
NEXT: datasource host2 recover
host1 does not follow host3 yet: its server is not running
NEXT: datasource host1 recover

[LOGICAL:EXPERT] /alpha > recover
FOUND PHYSICAL DATASOURCE TO RECOVER: 'host2@alpha'
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host2'
...
DATA SERVER 'host2' IS NOW AVAILABLE FOR CONNECTIONS
RECOVERING 'host2@alpha' TO A SLAVE USING 'host3@alpha' AS THE MASTER
...
DataSource 'host2' is now OFFLINE
RECOVERY OF DATA SERVICE 'alpha' SUCCEEDED
FOUND PHYSICAL DATASOURCE TO RECOVER: 'host1@alpha'
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host1'
...
DATA SERVER 'host1' IS NOW AVAILABLE FOR CONNECTIONS
RECOVERING 'host1@alpha' TO A SLAVE USING 'host3@alpha' AS THE MASTER
...
DataSource 'host1' is now OFFLINE
RECOVERY OF DATA SERVICE 'alpha' SUCCEEDED
RECOVERED 2 DATA SOURCES IN SERVICE 'alpha'
host2 is OFFLINE until it is put ONLINE; no manager runs that would do it
NEXT: datasource host2 online
host1 is OFFLINE until it is put ONLINE; no manager runs that would do it
NEXT: datasource host1 online

# Both follow host3: what is written there arrives on both.
%% sql host3 insert into t values (3)
%% wait until sql host1 select count(*) from t is 3 timeout 60s
%% wait until sql host2 select count(*) from t is 3 timeout 60s
