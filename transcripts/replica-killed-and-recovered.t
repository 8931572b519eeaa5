# Both replicas die at once; `recover` works on them side by side and speaks in order.
#@ policy: manual

%% sql host1 create table t(i int)
%% kill host2
%% kill host3
%% sql host1 insert into t values (1)

[LOGICAL:EXPERT] /alpha > recover
FOUND PHYSICAL DATASOURCE TO RECOVER: 'host2@alpha'
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host2'
DATA SERVER 'host2' IS NOW AVAILABLE FOR CONNECTIONS
RECOVERING 'host2@alpha' TO A SLAVE USING 'host1@alpha' AS THE MASTER
DataSource 'host2' is now OFFLINE
RECOVERY OF DATA SERVICE 'alpha' SUCCEEDED
FOUND PHYSICAL DATASOURCE TO RECOVER: 'host3@alpha'
VERIFYING THAT WE CAN CONNECT TO DATA SERVER 'host3'
DATA SERVER 'host3' IS NOW AVAILABLE FOR CONNECTIONS
RECOVERING 'host3@alpha' TO A SLAVE USING 'host1@alpha' AS THE MASTER
DataSource 'host3' is now OFFLINE
RECOVERY OF DATA SERVICE 'alpha' SUCCEEDED
RECOVERED 2 DATA SOURCES IN SERVICE 'alpha'
host2 is OFFLINE until it is put ONLINE; no manager runs that would do it
NEXT: datasource host2 online
host3 is OFFLINE until it is put ONLINE; no manager runs that would do it
NEXT: datasource host3 online

%% wait until sql host2 select count(*) from t is 1 timeout 60s
%% wait until sql host3 select count(*) from t is 1 timeout 60s

# Nothing is left to recover.
[LOGICAL:EXPERT] /alpha > recover
RECOVERED 0 DATA SOURCES IN SERVICE 'alpha'
