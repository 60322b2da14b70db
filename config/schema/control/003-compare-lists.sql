-- Links kept though Bubble no longer sends them, and columns that were not cleared because too many of their values would have gone.
alter table bubblesync.run_entity add column absent_kept_links bigint not null default 0;
alter table bubblesync.run_entity add column clear_refused jsonb;

-- Whether a list is another one that a patch completed: the sent items in their order, each as often as it was sent, with more between or behind them.
-- A greedy search finds such a place for each item where there is one.
create function bubblesync.is_completed(stored text[], sent text[]) returns boolean language plpgsql immutable parallel safe as $$
declare
  item text;
  place integer := coalesce(array_lower(stored, 1), 1);
begin
  if cardinality(sent) > 0 and stored[place] is distinct from sent[array_lower(sent, 1)] then
    return false;
  end if;
  place := place - 1;
  foreach item in array coalesce(sent, '{}') loop
    place := array_position(stored, item, place + 1);
    if place is null then
      return false;
    end if;
  end loop;
  return true;
end
$$;
