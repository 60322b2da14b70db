using static System.FormattableString;

namespace BubbleSync.Etl.Settings.Reading;

/// <summary>The range of a setting that is a number: the same for every way to give the setting.</summary>
/// <param name="Setting">The setting's name.</param>
/// <param name="Value">Reads the setting.</param>
/// <param name="Least">The smallest permitted value.</param>
/// <param name="Most">The largest permitted value.</param>
internal sealed record SettingRange(string Setting, Func<SyncSettings, decimal> Value, decimal Least, decimal Most)
{
    private const string Bytes = "Bubble:MaxBytesInFlight";
    private const decimal DearestPrice = 1_000_000;

    /// <summary>The ranges by setting.</summary>
    public static IReadOnlyDictionary<string, SettingRange> All { get; } = new SettingRange[]
    {
        new("Bubble:MaxConcurrency", s => s.Bubble.MaxConcurrency, 1, 256),
        new("Bubble:RequestsPerMinute", s => s.Bubble.RequestsPerMinute, 1, int.MaxValue),
        new("Bubble:TimeoutSeconds", s => s.Bubble.TimeoutSeconds, 1, 3600),
        new("Bubble:MaxAttempts", s => s.Bubble.MaxAttempts, 1, 100),
        new("Bubble:PatienceSeconds", s => s.Bubble.PatienceSeconds, 0, 86_400),
        new(Bytes, s => s.Bubble.MaxBytesInFlight, 1, ByteSize.Most),
        new("Bubble:PageSize", s => s.Bubble.PageSize, 1, 100),
        new("Bubble:WindowSize", s => s.Bubble.WindowSize, 1, 1_000_000),
        new("Bubble:OffsetCeiling", s => s.Bubble.OffsetCeiling, 1, int.MaxValue),
        new("Postgres:MaxConnections", s => s.Postgres.MaxConnections, 3, 500),
        new("Postgres:StatementTimeoutSeconds", s => s.Postgres.StatementTimeoutSeconds, 0, 604_800),
        new("Run:OverlapSeconds", s => s.Run.OverlapSeconds, 0, 604_800),
        new("Run:KeepDays", s => s.Run.KeepDays, 0, 36_500),
        new("Server:FreshnessMinutes", s => s.Server.FreshnessMinutes, 0, 5_256_000),
        new("Prices:Call", s => s.Prices.Call, 0, DearestPrice),
        new("Prices:Search", s => s.Prices.Search, 0, DearestPrice),
        new("Prices:Thing", s => s.Prices.Thing, 0, DearestPrice),
        new("Prices:Character", s => s.Prices.Character, 0, DearestPrice),
        new("Prices:Byte", s => s.Prices.Byte, 0, DearestPrice),
        new("Prices:PerUnit", s => s.Prices.PerUnit, 0, DearestPrice),
    }.ToDictionary(r => r.Setting);

    /// <summary>The fault of a value outside of the range.</summary>
    public SettingFault Fault => new(Setting, Setting switch
    {
        Bytes => Invariant($"a size from 1 byte to {ByteSize.Most >> 30} GB is expected, such as 134217728, 131072 KB or 128 MB."),
        _ when Setting.StartsWith("Prices:", StringComparison.Ordinal) =>
            Invariant($"a number from {Least} to {Most} is expected, with a point where it has decimals."),
        _ => Invariant($"a whole number from {Least} to {Most} is expected."),
    });

    /// <summary>Returns whether the setting's value is permitted.</summary>
    public bool Holds(SyncSettings settings) => Value(settings) >= Least && Value(settings) <= Most;
}
