-- The first differences that a comparison found, with the values on both sides, for reports. Each value has as many characters as a cell of a spreadsheet.
create table bubblesync.difference (
  run_id uuid not null references bubblesync.run on delete cascade,
  entity text not null,
  bubble_id text not null,
  verdict text not null,
  bubble_field text not null,
  column_name text not null,
  bubble_value text,
  stored_value text
);
create index difference_run_id on bubblesync.difference (run_id);
alter table bubblesync.difference replica identity full;

-- The last audit of the fields of each entity, as JSON, for reports.
create table bubblesync.field_audit (
  target_schema text not null,
  entity text not null,
  at timestamptz not null default clock_timestamp(),
  report jsonb not null,
  primary key (target_schema, entity)
);
