using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using static System.FormattableString;

namespace BubbleSync.Etl.Journal.Lags;

/// <summary>
/// By which lines of the map the values of each column were written, as entries of several lines: the column, how values are converted, and the fields in
/// order. An entry with the column alone stands for values of no known line. A run writes only records that are newer than their rows, so that a line that
/// becomes another one leaves the values of the earlier line in all other rows.
/// </summary>
/// <param name="entries">The entries; others are left out.</param>
internal sealed class ColumnLines(IEnumerable<string> entries)
{
    private const string Prefix = "by ";
    private const string NotCleared = "not cleared";
    private const string Clears = "clears";
    private const string Keeps = "keeps";

    private readonly HashSet<string> _entries = [.. entries.Where(Is)];

    /// <summary>The entries, as they are recorded.</summary>
    public IReadOnlySet<string> Entries => _entries;

    /// <summary>Whether an entry is one of these.</summary>
    public static bool Is(string entry) => entry.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Returns what is known where all values were written by the map as it is.</summary>
    public static ColumnLines Of(EntityPlan plan) => new(Lines(plan).Select(Entry));

    /// <summary>The columns in which rows may hold values that their line does not give.</summary>
    public IReadOnlyList<string> Outdated(EntityPlan plan) =>
        [.. Lines(plan).Where(c => EntriesOf(c).Any(e => !IsNotCleared(e) && !LeadsTo(e, Entry(c)))).Select(c => c.Name)];

    /// <summary>Those of them in which rows have values of another line that is known. Other values may be the table's own.</summary>
    public IReadOnlyList<string> OfOtherLines(EntityPlan plan) =>
        [.. Lines(plan).Where(c => EntriesOf(c).Any(e => IsKnown(e) && !IsNotCleared(e) && !LeadsTo(e, Entry(c)))).Select(c => c.Name)];

    /// <summary>The columns that were not cleared, because too many of their values would have gone.</summary>
    public IReadOnlyList<string> Uncleared(EntityPlan plan) => [.. Lines(plan).Where(c => EntriesOf(c).Any(IsNotCleared)).Select(c => c.Name)];

    /// <summary>Returns what is known after some rows were written, or none.</summary>
    /// <param name="plan">The entity.</param>
    /// <param name="wrote">Whether any row was written.</param>
    /// <param name="uncleared">The columns that were not cleared.</param>
    public ColumnLines AfterWrites(EntityPlan plan, bool wrote, IReadOnlyCollection<string> uncleared)
    {
        var earlier = _entries.Where(e => !Lines(plan).Any(c => LeadsTo(e, Entry(c)))).Select(e => Left(e, plan));
        var written = wrote ? Lines(plan).Select(Entry).Concat(earlier) : _entries;
        return new(written.Concat(Lines(plan).Where(c => uncleared.Contains(c.Name)).Select(NotClearedEntry)));
    }

    /// <summary>Returns what is known after all rows were written.</summary>
    /// <param name="plan">The entity.</param>
    /// <param name="uncleared">The columns that were not cleared.</param>
    public ColumnLines AfterAll(EntityPlan plan, IReadOnlyCollection<string> uncleared) =>
        new ColumnLines(Lines(plan).Select(Entry).Concat(_entries.Where(e => !Lines(plan).Any(c => IsOf(c, e))).Select(e => Left(e, plan))))
            .AfterWrites(plan, wrote: false, uncleared);

    /// <summary>Returns what is known after a backfill, which writes only what is NULL.</summary>
    /// <param name="plan">The entity, with what was filled.</param>
    /// <param name="held">The columns in which rows were found to hold other values than Bubble.</param>
    public ColumnLines AfterBackfill(EntityPlan plan, IReadOnlyCollection<string> held)
    {
        var filled = Lines(plan).Where(c => plan.Backfill!.Columns.Concat(plan.Backfill.Outdated).Contains(c.Name)).ToList();
        return new(_entries.Where(e => IsNotCleared(e) || !filled.Exists(c => IsOf(c, e) && !held.Contains(c.Name))).Concat(filled.Select(Entry))
            .Concat(filled.Where(c => held.Contains(c.Name)).Select(Unknown)));
    }

    private IEnumerable<string> EntriesOf(ColumnPlan column) => _entries.Where(e => IsOf(column, e));

    private static bool IsOf(ColumnPlan column, string entry) => entry.Split('\n')[0] == Unknown(column);

    private static bool IsNotCleared(string entry) => entry.EndsWith($"\n{NotCleared}", StringComparison.Ordinal);

    // A further name gives values where there was none: FilledFields notes that rows lack them. Where absent fields cleared, nothing is left that a line that
    // keeps would not keep.
    private static bool LeadsTo(string entry, string line) =>
        IsBegun(entry, line) || IsBegun(entry.Replace($"; {Clears}; ", $"; {Keeps}; ", StringComparison.Ordinal), line);

    private static bool IsBegun(string entry, string line) => IsKnown(entry) && $"{line}\n".StartsWith($"{entry}\n", StringComparison.Ordinal);

    private static bool IsKnown(string entry) => entry.Contains('\n', StringComparison.Ordinal);

    // A column that the map does not name keeps what it has while its records change.
    private static string Left(string entry, EntityPlan plan) =>
        Lines(plan).Any(c => IsOf(c, entry)) || IsNotCleared(entry) ? entry : entry.Split('\n')[0];

    private static IEnumerable<ColumnPlan> Lines(EntityPlan plan) => FilledFields.Mapped(plan).Where(c => !c.HoldsUnmapped);

    private static string Entry(ColumnPlan column) =>
        string.Join('\n', [Unknown(column), string.Join("; ", Rules(column)), .. column.SourceNames.Except(column.AddedNames)]);

    private static string[] Rules(ColumnPlan column) =>
        [column.Type.Name, (column.AsMapped ?? column).AbsentClears ? Clears : Keeps, string.Join('/', column.Path), column.Mask?.Fingerprint ?? ""];

    private static string NotClearedEntry(ColumnPlan column) => $"{Unknown(column)}\n{NotCleared}";

    // A column that was dropped and added again is another one.
    private static string Unknown(ColumnPlan column) => Invariant($"{Prefix}{column.Target.Number} {column.Name}");
}
