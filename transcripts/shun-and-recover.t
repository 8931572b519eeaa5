# A datasource that was shunned by hand is recovered without touching its server.
#@ policy: manual

[LOGICAL:EXPERT] /alpha > datasource host3 shun
DataSource 'host3' set to SHUNNED

[LOGICAL:EXPERT] /alpha > datasource host3 recover
DataSource 'host3' is now OFFLINE
host3 is OFFLINE until it is put ONLINE; no manager runs that would do it
NEXT: datasource host3 online

[LOGICAL:EXPERT] /alpha > datasource host3 online
DataSource 'host3' is now ONLINE

%% wait until host3 state is slave:ONLINE timeout 60s
%% wait until sql host1 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 60s
