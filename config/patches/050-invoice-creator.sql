-- Gives an invoice without a creator the user who stands for its agent.
-- Why: some invoices come without Created By, but their agent is known. The user is the one whose profile the agent is (of
-- several the one modified last, then the one with the smallest id), else the agent's own login.
-- tables: agent, invoice, user
-- completes: invoice.created_by
with "candidate" as (
  select "linked_agent_profile" as "agent", "bubble_id" as "user", 1 as "rank", "modified_date" from "user"
  union all
  select "bubble_id", "linked_user_login", 2, "modified_date" from "agent" where not bubblesync.is_blank("linked_user_login")
), "found" as (
  select distinct on ("agent") "agent", "user"
  from "candidate"
  where not bubblesync.is_blank("agent")
  order by "agent", "rank", "modified_date" desc nulls last, "user" collate "C"
)
update "invoice" as i
set "created_by" = f."user"
from "found" as f
left join "user" as u on u."bubble_id" = f."user"
where f."agent" = i."linked_agent"
  and i."created_by" is null
  -- A link may lead nowhere yet. Only where the column has a foreign key does it wait for its user.
  and (u."bubble_id" is not null or not exists (
    select
    from pg_constraint as k
    join pg_attribute as a on a."attrelid" = k."conrelid" and a."attnum" = any (k."conkey")
    where k."contype" = 'f' and k."conrelid" = '"invoice"'::regclass and a."attname" = 'created_by'
  ));
