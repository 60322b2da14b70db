using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using static System.FormattableString;

namespace BubbleSync.Etl.Journal.Lags;

/// <summary>
/// What all rows of an entity's table have, as far as Bubble had it, as entries of several lines. For each field that a column is read from: the column, the
/// field, and the path into it. For the column of unmapped fields: the column, and an empty line; and for each field that the objects of some rows may lack,
/// the same with the field and the column that read it, which is empty where the map ignored it. Without a field, some objects may be outdated.
/// </summary>
/// <param name="entries">The entries.</param>
internal sealed class FilledFields(IReadOnlySet<string> entries)
{
    private const string Assumption = "assumed";

    /// <summary>The entries, as they are recorded.</summary>
    public IReadOnlySet<string> Entries => entries;

    /// <summary>Whether rows were there before anything was noted, so that they may lack what was mapped then.</summary>
    public bool IsAssumed => entries.Contains(Assumption);

    /// <summary>The columns that are filled: neither the key nor Bubble's clock, which every row has.</summary>
    public static IEnumerable<ColumnPlan> Mapped(EntityPlan plan) => plan.Columns.Where(c => c.Name != plan.KeyName && c.Name != Clocks.Modified);

    /// <summary>Returns what rows have that are all written now.</summary>
    /// <param name="before">What they had; null where nothing is noted. The objects of a column that the map does not name stay as they are.</param>
    /// <param name="plan">The entity.</param>
    public static FilledFields Of(FilledFields? before, EntityPlan plan) =>
        new(All(plan).Concat(plan.Unmapped is null && before is not null ? before.Lacked(plan) : []).ToHashSet());

    /// <summary>Returns what rows are taken to have where nothing is noted: what is mapped now.</summary>
    public static FilledFields Assumed(EntityPlan plan) => new(All(plan).Append(Assumption).Concat(Outdated(plan)).ToHashSet());

    /// <summary>Returns what all rows have after a backfill.</summary>
    /// <param name="before">What they had; null where nothing is noted.</param>
    /// <param name="plan">The entity, with what was filled.</param>
    /// <param name="isAll">Whether no row keeps another value than Bubble has: its object of unmapped fields stays as it is, too.</param>
    public static FilledFields AfterBackfill(FilledFields? before, EntityPlan plan, bool isAll)
    {
        var filled = plan.Backfill!.Columns;
        var isRefreshed = isAll && plan.Unmapped is { } unmapped && filled.Contains(unmapped.Name);
        var lacked = before is null ? Outdated(plan) : before.Lacked(plan).Where(e => !isRefreshed || IsOutdated(e));
        string[] assumption = before is { IsAssumed: true } && filled.Count < Mapped(plan).Count() ? [Assumption] : [];
        return new(All(plan).Concat(lacked).Concat(assumption).ToHashSet());
    }

    /// <summary>
    /// Returns what all rows have after some of them were written: no longer the fields that the map does not read. A column that the map gained loses all of
    /// its entries, so that it counts as gained whether or not the app's names are known.
    /// </summary>
    /// <param name="plan">The entity.</param>
    /// <param name="isComplete">Whether no record was left out as rejected or because its row was edited here.</param>
    public FilledFields AfterWrites(EntityPlan plan, bool isComplete)
    {
        var gained = Gained(plan);
        var kept = Mapped(plan).Where(c => !gained.Contains(c.Name)).SelectMany(Fields).Append(Assumption).Where(entries.Contains);
        var outdated = isComplete ? [] : Outdated(plan);
        return new(kept.Concat(Lacked(plan)).Concat(Lacking(plan)).Concat(outdated).Concat(GainedInPart(plan).Select(Column)).ToHashSet());
    }

    /// <summary>
    /// The columns that the map gained. A line that reads a further field has gained it, and the column of unmapped fields has gained those that a line read,
    /// or that the map ignored, and does no longer.
    /// </summary>
    public IReadOnlyList<string> Gained(EntityPlan plan) => [.. Mapped(plan).Where(c => IsGained(c, plan)).Select(c => c.Name)];

    /// <summary>Of the columns that the map gained, those that it had before with fewer fields: where one is NULL, it may have been emptied here.</summary>
    public IReadOnlyList<ColumnPlan> GainedInPart(EntityPlan plan) =>
        [.. Mapped(plan).Where(c => !c.HoldsUnmapped && IsGained(c, plan) && Fields(c).Append(Column(c)).Any(entries.Contains))];

    /// <summary>Whether the objects of unmapped fields have all that rows lack of these columns, as far as Bubble had it.</summary>
    public bool Keeps(EntityPlan plan, IReadOnlyList<string> columns) =>
        plan.Unmapped is { } unmapped && !columns.Contains(unmapped.Name) && entries.Contains(Marker(unmapped)) && !entries.Contains(Outdated(unmapped))
        && plan.Columns.Where(c => columns.Contains(c.Name)).All(c => c.SourceNames.All(name => !MayLack(unmapped, name, c)));

    private bool IsGained(ColumnPlan column, EntityPlan plan) => !Fields(column).All(entries.Contains) || (column.HoldsUnmapped && LacksAny(plan));

    // While a column reads a field, rows get it there, and its objects need not have it.
    private bool MayLack(ColumnPlan unmapped, string name, ColumnPlan reader) =>
        entries.Any(e => e.StartsWith(Lack(unmapped, name, ""), StringComparison.Ordinal) && e != Lack(unmapped, name, Column(reader)));

    private bool LacksAny(EntityPlan plan)
    {
        var known = Lacking(plan).Select(Field).ToHashSet();
        return entries.Where(e => IsLack(e) && !IsOutdated(e)).Any(e => !known.Contains(Field(e)));
    }

    // Entries of this kind stay until all objects are written again. Without the line of the column, rows are written and their objects stay as they are.
    private IEnumerable<string> Lacked(EntityPlan plan) => entries.Where(IsLack).Concat(entries
        .Where(e => e.EndsWith('\n') && !IsLack(e) && (plan.Unmapped is not { } unmapped || Marker(unmapped) != e)).Select(marker => $"{marker}\n"));

    private static IEnumerable<string> All(EntityPlan plan) => Mapped(plan).SelectMany(Fields).Concat(Lacking(plan));

    private static IEnumerable<string> Lacking(EntityPlan plan) => plan.Unmapped is not { } unmapped ? []
        : plan.Columns.Where(c => c.Path.Count == 0).SelectMany(c => c.SourceNames.Select(name => Lack(unmapped, name, Column(c))))
            .Concat(plan.Ignored.Select(name => Lack(unmapped, name, "")));

    private static IEnumerable<string> Fields(ColumnPlan column) => column.HoldsUnmapped
        ? [Marker(column)]
        : column.SourceNames.Select(name => string.Join('\n', [Column(column), name, .. column.Path]));

    private static IEnumerable<string> Outdated(EntityPlan plan) => plan.Unmapped is { } unmapped ? [Outdated(unmapped)] : [];

    private static string Marker(ColumnPlan unmapped) => $"{Column(unmapped)}\n";

    private static string Outdated(ColumnPlan unmapped) => $"{Column(unmapped)}\n\n";

    private static string Lack(ColumnPlan unmapped, string name, string reader) => $"{Column(unmapped)}\n\n{name}\n{reader}";

    private static bool IsLack(string entry) => entry.Contains("\n\n", StringComparison.Ordinal);

    private static bool IsOutdated(string entry) => entry.EndsWith("\n\n", StringComparison.Ordinal);

    // Of a lack: the column of unmapped fields and the field.
    private static string Field(string lack) => lack[..lack.LastIndexOf('\n')];

    // A column that was dropped and added again is another one.
    private static string Column(ColumnPlan column) => Invariant($"{column.Target.Number} {column.Name}");
}
