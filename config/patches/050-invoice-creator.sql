-- Gives an invoice without a creator the user who stands for its agent.
-- Why: some invoices come without Created By, but their agent is known. The user is the one whose profile the agent is (of
-- several the one modified last, then the one with the smallest id), else the agent's own login.
-- After a small sync it looks only at invoices that were touched, and at those of touched agents and of the agents of touched users.
-- tables: agent, invoice, user
-- completes: invoice.created_by
with "touched_agent" as (
  select t."bubble_id" from bubblesync.touched as t where t."entity" = 'agent' and not bubblesync.all_touched()
  union
  select u."linked_agent_profile"
  from bubblesync.touched as t
  join "user" as u on u."bubble_id" = t."bubble_id"
  where t."entity" = 'user' and not bubblesync.all_touched()
  union
  select a."bubble_id"
  from bubblesync.touched as t
  join "agent" as a on a."linked_user_login" = t."bubble_id"
  where t."entity" = 'user' and not bubblesync.all_touched()
), "affected" as (
  select i."bubble_id", i."linked_agent"
  from bubblesync.touched as t
  join "invoice" as i on i."bubble_id" = t."bubble_id"
  where t."entity" = 'invoice' and i."created_by" is null and not bubblesync.all_touched()
  union
  select i."bubble_id", i."linked_agent"
  from "touched_agent" as a
  join "invoice" as i on i."linked_agent" = a."bubble_id"
  -- Without touched agents the invoices are not scanned at all, also where the planner expects only few without a creator.
  where i."created_by" is null and exists (select from "touched_agent")
), "target" as (
  (select "bubble_id", "linked_agent" from "invoice" where "created_by" is null limit bubblesync.full_pass_limit())
  union all
  select "bubble_id", "linked_agent" from "affected"
), "candidate" as (
  (select "linked_agent_profile" as "agent", "bubble_id" as "user", 1 as "rank", "modified_date" from "user" limit bubblesync.full_pass_limit())
  union all
  (
    select "bubble_id", "linked_user_login", 2, "modified_date" from "agent" where not bubblesync.is_blank("linked_user_login")
    limit bubblesync.full_pass_limit()
  )
  union all
  select u."linked_agent_profile", u."bubble_id", 1, u."modified_date"
  from (select distinct "linked_agent" from "affected") as i
  join "user" as u on u."linked_agent_profile" = i."linked_agent"
  union all
  select a."bubble_id", a."linked_user_login", 2, a."modified_date"
  from (select distinct "linked_agent" from "affected") as i
  join "agent" as a on a."bubble_id" = i."linked_agent"
  where not bubblesync.is_blank(a."linked_user_login")
), "found" as (
  select distinct on ("agent") "agent", "user"
  from "candidate"
  where not bubblesync.is_blank("agent")
  order by "agent", "rank", "modified_date" desc nulls last, "user" collate "C"
)
update "invoice" as i
set "created_by" = f."user"
from "target" as t
join "found" as f on f."agent" = t."linked_agent"
left join "user" as u on u."bubble_id" = f."user"
where t."bubble_id" = i."bubble_id"
  and i."created_by" is null
  -- A link may lead nowhere yet. Only where the column has a foreign key does it wait for its user.
  and (u."bubble_id" is not null or not (select bubblesync.has_foreign_key('"invoice"', 'created_by')))
returning 'invoice' as "entity", i."bubble_id";
