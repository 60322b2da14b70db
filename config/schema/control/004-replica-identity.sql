-- A database that publishes all its tables refuses to change rows of a table without a key or a replica identity.
alter table bubblesync."window" replica identity full;
alter table bubblesync.activity_log replica identity full;
alter table bubblesync.rejected_record replica identity full;
alter table bubblesync.missing_link replica identity full;
