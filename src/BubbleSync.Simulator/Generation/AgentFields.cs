namespace BubbleSync.Simulator.Generation;

/// <summary>What an agent carries besides its id, its dates and its author.</summary>
internal static class AgentFields
{
    public static Field[] All { get; } =
    [
        new("Name", "text", 980, static draft => draft.Text(Phrases.Names)),
        new("Slug", "text", 300, static draft => draft.Code("agent-"u8, draft.Index, 6)),
        new("Contact", "text", 800, static draft => draft.Code("+601"u8, draft.Below(100000000), 8)),
        new("Agent Type", "text", 700, static draft => draft.Text(Phrases.PackageTypes)),
        new("Commission", "number", 600, static draft => draft.Integer(-5, 15)),
        new("TREE SEED", "text", 250, static draft => draft.Code("tree-"u8, draft.Below(1000), 4)),
        new("Linked User Login", "user", 930, static draft => draft.Index < draft.Dataset.Count(Kind.User)
            && draft.Id(draft.Dataset[Kind.User].Id(draft.Index))),
        new("Last Update Annual Sales", "date", 250, static draft => draft.Date(60)),
        new("Current Annual Sales", "number", 300, static draft => draft.Decimal(0, 90000000, 2)),
        new("Annual Collection", "number", 300, static draft => draft.Decimal(0, 50000000, 2)),
        new("Intro Youtube", "text", 150, static draft => draft.Text(Phrases.Links)),
        new("email", "text", 500, static draft => draft.Text(Phrases.Emails)),
        new("Address", "text", 300, static draft => draft.Text(Phrases.Addresses)),
        new("bankin_account", "text", 250, static draft => draft.Code(""u8, draft.Below(1000000000), 12)),
        new("banker", "text", 250, static draft => draft.Text(Phrases.Banks)),
        new("IC Front", "image", 150, static draft => draft.Url("ic-front.jpg"u8)),
        new("IC Back", "image", 150, static draft => draft.Url("ic-back.jpg"u8)),
    ];
}
