# One element of a replica set fails, as the manual on recovering a single element goes through it: its data instance is
# down and restarted, it falls behind and catches up by the log, it loses its data and becomes a duplicate, it is replaced
# for good, and its destruction and its creation fail and are tried again.
#@ lab: grid
#@ service: grid1
#@ manager: yes
#@ timeout: 60s

% ttGridAdmin dbStatus database1 -all
Database database1 summary status as of [TIME]
 
created,loaded-complete,open
Completely created elements: 6 (of 6)
Completely loaded elements: 6 (of 6)
Completely created replica sets: 3 (of 3)
Completely loaded replica sets: 3 (of 3)
 
Open elements: 6 (of 6)
 
Database database1 element level status as of [TIME]
 
Host  Instance  Elem Status Date/Time of Event  Message 
----- --------- ---- ------ ------------------- ------- 
host3 instance1    1 opened [TIME]         
host4 instance1    2 opened [TIME]         
host5 instance1    3 opened [TIME]         
host6 instance1    4 opened [TIME]         
host7 instance1    5 opened [TIME]         
host8 instance1    6 opened [TIME]         
 
Database database1 Replica Set status as of [TIME]
 
RS DS Elem Host  Instance  Status Date/Time of Event  Message 
-- -- ---- ----- --------- ------ ------------------- ------- 
 1  1    1 host3 instance1 opened [TIME]         
 1  2    2 host4 instance1 opened [TIME]         
 2  1    3 host5 instance1 opened [TIME]         
 2  2    4 host6 instance1 opened [TIME]         
 3  1    5 host7 instance1 opened [TIME]         
 3  2    6 host8 instance1 opened [TIME]         
 
Database database1 Data Space Group status as of [TIME]
 
DS RS Elem Host  Instance  Status Date/Time of Event  Message 
-- -- ---- ----- --------- ------ ------------------- ------- 
 1  1    1 host3 instance1 opened [TIME]         
 1  2    3 host5 instance1 opened [TIME]         
 1  3    5 host7 instance1 opened [TIME]         
 2  1    2 host4 instance1 opened [TIME]         
 2  2    4 host6 instance1 opened [TIME]         
 2  3    6 host8 instance1 opened [TIME]         

# The data instance is down; its daemon is started again, and the element comes back by itself.
% ttGridAdmin instanceExec -only host4.instance1 ttDaemonAdmin -stop
Overall return code: 0
Commands executed on:
  host4.instance1 rc 0
Return code from host4.instance1: 0
Output from host4.instance1:
TimesTen Daemon (PID: [PID], port: 14000) stopped.
%% wait until host4 state is down timeout 60s
% ttGridAdmin dbStatus database1 -element
Database database1 element level status as of [TIME]
 
Host  Instance  Elem Status Date/Time of Event  Message 
----- --------- ---- ------ ------------------- ------- 
host3 instance1    1 opened [TIME]         
host4 instance1    2 down                               
host5 instance1    3 opened [TIME]         
host6 instance1    4 opened [TIME]         
host7 instance1    5 opened [TIME]         
host8 instance1    6 opened [TIME]         
% ttGridAdmin instanceExec -only host4.instance1 ttStatus
Overall return code: 1
Commands executed on:
  host4.instance1 rc 1
Return code from host4.instance1: 1
Output from host4.instance1:
ttStatus: Could not connect to the TimesTen daemon.
If the TimesTen daemon is not running, please start it by running "ttDaemonAdmin -start".
Error : The command failed on 1 of 1 targets
DETAIL: host4.instance1 rc 1
? 255
% ttGridAdmin dbLoad database1 -wait 60
Database database1 load started
Error : Database database1: not loaded on 1 of 6 instances
DETAIL: host4.instance1 down
NEXT: ttGridAdmin instanceExec -only host4.instance1 ttDaemonAdmin -start
? 255
%% sql host3 create table t as select 1 as a
% ttGridAdmin instanceExec -only host4.instance1 ttDaemonAdmin -start 
Overall return code: 0
Commands executed on:
  host4.instance1 rc 0
Return code from host4.instance1: 0
Output from host4.instance1:
TimesTen Daemon (PID: [PID], port: 14000) startup OK.
% ttGridAdmin dbLoad database1 -wait 60
Database database1 load started
%% wait until sql host4 select a from t is 1
% ttGridAdmin instanceExec -only host8.instance1 ttDaemonAdmin -restart
Overall return code: 0
Commands executed on:
  host8.instance1 rc 0
Return code from host8.instance1: 0
Output from host8.instance1:
TimesTen Daemon (PID: [PID:old], port: 14000) stopped.
TimesTen Daemon (PID: [PID:new], port: 14000) startup OK.

# The active element dies: the other one takes the writes, and the first catches up by the log.
%% kill host3
%% wait until sql host4 insert into t values (2) returning a is 2 timeout 60s
%% wait until sql host3 select count(*) from t is 2 timeout 60s
%% wait until host3 state is opened timeout 60s

# Its data is lost: it becomes a duplicate of the active one.
%% wipe host3
%% wait until sql host3 select count(*) from t is 2 timeout 60s
%% wait until host3 state is opened timeout 60s

# An element is replaced for good, without loss: first there is one to take its place.
% ttGridAdmin dbCreate database1 -instance host9 -wait 60
Database database1 creation started
% ttGridAdmin dbDistribute database1 -remove host3.instance1 -replaceWith host9.instance1 -apply
Element host3.instance1 has been removed
Element host9.instance1 has been added
Distribution map updated
%% wait until host3 state is evicted timeout 60s
%% wait until host9 state is opened timeout 60s
%% wait until sql host9 select count(*) from t is 2
%% wait until host8 state is opened timeout 60s
% ttGridAdmin dbStatus database1 -replicaSet
Database database1 Replica Set status as of [TIME]
 
RS DS Elem Host  Instance  Status Date/Time of Event  Message 
-- -- ---- ----- --------- ------ ------------------- ------- 
 1  1    7 host9 instance1 opened [TIME]         
 1  2    2 host4 instance1 opened [TIME]         
 2  1    3 host5 instance1 opened [TIME]         
 2  2    4 host6 instance1 opened [TIME]         
 3  1    5 host7 instance1 opened [TIME]         
 3  2    6 host8 instance1 opened [TIME]         

# What was replaced still takes room: it is destroyed, which fails first; the cause is removed, and it is tried again.
% ttGridAdmin instanceExec -only host3 chmod 500 db/database1
Overall return code: 0
Commands executed on:
  host3.instance1 rc 0
Return code from host3.instance1: 0
Output from host3.instance1:
% ttGridAdmin dbDestroy database1 -instance host3
Database database1 destroy started
%% wait until host3 state is destroy failed timeout 60s
% ttGridAdmin dbStatus database1 -element
...
host3 instance1    1 destroy failed [TIME] mv: cannot move '*/data' to '*': Permission denied  (glob)
...
% ttGridAdmin instanceExec -only host3 chmod 700 db/database1
Overall return code: 0
Commands executed on:
  host3.instance1 rc 0
Return code from host3.instance1: 0
Output from host3.instance1:
% ttGridAdmin dbDestroy database1 -instance host3
Database database1 destroy started
%% wait until host3 state is destroyed timeout 60s

# A new element is made there. That fails; what stood in the way is removed, and it is tried again.
% ttGridAdmin instanceExec -only host3 chmod 500 db/database1
Overall return code: 0
Commands executed on:
  host3.instance1 rc 0
Return code from host3.instance1: 0
Output from host3.instance1:
% ttGridAdmin dbCreate database1 -instance host3
Database database1 creation started
%% wait until host3 state is create failed timeout 60s
% ttGridAdmin dbStatus database1 -element
...
host3 instance1    1 create failed [TIME] mkdir: cannot create directory '*/host3/instance1/db/database1/conf': Permission denied  (glob)
...
% ttGridAdmin instanceExec -only host3 chmod 700 db/database1
Overall return code: 0
Commands executed on:
  host3.instance1 rc 0
Return code from host3.instance1: 0
Output from host3.instance1:
% ttGridAdmin dbCreate database1 -instance host3
Database database1 creation started
%% wait until host3 state is loaded timeout 60s
