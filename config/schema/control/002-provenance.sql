-- The app that a schema mirrors. Records of another app never get in unless a user accepts the new address.
create table bubblesync.source (
  target_schema text primary key,
  address text not null,
  run_id uuid,
  recorded_at timestamptz not null default clock_timestamp()
);

-- What a run found when it began to read an entity: which app, type, table and key, what the table then held, and what the database had committed by then.
create table bubblesync.run_target (
  run_id uuid not null references bubblesync.run on delete cascade,
  entity text not null,
  identity text not null,
  snapshot pg_snapshot not null,
  living_rows bigint,
  at timestamptz not null default clock_timestamp(),
  primary key (run_id, entity)
);

-- The updated_at of rows that this program wrote last and in which a trigger stamped a later time than last_synced_at: such a row was not edited by others.
create table bubblesync.own_write (
  target_schema text not null,
  entity text not null,
  bubble_id text not null,
  updated_at timestamptz not null,
  primary key (target_schema, entity, bubble_id)
);

-- The later run that read the rejected record again, or showed that Bubble no longer has it. What is kept of it is outdated then.
alter table bubblesync.rejected_record add column superseded_by uuid;
create index rejected_record_open on bubblesync.rejected_record (entity, bubble_id) where superseded_by is null;

-- Values kept in mapped columns though Bubble no longer sends them.
alter table bubblesync.run_entity add column absent_kept bigint not null default 0;

-- What the run had asked of Bubble when the window was staged, all attempts together.
alter table bubblesync."window" add column api jsonb;

-- Whether a row version was written by a transaction that the snapshot shows. A row stores only the lower half of its transaction's number; the upper half is
-- that of the snapshot's neighbourhood (transaction numbers in use never lie further apart than 2^31, postgresql.org, "Transaction ID Wraparound").
create function bubblesync.is_written_before(written xid, snapshot pg_snapshot) returns boolean language sql stable parallel safe as $$
  select case when w.number < 3 then true else pg_visible_in_snapshot(w.number::text::xid8, snapshot) end
  from (select s.top + ((written::text::bigint - s.top) % 4294967296 + 4294967296 + 2147483648) % 4294967296 - 2147483648 as number
        from (select pg_snapshot_xmax(snapshot)::text::bigint as top) s) w
$$;
