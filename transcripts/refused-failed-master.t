# While the master is down it cannot hand over, and there is nobody to recover from.
#@ policy: manual

%% kill host1
%% wait until host1 state is FAILED timeout 60s

[LOGICAL:EXPERT] /alpha > switch
ERROR: host1 cannot hand over: the master's server is down
...
NEXT: failover
? 3

[LOGICAL:EXPERT] /alpha > recover
ERROR: * (glob)
...
? 3

[LOGICAL:EXPERT] /alpha > datasource host2 recover
ERROR: * (glob)
...
? 3
