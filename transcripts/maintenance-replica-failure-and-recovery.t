# MAINTENANCE, replica failure and recovery: nothing is detected, and nothing is recovered when its server runs again.
#@ manager: yes
#@ failure-timeout: 2
#@ policy: maintenance

%% sql host1 create table t(at timestamptz); insert into t values (now())
%% kill host2
%% wait until sql host1 select now() - max(at) > '5 s' from t is t timeout 60s

[LOGICAL:EXPERT] /alpha > ls
COORDINATOR[*:MAINTENANCE:ONLINE] (glob)
...
+----------------------------------------------------------------------------+
|host2(slave:ONLINE)                                                         |
|STATUS [DIMINISHED] [[TIME]]                                                |
|REASON[DATASERVER 'host2@alpha' STOPPED]                                    |
+----------------------------------------------------------------------------+
...

[LOGICAL:EXPERT] /alpha > recover
FOUND PHYSICAL DATASOURCE TO RECOVER: 'host2@alpha'
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host2'
DATA SERVER 'host2' IS NOW AVAILABLE FOR CONNECTIONS
RECOVERING 'host2@alpha' TO A SLAVE USING 'host1@alpha' AS THE MASTER
DataSource 'host2' is now OFFLINE
RECOVERY OF DATA SERVICE 'alpha' SUCCEEDED
RECOVERED 1 DATA SOURCES IN SERVICE 'alpha'
host2 is OFFLINE until it is put ONLINE
NEXT: datasource host2 online

# What is OFFLINE stays so until it is put ONLINE.
[LOGICAL:EXPERT] /alpha > datasource host2 online
DataSource 'host2' is now ONLINE

%% wait until host2 state is slave:ONLINE timeout 60s
%% wait until sql host1 select count(*) from pg_stat_replication where state = 'streaming' is 2 timeout 60s
