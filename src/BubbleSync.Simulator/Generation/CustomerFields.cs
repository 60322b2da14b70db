namespace BubbleSync.Simulator.Generation;

/// <summary>What a customer carries besides its id, its dates and its author.</summary>
internal static class CustomerFields
{
    public static Field[] All { get; } =
    [
        new("Name", "text", 990, static draft => draft.Text(Phrases.Names)),
        new("Address", "text", 850, static draft => draft.Text(Phrases.Addresses)),
        new("State", "text", 700, static draft => draft.Text(Phrases.States)),
        new("Contact", "text", 800, static draft => draft.Code("+601"u8, draft.Below(100000000), 8)),
        new("Whatsapp", "text", 450, static draft => draft.Code("+601"u8, draft.Below(100000000), 8)),
        new("Linked Agent", "custom.agent", 900, static draft => draft.Link(Kind.Agent, draft.Dataset.AgentOfCustomer(draft.Index))),
        new("Email", "text", 500, static draft => draft.Text(Phrases.Emails)),
        new("City", "text", 500, static draft => draft.Text(Phrases.Cities)),
        new("Postcode", "text", 450, static draft => draft.Code(""u8, draft.Below(100000), 5)),
        new("IC Number", "text", 400, static draft => draft.Code(""u8, draft.Below(1000000000), 12)),
        new("Linked SEDA Registration", "custom.seda_registration", 400, static draft => draft.RegistrationOfCustomer()),
        new("Status", "text", 150, static draft => draft.Text(Phrases.Approvals)),
    ];
}
