# A master whose server is suspended cannot hand over, but it can be failed over.
#@ policy: manual

%% sql host1 create table t(i int); insert into t values (1)
%% wait until sql host2 select count(*) from t is 1 timeout 60s
%% wait until sql host3 select count(*) from t is 1 timeout 60s
%% freeze host1

[LOGICAL:EXPERT] /alpha > switch
ERROR: host1 cannot hand over: the master's server runs but does not answer
DETAIL: connection to server * timeout expired (glob)
NEXT: failover
? 3

[LOGICAL:EXPERT] /alpha > failover
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

# The failover ended the frozen server, so that it cannot wake up as a second master.
[LOGICAL:EXPERT] /alpha > datasource host1 recover
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host1'
...
DATA SERVER 'host1' IS NOW AVAILABLE FOR CONNECTIONS
RECOVERING 'host1@alpha' TO A SLAVE USING 'host2@alpha' AS THE MASTER
...
RECOVERY OF 'host1@alpha' WAS SUCCESSFUL
host1 is OFFLINE until it is put ONLINE; no manager runs that would do it
NEXT: datasource host1 online

%% sql host2 insert into t values (2)
%% wait until sql host1 select count(*) from t is 2 timeout 60s
