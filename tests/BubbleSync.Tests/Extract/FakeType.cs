using System.Buffers;
using System.Globalization;
using System.Text.Json;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Messages;

namespace BubbleSync.Tests.Extract;

/// <summary>A Bubble type in memory: its records, its clock in milliseconds, and what happens between two requests.</summary>
internal sealed class FakeType
{
    private static readonly DateTimeOffset Zero = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private long _latestVersion;

    /// <summary>The records by id.</summary>
    public Dictionary<string, FakeRecord> Records { get; } = [];

    /// <summary>Bubble's clock.</summary>
    public long Now { get; set; } = 1000;

    /// <summary>How many pages and counts were asked for.</summary>
    public int Requests { get; private set; }

    /// <summary>Records that are counted, and on no page.</summary>
    public HashSet<string> Hidden { get; } = [];

    /// <summary>The most records that are asked for at once, because they are large; what readers ask for beyond it is cut.</summary>
    public int? MostRecords { get; set; }

    /// <summary>Happens before each request.</summary>
    public Action? Before { get; set; }

    /// <summary>Answers in place of the type: the window, the cursor, the limit, and what the type would answer.</summary>
    public Func<Window?, long, int, FakeAnswer, FakeAnswer>? Lie { get; set; }

    public EntitySource Source => new("thing", PageAsync);

    public static DateTimeOffset At(long milliseconds) => Zero.AddMilliseconds(milliseconds);

    public static long Of(DateTimeOffset moment) => (long)(moment - Zero).TotalMilliseconds;

    /// <summary>Adds a record or edits one.</summary>
    public void Put(string id, long modified, long? created = null) =>
        Records[id] = new FakeRecord(id, created ?? Records.GetValueOrDefault(id)?.Created ?? modified, modified, ++_latestVersion);

    /// <summary>Edits, adds or deletes a record, now.</summary>
    public void Stir(Random random)
    {
        Now += random.Next(2);
        var any = Records.Count == 0 ? null : Records.Keys.Order(StringComparer.Ordinal).ElementAt(random.Next(Records.Count));
        if (any is null || random.Next(4) == 0)
            Put($"{Now}x{random.Next(1_000_000)}", Now, Now);
        else if (random.Next(3) == 0)
            Records.Remove(any);
        else
            Put(any, Now);
    }

    private Task<RawPage> PageAsync(Window? window, long cursor, int limit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Requests++;
        Before?.Invoke();
        limit = Math.Min(limit, MostRecords ?? limit);
        var found = Records.Values.Where(r => IsIn(r, window) && (limit == 1 || !Hidden.Contains(r.Id)))
            .OrderBy(r => window is { Kind: WindowKind.Modified } ? r.Modified : r.Created ?? long.MaxValue).ThenBy(r => r.Id, StringComparer.Ordinal).ToList();
        var rows = found.Skip((int)cursor).Take(limit).ToList();
        var answer = new FakeAnswer(rows, Math.Max(0, found.Count - cursor - rows.Count));
        return Task.FromResult(Page(Lie?.Invoke(window, cursor, limit, answer) ?? answer, limit));
    }

    private static bool IsIn(FakeRecord record, Window? window) => window switch
    {
        null => true,
        { Kind: WindowKind.Undated } => record.Created is null,
        { Kind: WindowKind.Modified } => IsIn(record.Modified, window),
        _ => record.Created is { } created && IsIn(created, window),
    };

    private static bool IsIn(long moment, Window window) => (window.From is null || At(moment) >= window.From) && (window.To is null || At(moment) < window.To);

    private static RawPage Page(FakeAnswer answer, int limit)
    {
        var response = new { results = answer.Rows.Select(Json), count = answer.Rows.Count, remaining = answer.Remaining };
        var body = JsonSerializer.SerializeToUtf8Bytes(new { response });
        var rented = ArrayPool<byte>.Shared.Rent(body.Length);
        body.CopyTo(rented, 0);
        return RawPage.Parse(rented, body.Length, null, limit: limit);
    }

    private static Dictionary<string, object> Json(FakeRecord record)
    {
        var json = new Dictionary<string, object> { ["_id"] = record.Id, ["Modified Date"] = Text(record.Modified), ["version"] = record.Version };
        if (record.Created is { } created)
            json["Created Date"] = Text(created);
        return json;
    }

    private static string Text(long moment) => At(moment).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}

/// <summary>A record: its dates in milliseconds, and a number that grows with every change.</summary>
internal sealed record FakeRecord(string Id, long? Created, long Modified, long Version);

/// <summary>Rows, and how many follow; null where the answer does not say.</summary>
internal sealed record FakeAnswer(IReadOnlyList<FakeRecord> Rows, long? Remaining);

/// <summary>What readings handed on.</summary>
internal sealed class HandedOn
{
    private readonly Dictionary<WindowReading, List<(string Id, long Version)>> _open = [];

    /// <summary>The newest version of each record, of the readings that count.</summary>
    public Dictionary<string, long> Versions { get; } = [];

    /// <summary>How many records were handed on, with those that came again.</summary>
    public int Rows { get; private set; }

    /// <summary>The readings that count.</summary>
    public List<(Window Window, ReadingResult ReadingResult)> Ends { get; } = [];

    /// <summary>What forbids to call it complete.</summary>
    public List<string?> Issues => [.. Ends.Where(e => e.ReadingResult.Outcome == Outcome.Unverified).Select(e => e.ReadingResult.Why)];

    public static async Task<HandedOn> OfAsync(IAsyncEnumerable<Reading> readings)
    {
        var handedOn = new HandedOn();
        await foreach (var reading in readings)
            handedOn.Take(reading);
        return handedOn;
    }

    public void Take(Reading reading)
    {
        if (!_open.TryGetValue(reading.Of, out var rows))
            rows = _open[reading.Of] = [];
        if (reading is PageRead { Page: var page })
        {
            using (page)
                rows.AddRange(page.Records.EnumerateArray().Select(r => (r.GetProperty("_id").GetString()!, r.GetProperty("version").GetInt64())));
        }

        if (reading is not ReadingEnded { ReadingResult: { Outcome: not Outcome.Discarded } result } end)
            return;

        Ends.Add((end.Of.Window, result));
        Rows += rows.Count;
        foreach (var (id, version) in rows)
            Versions[id] = Math.Max(Versions.GetValueOrDefault(id), version);
    }
}
