using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Columns;
using static System.FormattableString;

namespace BubbleSync.Etl.Mapping;

/// <summary>Warnings about columns of moments that hold less than Bubble sends.</summary>
internal static class ClockNotes
{
    private const int MostNamed = 10;

    /// <summary>The digits of a second that Bubble sends: milliseconds.</summary>
    public const int SentDigits = 3;

    /// <summary>Returns the sentences.</summary>
    public static IEnumerable<string> Of(IReadOnlyList<EntityPlan> entities)
    {
        var unzoned = entities.SelectMany(Unzoned).ToList();
        if (unzoned.Count > 0)
        {
            var more = unzoned.Count > MostNamed ? Invariant($" and {unzoned.Count - MostNamed} more") : "";
            yield return $"Columns of type timestamp have no time zone; they are written and read as UTC: {string.Join(", ", unzoned.Take(MostNamed))}{more}.";
        }

        foreach (var plan in entities.Where(e => e.Columns.FirstOrDefault(c => c.Name == Clocks.Modified)?.SecondDigits < SentDigits))
        {
            yield return $"{plan.Name}: column '{Clocks.Modified}' of table '{plan.Target.Name}' is {plan.Modified.Target.FullType}, which is coarser "
                + "than Bubble's "
                + "milliseconds: of two changes within the same unit of time a sync may take the second for the first. Make it finer: "
                + $"{Ddl.Finer(plan.Schema, plan.Target.Name, plan.Modified.Target)}";
        }
    }

    private static IEnumerable<string> Unzoned(EntityPlan plan) => plan.Columns.Select(c => c.Target)
        .Concat(Clocks.All.Where(plan.Target.Columns.ContainsKey).Select(clock => plan.Target.Columns[clock]))
        .Where(c => c.Type == ColumnTypes.Timestamp)
        .Select(c => $"{plan.Target.Name}.{c.Name}")
        .Distinct();
}
