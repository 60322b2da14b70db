-- A held link may go over what a patch filled in its place, but not over a value of others.
alter table bubblesync.held_link
  -- Whether the column was empty when the last patch began, or had what an earlier one wrote there.
  add column was_empty boolean not null default false,
  -- What a patch then wrote there.
  add column filled text;
