using System.Globalization;

namespace BubbleSync.Etl.Bubble;

/// <summary>
/// A search: which records, from which row on, how many. Always sorted by a date, then by <c>_id</c>: Bubble gives ties of the date alone in any order.
/// </summary>
internal sealed record BubbleQuery(string Type, IReadOnlyList<Constraint> Constraints, long Cursor, int Limit)
{
    private const string Ties = "additional_sort_fields=%5B%7B%22sort_field%22%3A%22_id%22%2C%22descending%22%3Afalse%7D%5D";

    /// <summary>The date to sort by. Default <c>Created Date</c>.</summary>
    public string SortField { get; init; } = "Created Date";

    /// <summary>Whether the latest date comes first. Default the oldest.</summary>
    public bool IsDescending { get; init; }

    /// <summary>The address relative to the API's root.</summary>
    public string Address()
    {
        var constraints = Constraints.Count == 0 ? "" : $"&constraints={Uri.EscapeDataString($"[{string.Join(',', Constraints.Select(c => c.Json))}]")}";
        var order = $"sort_field={Uri.EscapeDataString(SortField)}&descending={(IsDescending ? "true" : "false")}&{Ties}";
        return string.Create(CultureInfo.InvariantCulture, $"obj/{Uri.EscapeDataString(TypeName(Type))}?limit={Limit}&cursor={Cursor}&{order}{constraints}");
    }

    /// <summary>
    /// A type's name as used in addresses: the display name, lower-cased, spaces removed, nothing else (manual.bubble.io, "Data API endpoints").
    /// </summary>
    public static string TypeName(string type) => type.ToLowerInvariant().Replace(" ", "", StringComparison.Ordinal);
}
