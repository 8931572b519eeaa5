# `explain` shows what a command would do, with the candidates and their numbers, and changes nothing.
#@ policy: manual
%% wait until sql host1 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 60s

[LOGICAL:EXPERT] /alpha > explain switch
EVALUATING SLAVE: host2(stored=[LSN], applied=[LSN], latency=[N], datasource-group-id=0)
EVALUATING SLAVE: host3(stored=[LSN], applied=[LSN], latency=[N], datasource-group-id=0)
SELECTED SLAVE: host2@alpha
host3@alpha was not taken: * (glob)
 1  checkpoint host1, so that it stops quickly  [nothing to undo]
 2  let host2 receive from host1 what it does not have yet  [nothing to undo]
 3  end host1's client sessions and shut its server down; all it has written goes to its standbys first  [undo: take the standby mark off host1 and start it again as it was]
 4  mark host1 as a standby of host2, so that it cannot start writable  [nothing to undo]
 5  promote host2, once it has all that host1 wrote, and wait until it accepts writes  [cannot be undone]
 6  start host1 and wait until it accepts connections  [cannot be undone]
 6  let host3 follow host2  [cannot be undone]
 7  wait until host1 streams from host2 and has caught up  [cannot be undone]
 7  wait until host3 streams from host2 and has caught up  [cannot be undone]
Steps with the same number are done side by side.
nothing was changed

[LOGICAL:EXPERT] /alpha > explain failover
ERROR: host1 is healthy and accepts writes
NEXT: switch   (moves the master while it is well)
? 3

[LOGICAL:EXPERT] /alpha > explain datasource host2 recover
host2: it already streams from the master
nothing was changed

%% kill host1
[LOGICAL:EXPERT] /alpha > explain failover
EVALUATING SLAVE: host2(stored=[LSN], applied=[LSN], latency=[N], datasource-group-id=0)
EVALUATING SLAVE: host3(stored=[LSN], applied=[LSN], latency=[N], datasource-group-id=0)
SELECTED SLAVE: host2@alpha
host3@alpha was not taken: (as far as host2, which comes first|\d+ k?B behind host2) (re)
 1  fence host1: end its server if one runs, and mark it so that it cannot start writable  [cannot be undone]
 2  promote host2 and wait until it accepts writes  [cannot be undone]
 3  let host3 follow host2  [cannot be undone]
 4  wait until host3 streams from host2 and has caught up  [cannot be undone]
nothing was changed

%% wait until host1 state is master:FAILED timeout 60s
