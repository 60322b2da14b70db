-- Rows that Bubble no longer has, as the last syncs found them. An incremental sync counts without them.
create table bubblesync.not_in_bubble (
  target_schema text not null,
  entity text not null,
  bubble_id text not null,
  run_id uuid not null,
  primary key (target_schema, entity, bubble_id)
);

-- How many rows of the table lay in each stretch of Created Date when the run ended: {"from": [times], "rows": [counts]}.
alter table bubblesync.run_target add column stretches jsonb;
