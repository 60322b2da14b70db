-- Completes an invoice's list of payments from the payments and submitted payments that name the invoice.
-- Why: a payment may know its invoice while the invoice's list lacks it. A verified payment keeps the id it was submitted
-- under, so that one id in both tables is one payment. What is listed stays, in its order; what is missing comes after
-- it by created_date (none last), then id.
-- tables: invoice, payment, submitted_payment
with "named" as (
  select "linked_invoice", "bubble_id", "created_date" from "payment"
  union all
  select "linked_invoice", "bubble_id", "created_date" from "submitted_payment"
), "missing" as (
  select n."linked_invoice", n."bubble_id", min(n."created_date") as "created_date"
  from "named" as n
  where not exists (
    select
    from (select "bubble_id", unnest("linked_payment") as "payment" from "invoice") as l
    where l."bubble_id" = n."linked_invoice" and l."payment" = n."bubble_id"
  )
  group by n."linked_invoice", n."bubble_id"
), "added" as (
  select "linked_invoice", array_agg("bubble_id" order by "created_date", "bubble_id" collate "C") as "payments"
  from "missing"
  group by "linked_invoice"
)
update "invoice" as i
set "linked_payment" = coalesce(i."linked_payment", '{}') || a."payments"
from "added" as a
where a."linked_invoice" = i."bubble_id";
