-- Completes an invoice's list of items from the items that name the invoice.
-- Why: an item may know its invoice while the invoice's list lacks it. What is listed stays, in its order; what is
-- missing comes after it by created_date (none last), then id.
-- tables: invoice, invoice_item
with "missing" as (
  select n."linked_invoice", array_agg(n."bubble_id" order by n."created_date", n."bubble_id" collate "C") as "items"
  from "invoice_item" as n
  where not exists (
    select
    from (select "bubble_id", unnest("linked_invoice_item") as "item" from "invoice") as l
    where l."bubble_id" = n."linked_invoice" and l."item" = n."bubble_id"
  )
  group by n."linked_invoice"
)
update "invoice" as i
set "linked_invoice_item" = coalesce(i."linked_invoice_item", '{}') || m."items"
from "missing" as m
where m."linked_invoice" = i."bubble_id";
