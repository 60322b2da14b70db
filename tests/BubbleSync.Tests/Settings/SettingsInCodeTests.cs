using System.Collections;
using System.Reflection;
using System.Text.Json;
using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Settings;

/// <summary>Settings and options that a host program makes: checked by the same rules as a settings file, before anything is asked or written.</summary>
public sealed class SettingsInCodeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly JsonElement Schema = ConfigFolder.Json("bubblesync.schema.json").GetProperty("properties");

    public static TheoryData<string> Numbers => [.. SettingNames.Defaults().Where(s => s.Value is int or decimal).Select(s => s.Name)];

    public static TheoryData<string> Commands =>
    [
        .. typeof(SyncEngine).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(m => m.Name is not (nameof(SyncEngine.ExamineAsync) or nameof(SyncEngine.ForRun))).Select(m => $"{m}"),
    ];

    [Theory]
    [MemberData(nameof(Numbers))]
    public void A_number_has_the_bounds_of_the_schema(string name)
    {
        var schema = Schema.GetProperty(name.Split(':')[0]).GetProperty("properties").GetProperty(name.Split(':')[1]);
        long least = schema.GetProperty("minimum").GetInt32(), most = schema.TryGetProperty("maximum", out var maximum) ? maximum.GetInt32() : int.MaxValue;

        var refused = new[] { least - 1, least, most, most + 1 }.Where(number => number <= int.MaxValue && Fields(With(name, number)).Contains(name));

        Assert.Equal(most == int.MaxValue ? [least - 1] : [least - 1, most + 1], refused);
    }

    [Fact]
    public void All_faults_come_at_once_with_what_is_permitted()
    {
        var settings = new SyncSettings
        {
            Bubble = new BubbleSettings
            {
                BaseUrl = new Uri("http://app.example.com/api/1.1"),
                ApiToken = "Bearer hush",
                RequestsPerMinute = 0,
                WindowSize = 60_000,
            },
            Postgres = new PostgresSettings { ConnectionString = " ", Schema = "pg_mirror" },
            Run = new RunSettings { Entities = "", KeepDays = -1 },
            Prices = new PriceSettings { Byte = -0.5m },
        };

        var refused = Assert.Throws<SyncException>(settings.Validate);

        Assert.True(refused.IsUsage);
        Assert.Equal(
            [
                "Bubble:ApiToken: the token begins with 'Bearer'. Give the token alone; the program adds the word.",
                "Bubble:BaseUrl: plain http:// shows the token to everyone on the way. Use https://app.example.com, or set Bubble:AllowHttp to true.",
                "Bubble:RequestsPerMinute: a whole number from 1 to 2147483647 is expected.",
                "Bubble:WindowSize: 60000 is more than Bubble:OffsetCeiling, 50000: Bubble answers no row beyond that offset.",
                "Postgres:ConnectionString: it is set but blank. Set it to the address of the database, or remove it; "
                    + "without it, the command line starts its embedded database.",
                "Postgres:Schema: this schema is PostgreSQL's own; name another one.",
                "Prices:Byte: a number from 0 to 1000000 is expected, with a point where it has decimals.",
                "Run:Entities: the name of a folder is expected.",
                "Run:KeepDays: a whole number from 0 to 36500 is expected.",
            ],
            refused.Errors.Select(e => e.Message).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_defaults_are_valid() => new SyncSettings().Validate();

    [Theory]
    [InlineData("/api/1.1", false, false)]
    [InlineData("http://localhost:5000/api/1.1", false, false, true)]
    [InlineData("http://app.example.com/api/1.1", false, false)]
    [InlineData("http://app.example.com/api/1.1", true, false, true)]
    [InlineData("https://app.example.com/api/1.1/obj", true, false)]
    [InlineData("https://app.example.com/api/1.1?a=b", true, false)]
    [InlineData("https://app.example.com/api/1.1#top", true, false)]
    [InlineData("https://app.example.com/api/1.1", false, true, true)]
    public void An_address_is_checked_as_in_a_file(string address, bool allowHttp, bool anonymous, bool isGood = false)
    {
        var bubble = new BubbleSettings { BaseUrl = new Uri(address, UriKind.RelativeOrAbsolute), AllowHttp = allowHttp, Anonymous = anonymous };

        Assert.Equal(isGood ? [] : ["Bubble:BaseUrl"], Fields(new SyncSettings { Bubble = bubble }));
    }

    [Fact]
    public async Task An_address_without_a_slash_at_its_end_is_the_same_app()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        fixture.Settings =
            fixture.Settings with { Bubble = fixture.Settings.Bubble with { BaseUrl = new Uri(fixture.Bubble.BaseUrl.AbsoluteUri.TrimEnd('/')) } };

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Succeeded, 1L), (report.Status, report.Entities[0].Inserted));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Every_command_refuses_faulty_settings_before_it_does_anything(string command)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, tables: false);
        fixture.Settings =
            fixture.Settings with { Bubble = fixture.Settings.Bubble with { RequestsPerMinute = 0 }, Run = fixture.Settings.Run with { KeepDays = -1 } };
        var method = typeof(SyncEngine).GetMethods().Single(m => $"{m}" == command);

        var refused = await Assert.ThrowsAsync<SyncException>(async () =>
        {
            var call = () =>
                method.Invoke(fixture.Engine(), BindingFlags.DoNotWrapExceptions, null, [.. method.GetParameters().Select(p => Argument(p, fixture))], null);
            if (call() is Task started)
                await started;
        });

        Assert.Equal(["Bubble:RequestsPerMinute", "Run:KeepDays"], refused.Errors.Select(e => e.Field));
        Assert.Equal(0, fixture.Bubble.Traffic.Requests);
        Assert.Empty(await fixture.RowsAsync("select nspname from pg_namespace where nspname like 'bubblesync%'"));
    }

    [Fact]
    public async Task The_doctor_reports_faulty_settings_and_looks_at_the_rest()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Settings = fixture.Settings with
        {
            Bubble = fixture.Settings.Bubble with { RequestsPerMinute = 0 },
            Postgres = fixture.Settings.Postgres with { Schema = "" },
            Run = fixture.Settings.Run with { KeepDays = -1 },
        };

        var report = await fixture.Engine().ExamineAsync(fixture.Limit);

        Assert.Equal(["Bubble", "database", "settings"], report.Checks.Where(c => c.Status == CheckStatus.Failed)
            .Select(c => c.Name).Order(StringComparer.Ordinal));
        Assert.Contains(report.Checks, c => c.Name == "entity maps" && c.Status != CheckStatus.Failed);
        Assert.Equal(0, fixture.Bubble.Traffic.Requests);
    }

    [Fact]
    public async Task Options_and_settings_are_refused_together()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { ApiToken = null, PageSize = 101 } };
        var options = new ResyncOptions
        {
            Prune = (PruneMode)9,
            PruneLimitPercent = 101,
            MaxRejects = new Limit(-1, IsPercent: true),
            MaxCalls = 0,
            ResumeRun = "last",
        };

        var refused = await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync(options));

        Assert.True(refused.IsUsage);
        Assert.Equal(
            ["Bubble:ApiToken", "Bubble:PageSize", "MaxCalls", "MaxRejects", "Prune", "PruneLimitPercent", "ResumeRun"],
            refused.Errors.Select(e => e.Field!).Order(StringComparer.Ordinal));
        Assert.Equal(0, fixture.Bubble.Traffic.Requests);
    }

    [Fact]
    public async Task A_comparison_of_no_kind_is_refused()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);

        var sample = await Assert.ThrowsAsync<SyncException>(
            () => fixture.Engine().VerifyAsync(new VerifyOptions { Sample = new Limit(101, true) }, null, fixture.Limit));
        var only = await Assert.ThrowsAsync<SyncException>(
            () => fixture.Engine().AuditValuesAsync(new ValueAuditOptions { Only = (ValueVerdict)99 }, null, fixture.Limit));

        Assert.Equal(["Sample", "Only"], new[] { sample, only }.Select(refused => Assert.Single(refused.Errors).Field));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public void A_blank_connection_string_does_not_mean_the_embedded_database(string blank)
    {
        using var folder = new ConfigFolder();
        var file = folder.Write("settings.json", "{ \"Postgres\": { \"ConnectionString\": \"" + blank + "\" } }");
        var environment = new Hashtable { ["BUBBLESYNC_Postgres__ConnectionString"] = blank };

        var byFile = Assert.Throws<SyncException>(() => SettingsFile.Read(file, new Dictionary<string, string>(), new Hashtable()));
        var byVariable = Assert.Throws<SyncException>(() => SettingsFile.Read(folder.Write("none.json", "{}"), new Dictionary<string, string>(), environment));

        Assert.StartsWith($"Postgres:ConnectionString (from {file}): it is set but blank.", Assert.Single(byFile.Errors).Message, StringComparison.Ordinal);
        Assert.StartsWith(
            "Postgres:ConnectionString (from environment variable BUBBLESYNC_Postgres__ConnectionString): it is set but blank.",
            Assert.Single(byVariable.Errors).Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string?> Fields(SyncSettings settings)
    {
        try
        {
            settings.Validate();
            return [];
        }
        catch (SyncException refused)
        {
            return refused.Errors.Select(e => e.Field);
        }
    }

    private static SyncSettings With(string name, long number)
    {
        var settings = new SyncSettings { Bubble = new BubbleSettings { OffsetCeiling = int.MaxValue } };
        var section = typeof(SyncSettings).GetProperty(name.Split(':')[0])!.GetValue(settings)!;
        var setting = section.GetType().GetProperty(name.Split(':')[1])!;
        setting.SetValue(section, Convert.ChangeType(number, setting.PropertyType, System.Globalization.CultureInfo.InvariantCulture));
        return settings;
    }

    private static object? Argument(ParameterInfo parameter, SyncFixture fixture) => parameter.ParameterType switch
    {
        var type when type == typeof(CancellationToken) => fixture.Limit,
        var type when type == typeof(string) => "last",
        var type when type == typeof(IReadOnlyList<string>) => Array.Empty<string>(),
        var type when type.IsValueType || type.GetConstructor([]) is not null => Activator.CreateInstance(type),
        _ => null,
    };
}
