using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using static System.FormattableString;

namespace BubbleSync.Etl.Journal;

/// <summary>
/// What all rows of an entity's table have, as far as Bubble had it, as lines of text. For each field that a column is read from, a line with the column and
/// one with the field. For the column of unmapped fields, a line with the column and an empty one; and for each field that the objects of some rows may lack,
/// because a line read it or the map ignored it when they were written, a third line with its name (<see cref="Any"/> for every field).
/// </summary>
/// <param name="entries">The entries.</param>
internal sealed class FilledFields(IReadOnlySet<string> entries)
{
    private const string Any = "";
    private const string Assumption = "assumed";

    /// <summary>The entries, as they are recorded.</summary>
    public IReadOnlySet<string> Entries => entries;

    /// <summary>Whether rows were there before anything was noted, so that they may lack what was mapped then.</summary>
    public bool IsAssumed => entries.Contains(Assumption);

    /// <summary>Returns what rows have that are all written now.</summary>
    public static FilledFields Of(EntityPlan plan) => new(Mapped(plan).SelectMany(Fields).Concat(Lacking(plan)).ToHashSet());

    /// <summary>Returns what rows are taken to have where nothing is noted: what is mapped now.</summary>
    public static FilledFields Assumed(EntityPlan plan) => new(Of(plan).Entries.Append(Assumption).Concat(LackingAny(plan)).ToHashSet());

    /// <summary>The columns that are filled: neither the key nor Bubble's clock, which every row has.</summary>
    public static IEnumerable<ColumnPlan> Mapped(EntityPlan plan) => plan.Columns.Where(c => c.Name != plan.KeyName && c.Name != Clocks.Modified);

    /// <summary>Returns what all rows have after a backfill, which leaves the objects of unmapped fields that are there as they are.</summary>
    /// <param name="before">What they had; null where nothing is noted.</param>
    /// <param name="plan">The entity, with what was filled.</param>
    public static FilledFields AfterBackfill(FilledFields? before, EntityPlan plan)
    {
        var lacked = before?.Lacked(plan) ?? LackingAny(plan);
        string[] assumption = before is { IsAssumed: true } && plan.Backfill!.Columns.Count < Mapped(plan).Count() ? [Assumption] : [];
        return new(Of(plan).Entries.Concat(lacked).Concat(assumption).ToHashSet());
    }

    /// <summary>
    /// Returns what all rows have after some of them were written: no longer the fields that the map does not read. A column that the map gained loses all of
    /// its entries, so that it counts as gained whether or not the app's names are known.
    /// </summary>
    public FilledFields AfterWrites(EntityPlan plan)
    {
        var gained = Gained(plan);
        var kept = Mapped(plan).Where(c => !gained.Contains(c.Name)).SelectMany(Fields).Append(Assumption);
        return new(kept.Where(entries.Contains).Concat(Lacked(plan)).Concat(Lacking(plan)).Concat(Widened(plan).Select(Part)).ToHashSet());
    }

    /// <summary>The columns that the map gained. A line that reads a further field has gained it.</summary>
    public IReadOnlyList<string> Gained(EntityPlan plan) => [.. Mapped(plan).Where(c => !Fields(c).All(entries.Contains)).Select(c => c.Name)];

    /// <summary>Of the columns that the map gained, those that it had before with fewer fields: where one is NULL, it may have been emptied here.</summary>
    public IReadOnlyList<string> GainedInPart(EntityPlan plan) => [.. Widened(plan).Select(c => c.Name)];

    /// <summary>Whether the objects of unmapped fields of all rows have these fields, as far as Bubble had them.</summary>
    public bool Keeps(ColumnPlan unmapped, IEnumerable<string> names) =>
        entries.Contains(Marker(unmapped)) && !names.Append(Any).Any(name => entries.Contains(Lack(unmapped, name)));

    private IEnumerable<ColumnPlan> Widened(EntityPlan plan) =>
        Mapped(plan).Where(c => !Fields(c).All(entries.Contains) && Fields(c).Append(Part(c)).Any(entries.Contains));

    // Entries of this kind stay until all rows are written again. Without the line of the column, rows are written and their objects stay as they are.
    private IEnumerable<string> Lacked(EntityPlan plan)
    {
        foreach (var entry in entries)
        {
            if (entry.Split('\n') is not [var column, "", .. var names])
                continue;
            if (names.Length > 0)
                yield return entry;
            else if (plan.Unmapped is not { } unmapped || Column(unmapped) != column)
                yield return $"{column}\n\n{Any}";
        }
    }

    private static IEnumerable<string> Lacking(EntityPlan plan) => plan.Unmapped is not { } unmapped ? []
        : plan.Columns.Where(c => c.Path.Count == 0).SelectMany(c => c.SourceNames).Concat(plan.Ignored).Select(name => Lack(unmapped, name));

    private static IEnumerable<string> LackingAny(EntityPlan plan) => plan.Unmapped is { } unmapped ? [Lack(unmapped, Any)] : [];

    private static IEnumerable<string> Fields(ColumnPlan column) => column.HoldsUnmapped
        ? [Marker(column)]
        : column.SourceNames.Select(name => $"{Column(column)}\n{string.Join('.', column.Path.Prepend(name))}");

    private static string Marker(ColumnPlan column) => $"{Column(column)}\n";

    private static string Lack(ColumnPlan column, string name) => $"{Column(column)}\n\n{name}";

    // A column that the map gained in part, once its fields are forgotten.
    private static string Part(ColumnPlan column) => Column(column);

    // A column that was dropped and added again is another one.
    private static string Column(ColumnPlan column) => Invariant($"{column.Target.Number} {column.Name}");
}
