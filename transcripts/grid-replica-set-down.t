# A whole replica set is down: its elements wait for the seed, the one with the latest changes; the seed is down, is loaded,
# cannot be loaded, has lost its data; and in the end the set is given up.
#@ lab: grid
#@ service: grid1
#@ manager: yes
#@ timeout: 60s

# host6 fails first, then host5: host5 has the latest changes.
% ttGridAdmin instanceExec -only host6.instance1 ttDaemonAdmin -stop
Overall return code: 0
Commands executed on:
  host6.instance1 rc 0
Return code from host6.instance1: 0
Output from host6.instance1:
TimesTen Daemon (PID: [PID], port: 14000) stopped.
%% wait until host6 state is down timeout 60s
%% sql host5 create table late as select 1 as a
% ttGridAdmin instanceExec -only host5.instance1 ttDaemonAdmin -stop
Overall return code: 0
Commands executed on:
  host5.instance1 rc 0
Return code from host5.instance1: 0
Output from host5.instance1:
TimesTen Daemon (PID: [PID], port: 14000) stopped.
%% wait until host5 state is down timeout 60s
% ttGridAdmin instanceExec -only host6.instance1 ttDaemonAdmin -start
Overall return code: 0
Commands executed on:
  host6.instance1 rc 0
Return code from host6.instance1: 0
Output from host6.instance1:
TimesTen Daemon (PID: [PID], port: 14000) startup OK.
%% wait until host6 state is waiting for seed timeout 60s
% ttGridAdmin dbStatus database1 -element
Database database1 element level status as of [TIME]
 
Host  Instance  Elem Status           Date/Time of Event  Message             
----- --------- ---- ---------------- ------------------- ------------------- 
host3 instance1    1 opened           [TIME]                     
host4 instance1    2 opened           [TIME]                     
host5 instance1    3 down                                                     
host6 instance1    4 waiting for seed [TIME] for host5.instance1 
host7 instance1    5 opened           [TIME]                     
host8 instance1    6 opened           [TIME]                     
[LOGICAL] /grid1 > help waiting for seed
waiting for seed: Another element of its replica set has later changes, its seed, and that one is not loaded.
    See how the seed is: loading: wait; load failed: mend it and load it; down: start its data instance. If all elements of the replica set wait, unload and load the database. If that does not help, evict the replica set: its rows are given up, and only you can decide that.
    ttGridAdmin dbStatus DATABASE -replicaSet

# The seed is loading: the other waits for it. What the seed's settings lie on hangs (here a FIFO).
% ttGridAdmin instanceExec -only host5.instance1 'mv site.conf kept.conf && mkfifo site.conf'
Overall return code: 0
Commands executed on:
  host5.instance1 rc 0
Return code from host5.instance1: 0
Output from host5.instance1:
% ttGridAdmin instanceExec -only host5.instance1 ttDaemonAdmin -start
Overall return code: 0
Commands executed on:
  host5.instance1 rc 0
Return code from host5.instance1: 0
Output from host5.instance1:
TimesTen Daemon (PID: [PID], port: 14000) startup OK.
%% wait until host5 state is loading timeout 60s
% ttGridAdmin dbStatus database1 -replicaSet
...
 2  1    3 host5 instance1 loading          [TIME] * (glob)
 2  2    4 host6 instance1 waiting for seed [TIME] for host5.instance1 * (glob)
...

# It cannot be loaded: what stands in the way is removed, and it is loaded again; the other follows by itself.
% ttGridAdmin instanceExec -only host5.instance1 'mv site.conf held && echo nonsense = on >site.conf && echo >held'
Overall return code: 0
Commands executed on:
  host5.instance1 rc 0
Return code from host5.instance1: 0
Output from host5.instance1:
%% wait until host5 state is load failed timeout 60s
% ttGridAdmin dbStatus database1 -replicaSet
...
 2  1    3 host5 instance1 load failed      [TIME] * (glob)
 2  2    4 host6 instance1 waiting for seed [TIME] for host5.instance1 * (glob)
...
% ttGridAdmin instanceExec -only host5.instance1 mv kept.conf site.conf
Overall return code: 0
Commands executed on:
  host5.instance1 rc 0
Return code from host5.instance1: 0
Output from host5.instance1:
% ttGridAdmin dbLoad database1 -instance host5.instance1
Database database1 load started
%% wait until host5 state is opened timeout 60s
%% wait until host6 state is opened timeout 60s
%% wait until sql host6 select a from late is 1

# The seed has lost its data, and the other lacks its latest changes: all wait. To unload the database and to load it again
# takes the best that is left.
% ttGridAdmin instanceExec -only host6.instance1 ttDaemonAdmin -stop
Overall return code: 0
Commands executed on:
  host6.instance1 rc 0
Return code from host6.instance1: 0
Output from host6.instance1:
TimesTen Daemon (PID: [PID], port: 14000) stopped.
%% wait until host6 state is down timeout 60s
%% sql host5 insert into late values (2)
% ttGridAdmin instanceExec -only host5.instance1 ttDaemonAdmin -stop
Overall return code: 0
Commands executed on:
  host5.instance1 rc 0
Return code from host5.instance1: 0
Output from host5.instance1:
TimesTen Daemon (PID: [PID], port: 14000) stopped.
%% wait until host5 state is down timeout 60s
%% wipe host5
% ttGridAdmin instanceExec -only host5 -only host6 ttDaemonAdmin -start
Overall return code: 0
Commands executed on:
  host5.instance1 rc 0
  host6.instance1 rc 0
Return code from host5.instance1: 0
Output from host5.instance1:
TimesTen Daemon (PID: [PID], port: 14000) startup OK.
Return code from host6.instance1: 0
Output from host6.instance1:
TimesTen Daemon (PID: [PID], port: 14000) startup OK.
%% wait until host5 state is waiting for seed timeout 60s
%% wait until host6 state is waiting for seed timeout 60s
% ttGridAdmin dbStatus database1 -replicaSet
...
 2  1    3 host5 instance1 waiting for seed [TIME] it has lost its data 
 2  2    4 host6 instance1 waiting for seed [TIME] for host5.instance1  
...
% ttGridAdmin dbClose database1 -wait 60
Database database1 close started
% ttGridAdmin dbUnload database1 -force -wait 60
Database database1 unload started
% ttGridAdmin dbLoad database1 -wait 60
Database database1 load started
% ttGridAdmin dbOpen database1 -wait 60
Database database1 open started
%% wait until host5 state is opened timeout 60s
%% wait until sql host5 select count(*) from late is 1

# Both have lost their data: nothing brings them back. The set is evicted (which is asked for where somebody can be asked),
# and its elements are destroyed.
% ttGridAdmin instanceExec -only host5 -only host6 ttDaemonAdmin -stop
Overall return code: 0
Commands executed on:
  host5.instance1 rc 0
  host6.instance1 rc 0
Return code from host5.instance1: 0
Output from host5.instance1:
TimesTen Daemon (PID: [PID], port: 14000) stopped.
Return code from host6.instance1: 0
Output from host6.instance1:
TimesTen Daemon (PID: [PID], port: 14000) stopped.
%% wipe host5
%% wipe host6
% ttGridAdmin instanceExec -only host5 -only host6 ttDaemonAdmin -start
Overall return code: 0
Commands executed on:
  host5.instance1 rc 0
  host6.instance1 rc 0
Return code from host5.instance1: 0
Output from host5.instance1:
TimesTen Daemon (PID: [PID], port: 14000) startup OK.
Return code from host6.instance1: 0
Output from host6.instance1:
TimesTen Daemon (PID: [PID], port: 14000) startup OK.
%% wait until host5 state is waiting for seed timeout 60s
%% wait until host6 state is waiting for seed timeout 60s
% ttGridAdmin dbDistribute database1 -evict host5 -apply
Error : 1 of 2 elements of replica set 2 are to be evicted
DETAIL: -evict drops a whole replica set with its rows; one element alone is replaced without loss
NEXT: ttGridAdmin dbCreate database1 -instance host9.instance1 -wait, then ttGridAdmin dbDistribute database1 -remove host5.instance1 -replaceWith host9.instance1 -apply; or, to give up the rows: ttGridAdmin dbDistribute database1 -evict host5.instance1 -evict host6.instance1 -apply
? 255
[LOGICAL] /grid1 > ttGridAdmin dbDistribute database1 -evict host5 -evict host6 -apply
WARNING: given up with -apply: replica set 2: all its rows, last known on host*.instance1 up to [LSN] (glob)
These rows leave the database; their files stay on the hosts until dbDestroy. Evict them? (y/n)> n
Error : ttGridAdmin dbDistribute database1 -evict host5 -evict host6 -apply was not confirmed: nothing was changed
? 255
% ttGridAdmin dbDistribute database1 -evict host5 -evict host6 -apply
WARNING: given up with -apply: replica set 2: all its rows, last known on host*.instance1 up to [LSN] (glob)
Element host5.instance1 evicted
Element host6.instance1 evicted
Distribution map updated
%% wait until host5 state is evicted timeout 60s
%% wait until host6 state is evicted timeout 60s
% ttGridAdmin dbDestroy database1 -instance host5
Database database1 destroy started
% ttGridAdmin dbDestroy database1 -instance host6
Database database1 destroy started
%% wait until host6 state is destroyed timeout 60s
% ttGridAdmin dbStatus database1
Database database1 summary status as of [TIME]
 
created,loaded-complete,open
Completely created elements: 4 (of 4)
Completely loaded elements: 4 (of 4)
Completely created replica sets: 2 (of 2)
Completely loaded replica sets: 2 (of 2)
 
Open elements: 4 (of 4)
