-- Completes an invoice's list of payments from the payments and submitted payments that name the invoice.
-- Why: a payment may know its invoice while the invoice's list lacks it. A verified payment keeps the id it was submitted
-- under, so that one id in both tables is one payment. What is listed stays, in its order; what is missing comes after
-- it by created_date (none last), then id.
-- Short lists are looked through, long ones joined, as for items.
-- After a small sync it looks only at payments that were touched, and at those of touched invoices.
-- tables: invoice, payment, submitted_payment
-- completes: invoice.linked_payment
with "named" as not materialized (
  select "linked_invoice", "bubble_id", "created_date" from "payment"
  union all
  select "linked_invoice", "bubble_id", "created_date" from "submitted_payment"
), "affected" as (
  select n."linked_invoice", n."bubble_id", n."created_date"
  from bubblesync.touched as t
  join "payment" as n on n."bubble_id" = t."bubble_id"
  where t."entity" = 'payment' and not bubblesync.all_touched()
  union
  select n."linked_invoice", n."bubble_id", n."created_date"
  from bubblesync.touched as t
  join "submitted_payment" as n on n."bubble_id" = t."bubble_id"
  where t."entity" = 'submitted_payment' and not bubblesync.all_touched()
  union
  select n."linked_invoice", n."bubble_id", n."created_date"
  from bubblesync.touched as t
  join "payment" as n on n."linked_invoice" = t."bubble_id"
  where t."entity" = 'invoice' and not bubblesync.all_touched()
  union
  select n."linked_invoice", n."bubble_id", n."created_date"
  from bubblesync.touched as t
  join "submitted_payment" as n on n."linked_invoice" = t."bubble_id"
  where t."entity" = 'invoice' and not bubblesync.all_touched()
), "missing" as (
  (
    select n."linked_invoice", n."bubble_id", n."created_date"
    from "named" as n
    join "invoice" as i on i."bubble_id" = n."linked_invoice"
    where coalesce(pg_column_size(i."linked_payment"), 0) <= 1000
      and (n."bubble_id" = any (i."linked_payment")) is not true
    limit bubblesync.full_pass_limit()
  )
  union all
  (
    select n."linked_invoice", n."bubble_id", n."created_date"
    from "named" as n
    join "invoice" as i on i."bubble_id" = n."linked_invoice"
    where pg_column_size(i."linked_payment") > 1000 and not exists (
      select
      from (
        select "bubble_id", unnest("linked_payment") as "payment"
        from "invoice"
        where pg_column_size("linked_payment") > 1000
      ) as l
      where l."bubble_id" = n."linked_invoice" and l."payment" = n."bubble_id"
    )
    limit bubblesync.full_pass_limit()
  )
  union all
  select n."linked_invoice", n."bubble_id", n."created_date"
  from "affected" as n
  join "invoice" as i on i."bubble_id" = n."linked_invoice"
  where (n."bubble_id" = any (i."linked_payment")) is not true
), "once" as (
  select "linked_invoice", "bubble_id", min("created_date") as "created_date"
  from "missing"
  group by "linked_invoice", "bubble_id"
), "added" as (
  select "linked_invoice", array_agg("bubble_id" order by "created_date", "bubble_id" collate "C") as "payments"
  from "once"
  group by "linked_invoice"
)
update "invoice" as i
set "linked_payment" = coalesce(i."linked_payment", '{}') || a."payments"
from "added" as a
where a."linked_invoice" = i."bubble_id"
returning 'invoice' as "entity", i."bubble_id";
