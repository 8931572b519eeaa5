# The rows of the slaves are compared with the master's, while it is written to.
#@ policy: maintenance

%% sql host1 create table t(i int primary key, text text)
%% sql host1 insert into t select g, 'row ' || g from generate_series(1, 1000) g
%% sql host1 create table u(i int)

[LOGICAL:EXPERT] /alpha > cluster check
CHECKING 2 TABLES OF MASTER 'host1@alpha'
'postgres.public.t' (1000 ROWS) IS CONSISTENT ON 'host2@alpha', 'host3@alpha'
'postgres.public.u' (0 ROWS) IS CONSISTENT ON 'host2@alpha', 'host3@alpha'
CHECKED 2 TABLES WITH 1000 ROWS ON 2 SLAVES

[LOGICAL:EXPERT] /alpha > cluster check public.t -limit 1,10
CHECKING 1 TABLE OF MASTER 'host1@alpha'
'postgres.public.t' (10 ROWS) IS CONSISTENT ON 'host2@alpha', 'host3@alpha'
CHECKED 1 TABLE WITH 10 ROWS ON 2 SLAVES

# One that does not apply is left out.
[LOGICAL:EXPERT] /alpha > replicator host3 offline
...
[LOGICAL:EXPERT] /alpha > cluster check t
host3 is not compared: REPLICATOR OFFLINE
NEXT: ls host3
CHECKING 1 TABLE OF MASTER 'host1@alpha'
'postgres.public.t' (1000 ROWS) IS CONSISTENT ON 'host2@alpha'
CHECKED 1 TABLE WITH 1000 ROWS ON 1 SLAVE

[LOGICAL:EXPERT] /alpha > cluster check nosuch
...
ERROR: the master has no table nosuch
NEXT: cluster check   (checks all of them)
? 2
