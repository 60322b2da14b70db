-- Rows that a run wrote and that not all patches have seen yet. The patch stage that succeeds removes them, so that rows of a run that ended before it are seen
-- by the next one. A row with an empty entity stands for all rows of the schema. What a patch wrote (by_patch) stays for the next run: patches before it have
-- not seen it.
create table bubblesync.touched_row (
  target_schema text not null,
  run_id uuid not null,
  entity text not null,
  bubble_id text not null,
  by_patch boolean not null default false,
  primary key (run_id, target_schema, entity, bubble_id)
);

-- The text of each patch, as a hash, that has seen all rows at least once. A patch that is new, was changed or failed sees all rows next time.
create table bubblesync.patch_state (
  target_schema text not null,
  patch text not null,
  fingerprint text not null,
  primary key (target_schema, patch)
);

-- The table, quoted, and the key column of each entity, for the relation of touched rows.
create table bubblesync.mirrored_table (
  target_schema text not null,
  entity text not null,
  relation text not null,
  key_name text not null,
  primary key (target_schema, entity)
);

-- Whether all rows count as touched. The setting bubblesync.touched names the run whose rows count; without it, as in psql, all rows do.
create function bubblesync.all_touched() returns boolean language sql stable parallel safe
return coalesce(nullif(current_setting('bubblesync.touched', true), ''), 'all') = 'all';

-- A LIMIT for a query that looks at all rows: none if all rows count as touched, else 0. PostgreSQL then neither runs such a query nor plans for its rows.
create function bubblesync.full_pass_limit() returns bigint language sql stable parallel safe
return case when bubblesync.all_touched() then null::bigint else 0 end;

-- Whether a column has a foreign key, for patches: a link with one waits for its target.
create function bubblesync.has_foreign_key(target regclass, name text) returns boolean language sql stable parallel safe
return exists (
  select from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any (k.conkey)
  where k.contype = 'f' and k.conrelid = target and a.attname = name);

-- The number of rows is an estimate: of 20,000 rows PostgreSQL expects 100 of one entity. It then uses indexes where there are some, and else hashes the
-- touched rows and scans a table once; with one row expected it would scan the table once for each.
create function bubblesync.touched_rows() returns table (entity text, bubble_id text) language plpgsql stable rows 20000 as $$
declare
  mirrored record;
begin
  if not bubblesync.all_touched() then
    return query select r.entity, r.bubble_id from bubblesync.touched_row r
      where r.entity <> '' and r.run_id = current_setting('bubblesync.touched')::uuid;
    return;
  end if;
  for mirrored in
    -- A dry run, which writes no list of tables, gives it in the setting bubblesync.mirrored. Tables of other schemas are not looked up: the user may have no
    -- rights there. Tables and columns that are gone are left out.
    with listed as materialized (
      select m.entity, m.relation, m.key_name
      from jsonb_to_recordset(nullif(current_setting('bubblesync.mirrored', true), '')::jsonb) m (entity text, relation text, key_name text)
      union all
      select m.entity, m.relation, m.key_name from bubblesync.mirrored_table m
      where coalesce(current_setting('bubblesync.mirrored', true), '') = '' and m.target_schema = (
        select p.name from unnest(current_schemas(false)) with ordinality p (name, place)
        where exists (select from bubblesync.mirrored_table o where o.target_schema = p.name) order by p.place limit 1)
    )
    select l.entity, l.relation, l.key_name from listed l
    join pg_attribute a on a.attrelid = to_regclass(l.relation) and a.attname = l.key_name and not a.attisdropped
  loop
    return query execute format('select %L::text, %I::text from %s', mirrored.entity, mirrored.key_name, mirrored.relation);
  end loop;
end
$$;

-- The rows that a patch has to look at: those that were written since it last succeeded.
create view bubblesync.touched as select t.entity, t.bubble_id from bubblesync.touched_rows() t;
