# A planned move of the master, and back again. Nothing is lost, nobody is left behind.
#@ policy: automatic

%% sql host1 create table t(i int); insert into t values (1)
%% wait until sql host1 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 60s

[LOGICAL:EXPERT] /alpha > switch to host2
SET POLICY: AUTOMATIC => MAINTENANCE
EVALUATING SLAVE: host2(stored=[LSN], applied=[LSN], latency=[N], datasource-group-id=0)
EVALUATING SLAVE: host3(stored=[LSN], applied=[LSN], latency=[N], datasource-group-id=0)
SELECTED SLAVE: host2@alpha
host3@alpha was not taken: (as far as host2, which comes first|\d+ k?B behind host2) (re)
Savepoint switch_[N](cluster=alpha, source=host1, created=[TIME]) created
PURGE REMAINING ACTIVE SESSIONS ON CURRENT MASTER 'host1@alpha'
PURGED A TOTAL OF [N] ACTIVE SESSIONS ON MASTER 'host1@alpha'
FLUSH TRANSACTIONS ON CURRENT MASTER 'host1@alpha'
PUT THE NEW MASTER 'host2@alpha' ONLINE
PUT THE PRIOR MASTER 'host1@alpha' ONLINE AS A SLAVE
REVERT POLICY: MAINTENANCE => AUTOMATIC
SWITCH TO 'host2@alpha' WAS SUCCESSFUL

%% sql host2 insert into t values (2)
%% wait until sql host1 select count(*) from t is 2 timeout 60s
%% wait until sql host3 select count(*) from t is 2 timeout 60s

# And back.
[LOGICAL:EXPERT] /alpha > switch to host1
SET POLICY: AUTOMATIC => MAINTENANCE
EVALUATING SLAVE: host1(stored=[LSN], applied=[LSN], latency=[N], datasource-group-id=0)
EVALUATING SLAVE: host3(stored=[LSN], applied=[LSN], latency=[N], datasource-group-id=0)
SELECTED SLAVE: host1@alpha
host3@alpha was not taken: (as far as host1, which comes first|\d+ k?B behind host1) (re)
Savepoint switch_[N](cluster=alpha, source=host2, created=[TIME]) created
PURGE REMAINING ACTIVE SESSIONS ON CURRENT MASTER 'host2@alpha'
PURGED A TOTAL OF [N] ACTIVE SESSIONS ON MASTER 'host2@alpha'
FLUSH TRANSACTIONS ON CURRENT MASTER 'host2@alpha'
PUT THE NEW MASTER 'host1@alpha' ONLINE
PUT THE PRIOR MASTER 'host2@alpha' ONLINE AS A SLAVE
REVERT POLICY: MAINTENANCE => AUTOMATIC
SWITCH TO 'host1@alpha' WAS SUCCESSFUL

%% sql host1 insert into t values (3)
%% wait until sql host2 select count(*) from t is 3 timeout 60s
%% wait until sql host3 select count(*) from t is 3 timeout 60s
%% wait until sql host1 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 60s
%% wait until host1 state is master:ONLINE timeout 60s
