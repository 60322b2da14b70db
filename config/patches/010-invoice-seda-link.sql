-- Gives an invoice without a SEDA registration the registration that lists it.
-- Why: Bubble often keeps this link on the registration's side only. Of several registrations that list an invoice, the
-- one modified last has it, then the one with the smallest id. A link that is there already stays; where another
-- registration has the claim, that is reported.
-- Blank is asked by is_blank, which the planner takes for a third of the rows even where statistics are missing: the joins
-- stay hash joins. A pattern or an equality it takes for next to none, and then it nests loops.
-- tables: invoice, seda_registration
-- completes: invoice.linked_seda_registration
with "found" as (
  select distinct on (i."bubble_id" collate "C") i."bubble_id", s."bubble_id" as "seda"
  from "invoice" as i
  join (
    select "bubble_id", "modified_date", unnest("linked_invoice") as "invoice" from "seda_registration"
  ) as s on s."invoice" = i."bubble_id"
  where bubblesync.is_blank(i."linked_seda_registration")
  order by i."bubble_id" collate "C", s."modified_date" desc nulls last, s."bubble_id" collate "C"
)
update "invoice" as i
set "linked_seda_registration" = f."seda"
from "found" as f
where f."bubble_id" = i."bubble_id";

-- report:
select 'invoice' as "entity", c."bubble_id", format('keeps its SEDA registration %s, though %s lists it', c."kept", c."seda") as "message"
from (
  select distinct on (i."bubble_id" collate "C") i."bubble_id", i."linked_seda_registration" as "kept", s."bubble_id" as "seda"
  from "invoice" as i
  join (
    select "bubble_id", "modified_date", unnest("linked_invoice") as "invoice" from "seda_registration"
  ) as s on s."invoice" = i."bubble_id"
  order by i."bubble_id" collate "C", s."modified_date" desc nulls last, s."bubble_id" collate "C"
) as c
where c."kept" <> c."seda"
order by c."bubble_id" collate "C";
