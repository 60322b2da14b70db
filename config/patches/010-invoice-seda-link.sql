-- Gives an invoice without a SEDA registration the registration that lists it.
-- Why: Bubble often keeps this link on the registration's side only. Of several registrations that list an invoice, the
-- one modified last has it, then the one with the smallest id. A link that is there already stays; where another
-- registration has the claim, that is reported.
-- Blank is asked by is_blank, which the planner takes for a third of the rows even where statistics are missing: the joins
-- stay hash joins. A pattern or an equality it takes for next to none, and then it nests loops.
-- After a small sync it looks only at invoices that were touched, and at those that a touched registration lists.
-- tables: invoice, seda_registration
-- completes: invoice.linked_seda_registration
with "affected" as (
  select t."bubble_id" from bubblesync.touched as t where t."entity" = 'invoice' and not bubblesync.all_touched()
  union
  select unnest(s."linked_invoice")
  from bubblesync.touched as t
  join "seda_registration" as s on s."bubble_id" = t."bubble_id"
  where t."entity" = 'seda_registration' and not bubblesync.all_touched()
), "claim" as (
  (
    select i."bubble_id", s."bubble_id" as "seda", s."modified_date"
    from "invoice" as i
    join (
      select "bubble_id", "modified_date", unnest("linked_invoice") as "invoice" from "seda_registration"
    ) as s on s."invoice" = i."bubble_id"
    where bubblesync.is_blank(i."linked_seda_registration")
    limit bubblesync.full_pass_limit()
  )
  union all
  select i."bubble_id", s."bubble_id", s."modified_date"
  from "affected" as a
  join "invoice" as i on i."bubble_id" = a."bubble_id"
  join (
    select "bubble_id", "modified_date", unnest("linked_invoice") as "invoice" from "seda_registration"
  ) as s on s."invoice" = i."bubble_id"
  where bubblesync.is_blank(i."linked_seda_registration")
), "found" as (
  select distinct on ("bubble_id" collate "C") "bubble_id", "seda"
  from "claim"
  order by "bubble_id" collate "C", "modified_date" desc nulls last, "seda" collate "C"
)
update "invoice" as i
set "linked_seda_registration" = f."seda"
from "found" as f
where f."bubble_id" = i."bubble_id"
returning 'invoice' as "entity", i."bubble_id";

-- report:
with "affected" as (
  select t."bubble_id" from bubblesync.touched as t where t."entity" = 'invoice' and not bubblesync.all_touched()
  union
  select unnest(s."linked_invoice")
  from bubblesync.touched as t
  join "seda_registration" as s on s."bubble_id" = t."bubble_id"
  where t."entity" = 'seda_registration' and not bubblesync.all_touched()
), "claim" as (
  (
    select i."bubble_id", i."linked_seda_registration" as "kept", s."bubble_id" as "seda", s."modified_date"
    from "invoice" as i
    join (
      select "bubble_id", "modified_date", unnest("linked_invoice") as "invoice" from "seda_registration"
    ) as s on s."invoice" = i."bubble_id"
    limit bubblesync.full_pass_limit()
  )
  union all
  select i."bubble_id", i."linked_seda_registration", s."bubble_id", s."modified_date"
  from "affected" as a
  join "invoice" as i on i."bubble_id" = a."bubble_id"
  join (
    select "bubble_id", "modified_date", unnest("linked_invoice") as "invoice" from "seda_registration"
  ) as s on s."invoice" = i."bubble_id"
)
select 'invoice' as "entity", c."bubble_id", format('keeps its SEDA registration %s, though %s lists it', c."kept", c."seda") as "message"
from (
  select distinct on ("bubble_id" collate "C") "bubble_id", "kept", "seda"
  from "claim"
  order by "bubble_id" collate "C", "modified_date" desc nulls last, "seda" collate "C"
) as c
where c."kept" <> c."seda"
order by c."bubble_id" collate "C";
