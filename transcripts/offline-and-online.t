# A datasource is taken out of service and put back by hand.
#@ policy: manual

[LOGICAL:EXPERT] /alpha > datasource host2 offline
DataSource 'host2' is now OFFLINE

%% wait until host2 state is slave:OFFLINE timeout 60s

[LOGICAL:EXPERT] /alpha > datasource host2 online
DataSource 'host2' is now ONLINE

%% wait until host2 state is slave:ONLINE timeout 60s
