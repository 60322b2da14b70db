-- Completes an invoice's list of items from the items that name the invoice.
-- Why: an item may know its invoice while the invoice's list lacks it. What is listed stays, in its order; what is
-- missing comes after it by created_date (none last), then id.
-- A list is looked through for each item, which for the usual few is fastest. One of more than 1,000 bytes, some 25 items,
-- may lie outside its row and would be fetched each time: those are taken apart once and joined.
-- After a small sync it looks only at items that were touched, and at those of touched invoices.
-- tables: invoice, invoice_item
-- completes: invoice.linked_invoice_item
with "affected" as (
  select n."linked_invoice", n."bubble_id", n."created_date"
  from bubblesync.touched as t
  join "invoice_item" as n on n."bubble_id" = t."bubble_id"
  where t."entity" = 'invoice_item' and not bubblesync.all_touched()
  union
  select n."linked_invoice", n."bubble_id", n."created_date"
  from bubblesync.touched as t
  join "invoice_item" as n on n."linked_invoice" = t."bubble_id"
  where t."entity" = 'invoice' and not bubblesync.all_touched()
), "missing" as (
  (
    select n."linked_invoice", n."bubble_id", n."created_date"
    from "invoice_item" as n
    join "invoice" as i on i."bubble_id" = n."linked_invoice"
    where coalesce(pg_column_size(i."linked_invoice_item"), 0) <= 1000
      and (n."bubble_id" = any (i."linked_invoice_item")) is not true
    limit bubblesync.full_pass_limit()
  )
  union all
  (
    select n."linked_invoice", n."bubble_id", n."created_date"
    from "invoice_item" as n
    join "invoice" as i on i."bubble_id" = n."linked_invoice"
    where pg_column_size(i."linked_invoice_item") > 1000 and not exists (
      select
      from (
        select "bubble_id", unnest("linked_invoice_item") as "item"
        from "invoice"
        where pg_column_size("linked_invoice_item") > 1000
      ) as l
      where l."bubble_id" = n."linked_invoice" and l."item" = n."bubble_id"
    )
    limit bubblesync.full_pass_limit()
  )
  union all
  select n."linked_invoice", n."bubble_id", n."created_date"
  from "affected" as n
  join "invoice" as i on i."bubble_id" = n."linked_invoice"
  where (n."bubble_id" = any (i."linked_invoice_item")) is not true
), "added" as (
  select "linked_invoice", array_agg("bubble_id" order by "created_date", "bubble_id" collate "C") as "items"
  from "missing"
  group by "linked_invoice"
)
update "invoice" as i
set "linked_invoice_item" = coalesce(i."linked_invoice_item", '{}') || a."items"
from "added" as a
where a."linked_invoice" = i."bubble_id"
returning 'invoice' as "entity", i."bubble_id";
