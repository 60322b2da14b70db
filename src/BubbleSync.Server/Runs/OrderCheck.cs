using static System.FormattableString;

namespace BubbleSync.Server.Runs;

/// <summary>Checks an order before it is accepted. The engine checks its values once more when the run starts.</summary>
internal static class OrderCheck
{
    /// <summary>The most ids of one order.</summary>
    public const int MostIds = 10_000;

    private const int LongestId = 100;

    /// <summary>Returns what is wrong, by the name of the field.</summary>
    /// <param name="order">The order.</param>
    /// <param name="entities">The names of the app's entities.</param>
    public static Dictionary<string, string[]> Faults(RunOrder order, IReadOnlyList<string> entities)
    {
        var faults = new Dictionary<string, string[]>();
        var named = order.Kind is SyncKind.Record or SyncKind.Range ? order.Entities.Append(order.Entity) : order.Entities;
        var unknown = named.Where(name => !entities.Contains(name)).ToList();
        if (unknown.Count > 0)
            faults["entities"] = [$"The app has no entity {string.Join(", ", unknown.Take(5))}. It has {string.Join(", ", entities)}."];
        if (order.Kind is SyncKind.Invoice or SyncKind.Record
            && (order.Ids.Count is 0 or > MostIds || order.Ids.Any(id => id is not { Length: > 0 and <= LongestId })))
            faults["ids"] = [Invariant($"Give 1 to {MostIds} ids.")];
        if (order.Kind == SyncKind.Invoice && !entities.Contains("invoice"))
            faults["kind"] = ["The app has no entity 'invoice'. Use the kind 'record'."];
        if (order is { Kind: SyncKind.Range, From: null })
            faults["from"] = ["Give the first moment of the range."];
        if (order is { Kind: SyncKind.Range, From: { } from, To: { } to } && from > to)
            faults["to"] = ["The range ends before it begins."];
        if (order is { Kind: SyncKind.Reprocess, Run: null })
            faults["run"] = ["Name the run whose rejected records are loaded again."];
        if (order.PruneLimitPercent is < 0 or > 100)
            faults["pruneLimitPercent"] = ["Give a number from 0 to 100."];
        if (order.MaxCalls is < 1)
            faults["maxCalls"] = ["Give a number from 1 on."];
        if (order.Limit is < 1)
            faults["limit"] = ["Give a number from 1 on."];
        return faults;
    }
}
