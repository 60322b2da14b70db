-- Whether the record could not be read again as Bubble sent it, so that raw was rebuilt from its mapped columns. Such a record is never loaded again.
alter table bubblesync.rejected_record add column is_rebuilt boolean not null default false;
-- The last three reasons are those of an early version, which rebuilt every record that the table refuses and did not say so.
update bubblesync.rejected_record set is_rebuilt = true
where reason like '%rebuilt from its mapped columns'
  or reason like 'absent, but a new row must not be without it%'
  or reason like 'a new row must not be without this column%'
  or reason like 'its target is not there, which foreign key%';
