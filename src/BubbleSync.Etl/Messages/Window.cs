using BubbleSync.Etl.Reports;

namespace BubbleSync.Etl.Messages;

/// <summary>A part of an entity's records that is read and verified as a whole.</summary>
/// <param name="Kind">What chooses the records.</param>
/// <param name="From">First moment inside, or null where there is none.</param>
/// <param name="To">First moment outside, or null where there is none.</param>
/// <param name="Choice">What chooses the records where no date does, or null.</param>
internal sealed record Window(WindowKind Kind, DateTimeOffset? From, DateTimeOffset? To, Choice? Choice = null)
{
    /// <summary>First moment inside, on a whole millisecond whatever was given, or null where there is none.</summary>
    public DateTimeOffset? From { get; init => field = Floor(value); } = Floor(From);

    /// <summary>First moment outside, on a whole millisecond whatever was given, or null where there is none.</summary>
    public DateTimeOffset? To { get; init => field = Floor(value); } = Floor(To);

    /// <summary>Whether the record that was modified last comes first, instead of the one with the earliest date.</summary>
    public bool IsNewestFirst { get; init; }

    /// <summary>Whether the record that was created last comes first.</summary>
    public bool IsLatestFirst { get; init; }

    /// <summary>A window of the records created before a moment, or of all, the newest first.</summary>
    public static Window Newest(DateTimeOffset? before) => new(WindowKind.Chosen, null, before) { IsLatestFirst = true };

    /// <summary>A window of records chosen by the ids in one of their fields.</summary>
    public static Window Of(Choice choice) => new(WindowKind.Chosen, null, null, choice);

    /// <summary>As messages name it.</summary>
    public override string ToString() => Kind switch
    {
        WindowKind.Created => $"Created Date {Time(From)} to {Time(To)}",
        WindowKind.Modified => $"Modified Date {Time(From)} to {Time(To)}",
        WindowKind.Chosen => Choice is null ? "chosen records" : $"records chosen by {Choice.Ids.Count} ids in '{Choice.Field}'",
        _ => "records without Created Date",
    };

    private static DateTimeOffset? Floor(DateTimeOffset? moment) => moment is { } given ? Millisecond.Floor(given) : null;

    private static string Time(DateTimeOffset? moment) => moment is { } given ? UtcText.Of(given) : "any";
}

/// <summary>Ids, one of which a field must hold.</summary>
/// <param name="Field">The Bubble field.</param>
/// <param name="IsList">Whether the field is a list; then there is one id, which must be among its items.</param>
/// <param name="Ids">The ids.</param>
internal sealed record Choice(string Field, bool IsList, IReadOnlyList<string> Ids);

/// <summary>What chooses the records of a window.</summary>
internal enum WindowKind
{
    /// <summary>Created Date lies in [From, To).</summary>
    Created,

    /// <summary>There is no Created Date.</summary>
    Undated,

    /// <summary>Modified Date lies in [From, To), or is From or later: records that changed since then.</summary>
    Modified,

    /// <summary>Records named one by one: asked for by id, or kept from an earlier run.</summary>
    Chosen,
}
