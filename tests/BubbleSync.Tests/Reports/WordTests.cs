using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using Xunit;

namespace BubbleSync.Tests.Reports;

/// <summary>The words of our enums: in JSON, tables and on the command line they are those of the contract, whatever the serializer's options are.</summary>
public sealed class WordTests
{
    // Programs outside read these words: a new one may come, none may change.
    private static readonly Dictionary<string, string> Known = new()
    {
        ["SyncStage"] = "settings plan extract transform load patch run runs",
        ["RunStatus"] = "running succeeded partial failed cancelled",
        ["RunKind"] = "resync incremental sync invoice sync record sync range patch reprocess verify audit values audit fields other",
        ["RunState"] = "running died succeeded partial failed cancelled",
        ["StatusLight"] = "ok look act",
        ["StatusFindingKind"] =
            "table-missing column-missing never-read run-failed unverified older-in-bubble run-partial many-gone patch-failed rejected unfilled outdated "
                + "not-cleared differs conflict not-counted stale counts-differ not-in-bubble field-unread",
        ["PatchStatus"] = "succeeded failed skipped",
        ["Severity"] = "info warning error",
        ["QueueStage"] = "read map stage",
        ["EntityState"] = "waiting reading merging done",
        ["InvoiceAction"] = "agent customer user invoice payments submitted_payments invoice_items seda skip",
        ["StepOutcome"] = "unchanged",
        ["CheckStatus"] = "well failed skipped",
        ["FieldStatus"] = "mapped unmapped column-missing local-only absent-in-bubble",
        ["DifferenceVerdict"] = "missing extra older newer differs absent-kept rejected",
        ["ValueVerdict"] = "same differs absent-kept rejected row-missing",
        ["SchemaFindingKind"] =
            "type-unmapped type-gone field-unmapped field-renamed field-gone name-shared type-misfit table-missing no-table column-missing column-misfit "
                + "index-missing field-kept",
        ["SchemaSource"] = "meta swagger sample",
        ["NextActionKind"] =
            "doctor resume resync-entities force-resync backfill prune-soft sync-incremental sync-changes fix-patch show-rejects reprocess show-conflicts "
            + "audit-links apply-schema create-tables accept-source list-runs audit-schema apply-additions "
            + "sync-invoices sync-records scaffold verify verify-strictly",
        ["PruneMode"] = "none report soft hard",
        ["ScheduledKind"] = "incremental resync verify",
    };

    private static IEnumerable<Type> Enums => typeof(SyncEngine).Assembly.GetExportedTypes().Where(t => t.IsEnum);

    public static TheoryData<string> Names => [.. Enums.Select(t => t.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_public_enum_is_written_as_its_words_by_any_options_and_read_back(string name)
    {
        var type = Enums.Single(t => t.Name == name);
        var members = Enum.GetValues(type).Cast<object>().ToList();

        // Not every enum is part of a result, for which code is generated.
        var ours = new JsonSerializerOptions(ReportJson.Options) { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };
        foreach (var options in new[] { new JsonSerializerOptions(), new JsonSerializerOptions(JsonSerializerDefaults.Web), ours })
        {
            var words = members.Select(m => JsonSerializer.SerializeToElement(m, type, options).GetString()!).ToList();
            Assert.Equal(members, words.Select(w => JsonSerializer.Deserialize($"\"{w}\"", type, options)));
            if (name != nameof(ErrorCode))
                Assert.Equal(Known[name], string.Join(' ', words));
        }
    }

    [Fact]
    public void The_codes_of_errors_are_those_of_the_page() =>
        Assert.Equal(
            Word.All<ErrorCode>(),
            ReadmeText.Table("docs/troubleshooting.md", "Error codes").Select(row => row[0].Trim('`')));

    [Fact]
    public void A_code_or_kind_of_another_version_is_read_as_the_general_one()
    {
        const string Stored = """
            {"runId":null,"kind":"sync planet","status":"partial","startedAt":"2026-11-30T00:00:00Z","finishedAt":"2026-11-30T00:00:00Z",
             "errors":[{"stage":"load","entity":null,"bubbleId":null,"field":null,"code":"code-of-next-year","message":"x"}]}
            """;

        var report = RunReport.Parse(Stored);

        Assert.Equal((RunKind.Other, RunStatus.Partial, ErrorCode.Failed), (report.Kind, report.Status, report.Errors[0].Code));
        Assert.Throws<JsonException>(() => RunReport.Parse(Stored.Replace("partial", "halfway", StringComparison.Ordinal)));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<RunStatus>("1"));
    }

    [Fact]
    public void A_word_is_the_name_of_a_property_too()
    {
        var counts = new Dictionary<ValueVerdict, long> { [ValueVerdict.RowMissing] = 3 };

        var json = JsonSerializer.Serialize(counts);

        Assert.Equal("""{"row-missing":3}""", json);
        Assert.Equal(counts, JsonSerializer.Deserialize<Dictionary<ValueVerdict, long>>(json));
    }

    [Fact]
    public void No_public_result_has_text_where_an_enum_says_more()
    {
        string[] closed = ["Status", "Kind", "Code", "Stage", "Verdict", "Severity", "Finding", "Action", "Source", "Outcome", "Level", "State"];

        var texts = typeof(SyncEngine).Assembly.GetExportedTypes().SelectMany(t => t.GetProperties())
            .Where(p => p.PropertyType == typeof(string) && p.DeclaringType!.Assembly == typeof(SyncEngine).Assembly && closed.Contains(p.Name))
                .Select(p => $"{p.DeclaringType!.Name}.{p.Name}");

        Assert.Empty(texts);
    }

    [Fact]
    public void Every_public_enum_has_the_converter() =>
        Assert.All(Enums, t => Assert.Equal(typeof(WordConverter<>).MakeGenericType(t), t.GetCustomAttribute<JsonConverterAttribute>()?.ConverterType));
}
