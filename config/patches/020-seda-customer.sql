-- Gives a SEDA registration without a customer the customer of its invoice.
-- Why: the customer is often entered on the invoice only. A registration's invoices are those it lists and those that
-- link to it. Of several with a customer, the one modified last gives it, then the one with the smallest id.
-- Blank is asked by is_blank, which the planner takes for a third of the rows even where statistics are missing: the joins
-- stay hash joins. A pattern or an equality it takes for next to none, and then it nests loops.
-- After a small sync it looks only at registrations that were touched, and at those of touched invoices; with a foreign key also
-- at those of invoices that name a touched customer.
-- tables: customer, invoice, seda_registration
-- completes: seda_registration.linked_customer
with "touched_invoice" as (
  select i."bubble_id", i."linked_seda_registration"
  from bubblesync.touched as t
  join "invoice" as i on i."bubble_id" = t."bubble_id"
  where t."entity" = 'invoice' and not bubblesync.is_blank(i."linked_customer") and not bubblesync.all_touched()
  union
  select i."bubble_id", i."linked_seda_registration"
  from bubblesync.touched as t
  join "invoice" as i on i."linked_customer" = t."bubble_id"
  where t."entity" = 'customer' and not bubblesync.all_touched() and (select bubblesync.has_foreign_key('"seda_registration"', 'linked_customer'))
), "affected" as (
  select s."bubble_id", s."linked_invoice"
  from bubblesync.touched as t
  join "seda_registration" as s on s."bubble_id" = t."bubble_id"
  where t."entity" = 'seda_registration' and bubblesync.is_blank(s."linked_customer") and not bubblesync.all_touched()
  union
  select s."bubble_id", s."linked_invoice"
  from "touched_invoice" as i
  join "seda_registration" as s on s."bubble_id" = i."linked_seda_registration"
  where bubblesync.is_blank(s."linked_customer")
  union
  select s."bubble_id", s."linked_invoice"
  from "touched_invoice" as i
  join (
    select "bubble_id", "linked_invoice", unnest("linked_invoice") as "invoice"
    from "seda_registration"
    where bubblesync.is_blank("linked_customer")
  ) as s on s."invoice" = i."bubble_id"
), "candidate" as (
  (
    select s."bubble_id", i."linked_customer", i."modified_date", i."bubble_id" as "invoice"
    from "seda_registration" as s
    join "invoice" as i on i."linked_seda_registration" = s."bubble_id"
    where bubblesync.is_blank(s."linked_customer") and not bubblesync.is_blank(i."linked_customer")
    limit bubblesync.full_pass_limit()
  )
  union all
  (
    select s."bubble_id", i."linked_customer", i."modified_date", i."bubble_id"
    from (
      select "bubble_id", unnest("linked_invoice") as "invoice"
      from "seda_registration"
      where bubblesync.is_blank("linked_customer")
    ) as s
    join "invoice" as i on i."bubble_id" = s."invoice"
    where not bubblesync.is_blank(i."linked_customer")
    limit bubblesync.full_pass_limit()
  )
  union all
  select s."bubble_id", i."linked_customer", i."modified_date", i."bubble_id"
  from "affected" as s
  join "invoice" as i on i."linked_seda_registration" = s."bubble_id"
  where not bubblesync.is_blank(i."linked_customer")
  union all
  select s."bubble_id", i."linked_customer", i."modified_date", i."bubble_id"
  from (select "bubble_id", unnest("linked_invoice") as "invoice" from "affected") as s
  join "invoice" as i on i."bubble_id" = s."invoice"
  where not bubblesync.is_blank(i."linked_customer")
), "found" as (
  select distinct on ("bubble_id" collate "C") "bubble_id", "linked_customer"
  from "candidate"
  order by "bubble_id" collate "C", "modified_date" desc nulls last, "invoice" collate "C"
)
update "seda_registration" as s
set "linked_customer" = f."linked_customer"
from "found" as f
left join "customer" as c on c."customer_id" = f."linked_customer"
where f."bubble_id" = s."bubble_id"
  -- A link may lead nowhere yet. Only where the column has a foreign key does it wait for its customer.
  and (c."customer_id" is not null or not (select bubblesync.has_foreign_key('"seda_registration"', 'linked_customer')))
returning 'seda_registration' as "entity", s."bubble_id";
