-- What runs leave behind: their history, their windows, the records they could not load. Programs before the numbered scripts made the same tables,
-- so this one keeps what is there.
create table if not exists bubblesync.run (
  run_id uuid primary key,
  kind text not null,
  status text not null,
  started_at timestamptz not null,
  finished_at timestamptz,
  target_schema text not null,
  upper_bound timestamptz,
  options jsonb not null,
  result jsonb
);
alter table bubblesync.run add column if not exists upper_bound timestamptz;
create index if not exists run_started_at on bubblesync.run (started_at);

create table if not exists bubblesync.run_entity (
  run_id uuid not null references bubblesync.run on delete cascade,
  entity text not null,
  level integer not null,
  expected bigint,
  extracted bigint not null default 0,
  staged bigint not null default 0,
  inserted bigint not null default 0,
  updated bigint not null default 0,
  unchanged bigint not null default 0,
  conflicts bigint not null default 0,
  rejected bigint not null default 0,
  missing_links bigint not null default 0,
  not_in_bubble bigint not null default 0,
  pruned bigint not null default 0,
  duration_ms bigint not null default 0,
  proof jsonb,
  started_at timestamptz,
  finished_at timestamptz,
  primary key (run_id, entity)
);

-- One row a reading that counts, written in the same transaction as its records: staging holds exactly the windows listed here.
create table if not exists bubblesync."window" (
  run_id uuid not null references bubblesync.run on delete cascade,
  entity text not null,
  kind text not null,
  from_at timestamptz,
  to_at timestamptz,
  count_before bigint,
  rows_read bigint not null,
  count_after bigint,
  rows_staged bigint not null,
  checksum bigint not null,
  attempt integer not null,
  status text not null,
  reason text,
  at timestamptz not null default clock_timestamp()
);
create index if not exists window_run_id on bubblesync."window" (run_id, entity);

create table if not exists bubblesync.activity_log (
  run_id uuid not null references bubblesync.run on delete cascade,
  at timestamptz not null default clock_timestamp(),
  level text not null,
  stage text not null,
  entity text,
  bubble_id text,
  message text not null
);
create index if not exists activity_log_run_id on bubblesync.activity_log (run_id);

create table if not exists bubblesync.rejected_record (
  run_id uuid not null references bubblesync.run on delete cascade,
  entity text not null,
  bubble_id text,
  field text not null,
  reason text not null,
  raw text not null,
  at timestamptz not null default clock_timestamp()
);
create index if not exists rejected_record_run_id on bubblesync.rejected_record (run_id);

create table if not exists bubblesync.missing_link (
  run_id uuid not null references bubblesync.run on delete cascade,
  entity text not null,
  column_name text not null,
  bubble_id text not null,
  target_entity text not null,
  target_id text not null
);
create index if not exists missing_link_run_id on bubblesync.missing_link (run_id);

-- Links that a real foreign key forbids as long as their target is missing; put back once it is there.
create table if not exists bubblesync.held_link (
  target_schema text not null,
  entity text not null,
  column_name text not null,
  bubble_id text not null,
  target_id text not null,
  primary key (target_schema, entity, column_name, bubble_id)
);

-- Whether a text is null or only white space, by the same characters as everywhere in the program; for patches too. White space of regular expressions
-- depends on the locale, hence the list. Most texts begin with a character that decides, at a tenth of the pattern's cost. The planner estimates a comparison
-- with a number below 1 at a third of the rows, also without statistics, but a pattern at nearly none.
create or replace function bubblesync.is_blank(value text) returns boolean language sql immutable parallel safe
return case when value collate "C" >= '!' and value collate "C" < E'\x7F' then 1
  else length(coalesce(substring(value collate "C" from '[^\t\n\v\f\r \u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]'), '')) end < 1;
