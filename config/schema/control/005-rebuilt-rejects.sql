-- Whether the record could not be read again as Bubble sent it, so that raw was rebuilt from its mapped columns. Such a record is never loaded again.
alter table bubblesync.rejected_record add column is_rebuilt boolean not null default false;
update bubblesync.rejected_record set is_rebuilt = true where reason like '%rebuilt from its mapped columns';
