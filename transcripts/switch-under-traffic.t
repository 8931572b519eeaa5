# Clients write all the time while the master moves there and back: nothing that was acknowledged is lost, and never do
# two servers take writes.
#@ policy: automatic

%% traffic start

[LOGICAL:EXPERT] /alpha > switch to host2
...
SWITCH TO 'host2@alpha' WAS SUCCESSFUL

[LOGICAL:EXPERT] /alpha > switch to host1
...
SWITCH TO 'host1@alpha' WAS SUCCESSFUL

%% traffic report
[N] rows acknowledged, by host1, host2
longest gap: [N] ms, from * (glob)
gaps over 100 ms: [N]
acknowledged but missing on host1: 0
two servers took writes at the same time: never

%% traffic stop
