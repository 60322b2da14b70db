using System.Globalization;
using System.Text.RegularExpressions;
using BubbleSync.Etl;
using BubbleSync.Etl.Runs;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using BubbleSync.Tests.Sync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>The library in a host program of another culture: what it asks, stores, reports and writes is the same.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed partial class CultureTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Now = "2026-05-01T12:30:00.000Z";
    private const string Later = "2026-05-02T12:30:00.500Z";

    // The same for every culture, so it is run once.
    private static IReadOnlyList<string>? _invariant;

    // Thai counts years from Buddha's death; Persian has another calendar and another minus sign; the one that is made has everything else.
    [Theory]
    [InlineData("th-TH")]
    [InlineData("fa-IR")]
    [InlineData("made")]
    public async Task Syncs_reports_and_files_are_the_same_in_every_culture(string name)
    {
        _invariant ??= await RunAsync(CultureInfo.InvariantCulture);

        var here = await RunAsync(HostCulture.Of(name));

        Assert.Contains(_invariant, line => line.Contains("\"value\":\"2026-05-01T12:2", StringComparison.Ordinal));
        Assert.Contains(_invariant, line => line.Contains("-12.5", StringComparison.Ordinal));
        Assert.Equal(_invariant, here);
    }

    [Theory]
    [InlineData("th-TH")]
    [InlineData("fa-IR")]
    [InlineData("sv-SE")]
    [InlineData("made")]
    public void Each_of_these_cultures_writes_numbers_or_dates_in_its_own_way(string name)
    {
        var culture = HostCulture.Of(name);

        Assert.NotEqual(Sample(CultureInfo.InvariantCulture), Sample(culture));
    }

    // Invariant mode would make all cultures alike, and these tests would show nothing.
    [Fact]
    public void The_tests_run_in_a_host_that_may_have_cultures() =>
        Assert.False(AppContext.TryGetSwitch("System.Globalization.Invariant", out var isInvariant) && isInvariant);

    private static string Sample(CultureInfo culture) => string.Create(culture, $"{-1.5} {new DateTime(2026, 5, 1, 12, 30, 0):yyyy HH:mm:ss}");

    private async Task<IReadOnlyList<string>> RunAsync(CultureInfo culture)
    {
        var clock = new SetClock(Now);
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Clock = clock;
        // By the server's clock the runs ended long ago.
        fixture.Settings = fixture.Settings with { Run = fixture.Settings.Run with { KeepDays = 0 } };
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Current Annual Sales\": -12.5, \"Annual Collection\": \"-0.25\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Late, "\"Commission\": \"many\""));
        fixture.Put("invoice", SyncFixture.Record(3, SyncFixture.Late, "\"Amount\": -1234.5, \"Linked Agent\": \"" + SyncFixture.Id(9) + "\""));
        var folder = fixture.Folder([]);
        string Csv(string file) => Path.Combine(folder, file);
        var found = new List<string>();
        var asked = new SortedSet<string>(StringComparer.Ordinal);
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            lock (asked)
                asked.Add($"{request.Type} {request.Constraints}");
            return Task.CompletedTask;
        };

        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = culture;
        try
        {
            var resync = await fixture.ResyncAsync();
            await fixture.ExecuteAsync("update agent set current_annual_sales = 7, updated_at = '2026-05-03', modified_date = '2026-03-02'");
            clock.Now = Invoices.Moment(Later);
            fixture.Put("agent", SyncFixture.Record(4, Later, "\"Current Annual Sales\": -4.75"));
            var incremental = await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions(), null, fixture.Limit);
            var range = await fixture.Engine().SyncRangeAsync(Invoices.Moment(SyncFixture.Early), Invoices.Moment(Later), false, null, fixture.Limit);
            var verified = await fixture.Engine().VerifyAsync(new VerifyOptions { CsvFile = Csv("verify") }, null, fixture.Limit);
            var audit = await fixture.Engine().AuditFieldsAsync([], null, fixture.Limit);
            await audit.WriteCsvAsync(Csv("fields"), shapes: true, excel: false, fixture.Limit);
            await fixture.Engine().AuditValuesAsync(new ValueAuditOptions { CsvFile = Csv("values") }, null, fixture.Limit);
            var plan = await fixture.Engine().PlanAsync([], fixture.Limit);
            await using (var archive = await fixture.Engine().OpenArchiveAsync(fixture.Limit))
                await RunArchive.WriteCsvAsync(
                    await archive.RejectedAsync($"{resync.RunId}", null, fixture.Limit), Csv("rejected"), excel: false, fixture.Limit);
            var doctor = await fixture.Engine().ExamineAsync(fixture.Limit);
            found.AddRange([resync.ToJson(), incremental.ToJson(), range.ToJson(), verified.ToJson(), audit.ToJson(), plan.ToJson()]);
            found.AddRange(doctor.Checks.Select(c => c.Message).Where(m => !m.Contains("MB", StringComparison.Ordinal)));
            found.Add(Refusal());
            Assert.Same(culture, CultureInfo.CurrentCulture);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }

        foreach (var file in new[] { "verify", "fields", "values", "rejected" })
            found.Add(await File.ReadAllTextAsync(Csv(file)));
        found.AddRange(await fixture.RowsAsync("select message from bubblesync.activity_log"));
        found.AddRange(await fixture.RowsAsync("select options::text from bubblesync.run"));
        found.AddRange(await fixture.RowsAsync("select entity, field, reason, raw from bubblesync.rejected_record"));
        // Entities are synced side by side, so lines about them come in any order.
        var lines = found.SelectMany(text => Steady(text, fixture).Split('\n')).Select(line => line.TrimEnd(',', '\r'));
        return [.. lines.Order(StringComparer.Ordinal), .. asked, .. await fixture.EndStateAsync()];
    }

    private static string Refusal() => Assert.Throws<SyncException>(() => SettingsFile.Read(
        Path.Combine(Repository.Root, "config", "bubblesync.json"),
        new Dictionary<string, string> { ["Bubble:PageSize"] = "-1", ["Bubble:WindowSize"] = "60000" },
        new Dictionary<string, string>())).Message;

    // What differs from run to run: ids and durations of runs, times of this machine's clock, ports and databases, sessions that others leave free.
    private static string Steady(string text, SyncFixture fixture)
    {
        var steady = text.Replace(fixture.Bubble.BaseUrl.Authority, "HOST", StringComparison.Ordinal);
        steady = MachineTime().Replace(Duration().Replace(RunId().Replace(steady, "RUN"), "$1 0"), "TIME");
        return FreeSessions().Replace(Database().Replace(steady, "DATABASE"), "SOME are free");
    }

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex RunId();

    [GeneratedRegex("""("(?:durationMs|mergeMs|bytes|seconds|calls|retries)":) [0-9.]+""")]
    private static partial Regex Duration();

    [GeneratedRegex("20[0-9]{2}-(?!04-01|05-0[1-3])[0-9]{2}-[0-9]{2}T[0-9:.]+Z|[0-9]+(\\.[0-9]+)?(:[0-9]{2})+(\\.[0-9]+)?")]
    private static partial Regex MachineTime();

    [GeneratedRegex("[0-9]+ are free")]
    private static partial Regex FreeSessions();

    [GeneratedRegex("[0-9.:]*/?test_[0-9_]+|:[0-9]{4,5}/")]
    private static partial Regex Database();
}
