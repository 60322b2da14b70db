using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Extract.Changes;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Extract;

/// <summary>Returns a page of a window, or of the whole type where the window is null, sorted by the window's date; the caller disposes of it.</summary>
internal delegate Task<RawPage> PageSource(Window? window, long cursor, int limit, CancellationToken cancellationToken);

/// <summary>One entity's records in Bubble: pages and counts of its windows.</summary>
internal sealed class EntitySource
{
    private readonly PageSource _pages;

    /// <summary>Creates the source of an entity.</summary>
    public EntitySource(BubbleClient client, EntityPlan plan)
        : this(client, plan.Name, plan.BubbleType, plan.Level)
    {
    }

    /// <summary>Creates the source of a Bubble type.</summary>
    public EntitySource(BubbleClient client, string entity, string bubbleType, int rank)
    {
        (Entity, Rank) = (entity, rank);
        _pages = (window, cursor, limit, cancellationToken) => client.SearchAsync(
            new BubbleQuery(bubbleType, Constraints(window), cursor, limit)
            {
                SortField = DateOf(window),
                IsDescending = window is { IsNewestFirst: true } or { IsLatestFirst: true },
            },
            entity, Rank, cancellationToken);
    }

    /// <summary>Creates a source from a function.</summary>
    public EntitySource(string entity, PageSource pages) => (Entity, _pages) = (entity, pages);

    /// <summary>The entity's name, for messages.</summary>
    public string Entity { get; }

    /// <summary>The priority of requests: those of the lowest rank are sent first.</summary>
    public int Rank { get; set; }

    /// <summary>A page of a window, or of the whole type where it is null; the caller disposes of it.</summary>
    public Task<RawPage> PageAsync(Window? window, long cursor, int limit, CancellationToken cancellationToken) =>
        _pages(window, cursor, limit, cancellationToken);

    /// <summary>Counts a window, or the whole type, by one row at <paramref name="cursor"/>.</summary>
    public async Task<Probe> ProbeAsync(Window? window, long cursor, CancellationToken cancellationToken)
    {
        using var page = await PageAsync(window, cursor, 1, cancellationToken);
        DateTimeOffset? Moment(string field) => page.Count > 0 ? KeysetPage.Moment(page.Records[0], field) : null;
        var total = page.Remaining is { } remaining ? (page.Count > 0 ? cursor + page.Count : cursor) + remaining : (long?)null;
        return new Probe(page.Count > 0, Moment(BubbleField.Created), total, page.Remaining) { Modified = Moment(BubbleField.Modified) };
    }

    /// <summary>
    /// Counts the records without Created Date; null where Bubble does not say how many there are. If the type refuses this search, there are none that
    /// could be found.
    /// </summary>
    public async Task<long?> CountUndatedAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await ProbeAsync(new Window(WindowKind.Undated, null, null), 0, cancellationToken)).Total;
        }
        catch (SyncException refused) when (!refused.IsTransient && refused.Errors[0].Code != ErrorCode.CallBudget)
        {
            return 0;
        }
    }

    /// <summary>Returns the field that a window's records are sorted by.</summary>
    public static string DateOf(Window? window) =>
        window is { Kind: WindowKind.Modified } or { IsNewestFirst: true } ? BubbleField.Modified : BubbleField.Created;

    /// <summary>A failure of this entity's extraction.</summary>
    public SyncException Failure(ErrorCode code, string message, NextAction? next = null) =>
        new(new SyncError(SyncStage.Extract, Entity, null, null, code, $"{Entity}: {message}") { Next = next });

    /// <summary>A failure because the type cannot be read in windows of a date.</summary>
    public SyncException Unconstrained(string field) => Failure(
        ErrorCode.ConstraintIgnored,
        $"Bubble ignores the constraint on {field}, so the records cannot be read in windows. Bubble does that where the token is not an admin token: "
            + "set BUBBLESYNC_Bubble__ApiToken to an admin token");

    private static IReadOnlyList<Constraint> Constraints(Window? window) => window switch
    {
        null => [],
        { Kind: WindowKind.Undated } => [Constraint.Empty(BubbleField.Created)],
        { Choice: { } choice } => [choice.IsList ? Constraint.Contains(choice.Field, choice.Ids[0]) : Constraint.In(choice.Field, choice.Ids)],
        { Kind: WindowKind.Chosen, To: { } before } => [Constraint.Before(BubbleField.Created, before)],
        { Kind: WindowKind.Chosen } => [],
        { Kind: WindowKind.Created, From: null } => [Constraint.Before(BubbleField.Created, window.To!.Value)],
        { Kind: WindowKind.Modified, To: null } => [Constraint.NotBefore(BubbleField.Modified, window.From!.Value)],
        { Kind: WindowKind.Modified } =>
            [Constraint.NotBefore(BubbleField.Modified, window.From!.Value), Constraint.Before(BubbleField.Modified, window.To!.Value)],
        { To: null } => [Constraint.NotBefore(BubbleField.Created, window.From!.Value)],
        _ => [Constraint.NotBefore(BubbleField.Created, window.From!.Value), Constraint.Before(BubbleField.Created, window.To!.Value)],
    };
}

/// <summary>The result of a count probe.</summary>
/// <param name="HasRow">Whether there is a row at the cursor.</param>
/// <param name="Created">That row's Created Date, on its millisecond, or null.</param>
/// <param name="Total">All rows, or null where Bubble did not say.</param>
/// <param name="Remaining">Rows after the one seen, or null where Bubble did not say.</param>
internal sealed record Probe(bool HasRow, DateTimeOffset? Created, long? Total, long? Remaining)
{
    /// <summary>That row's Modified Date, on its millisecond, or null.</summary>
    public DateTimeOffset? Modified { get; init; }
}
