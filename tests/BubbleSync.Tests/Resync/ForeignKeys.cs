namespace BubbleSync.Tests.Resync;

/// <summary>Foreign keys between the tables of the shipped maps.</summary>
internal static class ForeignKeys
{
    public const string Keys =
        """
        alter table agent add constraint agent_user foreign key (linked_user_login) references "user" (bubble_id);
        alter table "user" add constraint user_agent foreign key (linked_agent_profile) references agent (bubble_id);
        alter table customer add constraint customer_agent foreign key (linked_agent) references agent (bubble_id);
        alter table invoice add constraint invoice_customer foreign key (linked_customer) references customer (customer_id);
        alter table invoice add constraint invoice_seda foreign key (linked_seda_registration) references seda_registration (bubble_id);
        alter table invoice add constraint invoice_creator foreign key (created_by) references "user" (bubble_id);
        alter table payment add constraint payment_invoice foreign key (linked_invoice) references invoice (bubble_id);
        alter table seda_registration add constraint seda_customer foreign key (linked_customer) references customer (customer_id);
        """;
}
