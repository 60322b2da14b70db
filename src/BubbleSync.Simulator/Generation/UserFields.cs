namespace BubbleSync.Simulator.Generation;

/// <summary>What a user carries besides its id, its dates and its author.</summary>
internal static class UserFields
{
    public static Field[] All { get; } =
    [
        new("authentication", "authentication", 960, static draft => draft.Login()),
        new("user_signed_up", "boolean", 950, static draft => draft.YesNo()),
        new("Dealership", "text", 400, static draft => draft.Text(Phrases.Cities)),
        new("Profile Picture", "image", 500, static draft => draft.Url("me.png"u8)),
        new("Access Level", "list.text", 700, static draft => draft.Texts(Phrases.AccessLevels, 3)),
        new("Linked Agent Profile", "custom.agent", 960, static draft => draft.Index < draft.Dataset.Count(Kind.Agent)
            && draft.Id(draft.Dataset[Kind.Agent].Id(draft.Index))),
        new("check in report today", "text", 200, static draft => draft.LinkToNothing()),
        new("agent_code", "text", 600, static draft => draft.Code("A"u8, draft.Below(10000), 4)),
    ];
}
