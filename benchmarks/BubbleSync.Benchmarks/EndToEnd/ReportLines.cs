namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary>Makes the lines of the report of what was measured.</summary>
internal static class ReportLines
{
    private static readonly string[] Order = [Way.Program, Way.Throttled, Way.Skeleton, Way.Floor, Way.Rows, Way.Drain];

    public static IReadOnlyList<ReportLine> Of(IReadOnlyList<Figures> sizes, IReadOnlyList<Situation> situations)
    {
        var rows = sizes.Select(s => (s.Records, Rounds: s.Of(Situation.First, Way.Rows))).FirstOrDefault(s => s.Rounds.Count > 0);
        var perRecord = rows.Rounds is null ? null : Measurement.Median(rows.Rounds).PerRecord(rows.Records ?? 0);
        return [.. sizes.SelectMany(figures => situations.Order().SelectMany(situation => Order.Select(way => Line(figures, situation, way, perRecord))))
            .OfType<ReportLine>()];
    }

    private static ReportLine? Line(Figures figures, Situation situation, string way, Measurement? rowsPerRecord)
    {
        var records = figures.Records ?? 0;
        var rounds = figures.Of(situation, way);
        var isScaled = rounds.Count == 0 && way == Way.Rows && situation == Situation.First && rowsPerRecord is not null;
        if (rounds.Count == 0 && !isScaled)
            return null;

        var isWhole = way is Way.Program or Way.Skeleton;
        var measured = isScaled ? rowsPerRecord!.Times(records) : Measurement.Median(rounds);
        return new()
        {
            Records = records,
            Situation = situation,
            Way = way,
            Measured = measured,
            IsScaled = isScaled,
            ToSkeleton = isWhole ? figures.Ratio(situation, way, Way.Skeleton) : null,
            ToFloor = isWhole ? figures.Ratio(situation, way, Way.Floor) : null,
            RowsToThis = isWhole && situation == Situation.First ? rowsPerRecord?.Times(records).Seconds / measured.Seconds : null,
        };
    }
}
