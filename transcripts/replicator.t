# A replicator is taken offline: it goes on receiving and applies nothing. Online again it catches up.
#@ policy: manual

%% sql host1 create table t(i int)
%% wait until sql host2 select count(*) from t is 0 timeout 60s
[LOGICAL:EXPERT] /alpha > replicator host2 offline
Replicator 'host2' is now OFFLINE
host2 goes on receiving; nothing is applied until `replicator host2 online`,
a recover, or a restart of its server

%% sql host1 insert into t values (1)
%% wait until sql host2 select pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn() is t timeout 60s
%% wait until sql host2 select count(*) from t is 0 timeout 60s

[LOGICAL:EXPERT] /alpha > ls host2
+----------------------------------------------------------------------------+
|host2(slave:ONLINE, progress=[LSN], latency=[N])                            |
|STATUS [DIMINISHED] [[TIME]]                                                |
|REASON[REPLICATOR OFFLINE]                                                  |
+----------------------------------------------------------------------------+
|  MANAGER(state=STOPPED)                                                    |
|  REPLICATOR(role=slave, master=host1, state=OFFLINE)                       |
|  DATASERVER(state=ONLINE)                                                  |
|  CONNECTIONS(created=[N], active=[N])                                      |
+----------------------------------------------------------------------------+
...
NEXT: replicator host2 online

[LOGICAL:EXPERT] /alpha > replicator host2 online
Replicator 'host2' is now ONLINE

%% wait until sql host2 select count(*) from t is 1 timeout 60s
[LOGICAL:EXPERT] /alpha > replicator host2 restart
Replicator 'host2' is now ONLINE

[LOGICAL:EXPERT] /alpha > replicator host1 offline
ERROR: host1 is the master: it receives from nobody, so its replicator cannot be changed
NEXT: datasource host1 offline   (takes it out of service)
? 3

# Under AUTOMATIC the manager may undo it: that is said.
[LOGICAL:EXPERT] /alpha > set policy automatic
policy mode is now AUTOMATIC
[LOGICAL:EXPERT] /alpha > replicator host3 offline
policy AUTOMATIC may bring host3's replicator back by itself
NEXT, to prevent that: datasource host3 shun   (or: set policy maintenance)
Replicator 'host3' is now OFFLINE
...
[LOGICAL:EXPERT] /alpha > replicator host3 online
Replicator 'host3' is now ONLINE
