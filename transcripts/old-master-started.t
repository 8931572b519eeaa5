# After a failover the old master, started by somebody, never accepts a write; recover makes it a slave.
#@ policy: manual

%% sql host1 create table t(i int); insert into t values (1)
%% wait until sql host2 select count(*) from t is 1 timeout 60s
%% wait until sql host3 select count(*) from t is 1 timeout 60s
%% kill host1

[LOGICAL:EXPERT] /alpha > failover to host3
...
FAILOVER TO 'host3' WAS COMPLETED
host1 is SHUNNED(FAILED-OVER-TO-host3)
NEXT: datasource host1 recover

%% start host1
%% sql host1 select pg_is_in_recovery()
t

[LOGICAL:EXPERT] /alpha > datasource host1 recover
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host1'
...
DATA SERVER 'host1' IS NOW AVAILABLE FOR CONNECTIONS
RECOVERING 'host1@alpha' TO A SLAVE USING 'host3@alpha' AS THE MASTER
...
RECOVERY OF 'host1@alpha' WAS SUCCESSFUL
host1 is OFFLINE until it is put ONLINE; no manager runs that would do it
NEXT: datasource host1 online

%% sql host3 insert into t values (2)
%% wait until sql host1 select count(*) from t is 2 timeout 60s
