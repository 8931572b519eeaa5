# The master dies; a failover promotes the most advanced replica; the old master comes back as a slave.
#@ policy: manual

%% sql host1 create table t(i int); insert into t select generate_series(1, 1000)
%% wait until sql host2 select count(*) from t is 1000 timeout 60s
%% wait until sql host3 select count(*) from t is 1000 timeout 60s

%% kill host1
%% wait until host1 state is master:FAILED timeout 60s

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

%% sql host2 insert into t values (1001)
%% wait until sql host3 select count(*) from t is 1001 timeout 60s
%% wait until host1 state is master:SHUNNED(FAILED-OVER-TO-host2) timeout 60s

[LOGICAL:EXPERT] /alpha > datasource host1 recover
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host1'
...
DATA SERVER 'host1' IS NOW AVAILABLE FOR CONNECTIONS
RECOVERING 'host1@alpha' TO A SLAVE USING 'host2@alpha' AS THE MASTER
...
RECOVERY OF 'host1@alpha' WAS SUCCESSFUL
host1 is OFFLINE until it is put ONLINE; no manager runs that would do it
NEXT: datasource host1 online

# The old master has every row and takes no write.
%% wait until sql host1 select count(*) from t is 1001 timeout 60s
%% sql host1 select pg_is_in_recovery()
t

[LOGICAL:EXPERT] /alpha > datasource host1 online
DataSource 'host1' is now ONLINE

%% wait until host1 state is slave:ONLINE timeout 60s
%% wait until host2 state is master:ONLINE timeout 60s
