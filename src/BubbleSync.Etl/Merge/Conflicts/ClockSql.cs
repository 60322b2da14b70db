using System.Globalization;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Merge.Conflicts;

/// <summary>
/// SQL text for the columns that a sync itself writes: times of any type and precision. A moment is cut to the column's precision, never
/// rounded up: it would be later than the event.
/// </summary>
internal static class ClockSql
{
    /// <summary>A clock's value as a timestamptz, in the row <paramref name="t"/>.</summary>
    public static string Stored(EntityPlan plan, string t, string clock) => Stored(plan.Target, t, clock);

    /// <summary>A clock's value as a timestamptz, in the row <paramref name="t"/> of a table.</summary>
    public static string Stored(TableInfo table, string t, string clock) => StorageOf(table, clock).Stored($"{t}.{Identifier.Quote(clock)}");

    /// <summary>The value that is written to a clock for a moment, an expression of type timestamptz.</summary>
    public static string Written(EntityPlan plan, string clock, string moment) =>
        StorageOf(plan.Target, clock).Written(Cut(plan, clock, moment), plan.Target.Columns[clock]);

    /// <summary>A moment as exact as the clock can hold it.</summary>
    public static string Cut(EntityPlan plan, string clock, string moment) => Cut(plan.Target, clock, moment);

    /// <summary>A moment as exact as the clock of a table can hold it.</summary>
    public static string Cut(TableInfo table, string clock, string moment) => table.Columns[clock].Precision is { } digits and < ColumnPlan.MostSecondDigits
        ? $"date_bin(interval '{Math.Pow(10, -digits).ToString("0.######", CultureInfo.InvariantCulture)} seconds', {moment}, timestamptz '0001-01-01 "
            + "00:00:00+00')"
        : moment;

    private static ColumnStorage StorageOf(TableInfo table, string clock) =>
        ColumnStorage.OfClock(table.Columns[clock]) ?? throw new InvalidOperationException($"Column '{clock}' holds no moment.");
}
