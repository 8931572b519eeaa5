# A datasource is drained: no switch takes it, its client sessions get some time, then they are ended; welcome undoes it.
#@ policy: manual

[LOGICAL:EXPERT] /alpha > datasource host3 connections
0

[LOGICAL:EXPERT] /alpha > datasource host3 drain 30
DataSource 'host3' set to SHUNNED
new sessions are kept away only by routers that ask the manager; who connects to the server itself still gets in
host3 serves no client session
NEXT: datasource host3 welcome   (when it may serve again)

%% wait until host3 state is slave:SHUNNED(DRAIN-CONNECTIONS) timeout 60s
[LOGICAL:EXPERT] /alpha > switch to host3
ERROR: host3 cannot become the master: it is SHUNNED(DRAIN-CONNECTIONS); first: datasource host3 welcome
NEXT: datasource host3 welcome
? 3

[LOGICAL:EXPERT] /alpha > datasource host3 drain soon
ERROR: 'soon' is no time: it must be whole seconds, 0 to 86400
NEXT: datasource host3 drain 30
? 2

[LOGICAL:EXPERT] /alpha > datasource host3 welcome
DataSource 'host3' is now ONLINE
