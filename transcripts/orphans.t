# Commits that only the dead master has are counted and refused; forced, they are kept aside first.
#@ policy: manual

%% sql host1 create table t(i int)
%% wait until sql host2 select count(*) from t is 0 timeout 60s
%% wait until sql host3 select count(*) from t is 0 timeout 60s
%% stop host2
%% stop host3
%% sql host1 insert into t values (1)
%% sql host1 insert into t values (2)
%% kill host1
%% start host2
%% start host3

# The failover would leave them behind: it says so and asks, in EXPERT mode too.
[LOGICAL:EXPERT] /alpha > failover
at risk: 2 committed transactions that only host1 has ([TIME] to [TIME])
Do you want to continue? (y/n)>
ERROR: failover must be confirmed, and nobody can be asked: nothing was changed
DETAIL: standard input is not a terminal, or has ended
NEXT: give --yes to confirm beforehand
? 3

[LOGICAL:EXPERT] /alpha > failover
at risk: 2 committed transactions that only host1 has ([TIME] to [TIME])
Do you want to continue? (y/n)>
< y
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

[LOGICAL:EXPERT] /alpha > datasource host1 recover
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host1'
Recovery failed because the failed master has unextracted events in
the binlog. Please run the tungsten_find_orphaned script to inspect
this events. Provided you have a recent backup available, you can
try to restore the data source by issuing the following command:
datasource host1 restore
ERROR: host1 has 2 committed transactions that host2 does not have
DETAIL: committed [TIME] to [TIME], after the fork at [LSN] on timeline 1
DETAIL: transaction [N] at [LSN], [TIME]
DETAIL: transaction [N] at [LSN], [TIME]
NEXT: datasource host1 recover --force   (their log is kept aside first)
? 3

[LOGICAL:EXPERT] /alpha > datasource host1 recover --force --rewind
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host1'
host1: the log that only it has is kept in */.cctrl-data.kept-* (glob)
...
host1: pg_rewind: Done!
DATA SERVER 'host1' IS NOW AVAILABLE FOR CONNECTIONS
RECOVERING 'host1@alpha' TO A SLAVE USING 'host2@alpha' AS THE MASTER
host1: its log went on after the fork: it is rewound
RECOVERY OF 'host1@alpha' WAS SUCCESSFUL
host1 is OFFLINE until it is put ONLINE; no manager runs that would do it
NEXT: datasource host1 online

%% wait until sql host1 select count(*) from t is 0 timeout 60s
%% wait until sql host2 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 60s
